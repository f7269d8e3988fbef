// SPDX-License-Identifier: Apache-2.0
import { ScaledClock, systemClock, type Clock } from '@carabiner/clock';
import { loadTlsCredentials } from '@carabiner/fusioncharge';
import { MemoryNetwork, openPacketLink, openUdpLink, type EthernetLink } from '@carabiner/goose';
import { HuaweiPsu } from '@carabiner/plugin-huawei-psu';
import { MockPowerUnit, type DispenserMessage, type MockPowerUnitOptions } from '@carabiner/plugin-mock-psu';
import { createHarness, freePort, type HarnessOptions, type ModuleHarness } from '@carabiner/testkit';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { CertificateFiles } from './certificates.js';
import type { VethPair } from '@carabiner/testkit';

const SPEED = 20;

/** Limits of waits are stretched by this, for machines that have other things to do. */
const PATIENCE = 10;
const NUMBERS = [11, 12, 3, 4] as const;

/** Which of both sides' protections are on. */
export type Protection = 'hmac' | 'plain' | 'hmac+tls';

/** How driver and simulated power unit are set up. */
export interface MockChargerOptions {
  readonly connectors?: 1 | 4;
  readonly link?: 'memory' | 'udp' | VethPair;
  readonly protection?: Protection;
  readonly certificates?: CertificateFiles | undefined;
  readonly config?: HarnessOptions<HuaweiPsu>['config'];
  readonly mock?: Partial<MockPowerUnitOptions>;
  /** Car-side meters that show what is on the outputs, four times a second. Default: set-points are published. */
  readonly meters?: boolean;
  readonly clock?: Clock;
}

/** The true driver and the true simulator on real sockets. */
export interface MockCharger {
  readonly driver: ModuleHarness<HuaweiPsu>;
  readonly mock: MockPowerUnit;
  readonly until: ModuleHarness<HuaweiPsu>['until'];
  /** Global connector numbers, in local order. */
  readonly numbers: readonly number[];
  /** Last message of each connector, by global number. */
  readonly last: ReadonlyMap<number, DispenserMessage>;
  stop(): Promise<void>;
}

/** Starts both; end them with `stop`. */
export async function startMockCharger(options: MockChargerOptions = {}): Promise<MockCharger> {
  const { connectors = 1, link = 'memory', protection = 'hmac', certificates, meters = false } = options;
  const clock = options.clock ?? new ScaledClock(systemClock, SPEED);
  const numbers = NUMBERS.slice(0, connectors);
  const name = randomUUID();
  const udpPort = link === 'udp' ? await freePort() : 35_000;
  const mockLink: EthernetLink =
    link === 'memory'
      ? MemoryNetwork.named(name).link()
      : link === 'udp'
        ? await openUdpLink({ port: udpPort })
        : await openPacketLink({ interface: link.b, clock });
  const tls =
    protection === 'hmac+tls' && certificates !== undefined
      ? {
          credentials: await loadTlsCredentials({
            caFile: certificates.dispenserCa,
            certFile: certificates.psuCert,
            keyFile: certificates.psuKey,
          }),
          peerNames: ['dispenser.example'],
        }
      : undefined;
  const mock = await MockPowerUnit.start({
    link: mockLink,
    clock,
    port: 0,
    host: '127.0.0.1',
    ...(tls === undefined ? {} : { tls }),
    ...(protection === 'plain' ? { signReplies: false, verifyRequests: false } : {}),
    ...options.mock,
  });
  const last = new Map<number, DispenserMessage>();
  mock.on('request', (message) => void last.set(message.connector, message));
  const driver = await createHarness(HuaweiPsu, {
    clock,
    config: {
      psu_ip: '127.0.0.1',
      psu_port: mock.port,
      ethernet_link: typeof link === 'string' ? link : 'packet',
      ethernet_interface: typeof link === 'string' ? name : link.a,
      udp_port: udpPort,
      HACK_publish_requested_voltage_current: !meters,
      ...(protection === 'plain'
        ? { send_secure_goose: false, verify_secure_goose: false, allow_insecure_goose: true }
        : {}),
      ...(protection === 'hmac+tls' && certificates !== undefined
        ? {
            tls_enabled: true,
            psu_ca_cert: certificates.psuCa,
            client_cert: certificates.dispenserCert,
            client_key: certificates.dispenserKey,
            tls_server_name: 'psu.example',
          }
        : {}),
      ...options.config,
    },
    implementationConfig: Object.fromEntries(
      numbers.map((number, index) => [
        `connector_${index + 1}`,
        { global_connector_number: number, max_export_current_A: 80, max_export_power_W: 50_000 },
      ]),
    ),
    connections: {
      board_support: connectors,
      isolation_monitor: connectors,
      carside_powermeter: meters ? connectors : 0,
      over_voltage_monitor: 0,
    },
  });
  const reading = clock.setInterval(() => {
    for (const [index, meter] of driver.requires.carside_powermeter.entries()) {
      const { voltageV, currentA } = mock.unit.state(numbers[index] ?? 0);
      meter.publish.powermeter({
        timestamp: new Date(clock.now()).toISOString(),
        energy_Wh_import: { total: 0 },
        voltage_V: { DC: voltageV },
        current_A: { DC: currentA },
      });
    }
  }, 250);
  if (!meters) reading.cancel();
  return {
    driver,
    mock,
    numbers,
    last,
    until: async (condition, limitMs, what) => await driver.until(condition, limitMs * PATIENCE, what),
    stop: async () => {
      reading.cancel();
      await driver.shutdown();
      await mock.close();
      await mockLink.close();
    },
  };
}

/** A connector of the driver by its local number, as a consumer sees it. */
export function outputOf(
  { driver }: MockCharger,
  connector: number,
): ModuleHarness<HuaweiPsu>['provides']['connector_1'] {
  return Object.values(driver.provides)[connector - 1]!;
}

/** Waits until nothing is wrong. */
export async function untilQuiet(charger: MockCharger): Promise<void> {
  await charger.until(
    () => charger.numbers.every((_, index) => outputOf(charger, index + 1).errors.active.length === 0),
    60_000,
    'no error is active',
  );
}

/** Sends a pilot event of a connector. */
export function pilot({ driver }: MockCharger, connector: number, event: 'A' | 'B' | 'C'): void {
  driver.requires.board_support[connector - 1]!.publish.event({ event });
}

/** Waits until the simulated power unit was last asked for this on a connector: a requirement type, or a stop. */
export async function untilDemand(
  charger: MockCharger,
  connector: number,
  wanted: number | 'stop',
): Promise<void> {
  const number = charger.numbers[connector - 1]!;
  await charger.until(
    () => {
      const message = charger.last.get(number);
      return message?.kind === 'request'
        ? message.requirement === wanted
        : message !== undefined && wanted === 'stop';
    },
    20_000,
    `demand ${wanted} of connector ${connector}`,
  );
}

/** A whole charge on one connector, with the output of the simulated power unit looked at in each phase. */
export async function charge(charger: MockCharger, connector: number): Promise<void> {
  const { until, mock } = charger;
  const number = charger.numbers[connector - 1]!;
  const { call } = outputOf(charger, connector);
  const untilVoltage = async (voltage: number): Promise<unknown> =>
    await until(
      () => Math.abs(mock.unit.state(number).voltageV - voltage) < 1,
      5000,
      `${voltage} V at ${number}`,
    );

  pilot(charger, connector, 'B');
  await untilDemand(charger, connector, 1);
  pilot(charger, connector, 'C');
  await call.setExportVoltageCurrent({ voltage: 500, current: 2 });
  await call.setMode({ mode: 'Export', phase: 'CableCheck' });
  await untilDemand(charger, connector, 2);
  await untilVoltage(500);
  await call.setMode({ mode: 'Off', phase: 'CableCheck' });
  await untilDemand(charger, connector, 3);
  await untilVoltage(0);
  await call.setExportVoltageCurrent({ voltage: 390 + number, current: 1 });
  await call.setMode({ mode: 'Export', phase: 'PreCharge' });
  await untilDemand(charger, connector, 4);
  await untilVoltage(390 + number);
  await call.setMode({ mode: 'Export', phase: 'Charging' });
  await call.setExportVoltageCurrent({ voltage: 400 + number, current: 30 });
  await untilDemand(charger, connector, 5);
  await untilVoltage(400 + number);
  expect(
    outputOf(charger, connector).errors.active.map(({ type, sub_type }) => [type, sub_type]),
  ).to.deep.equal([]);
  await call.setMode({ mode: 'Off', phase: 'Charging' });
  await untilDemand(charger, connector, 'stop');
  await untilVoltage(0);
  pilot(charger, connector, 'A');
}
