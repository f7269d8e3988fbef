// SPDX-License-Identifier: Apache-2.0
import { ScaledClock, systemClock } from '@carabiner/clock';
import { MemoryNetwork } from '@carabiner/goose';
import { HuaweiPsu } from '@carabiner/plugin-huawei-psu';
import { createHarness, type HarnessOptions, type ModuleHarness } from '@carabiner/testkit';
import { randomUUID } from 'node:crypto';
import { ScriptedPowerUnit } from './scripted-power-unit.js';

/** How much faster than real time the tests run. */
const SPEED = 20;

/** Limits of waits are stretched by this, for machines that have other things to do. */
const PATIENCE = 10;

/** Global numbers of the four connectors. */
export const GLOBAL_NUMBERS = [5, 6, 7, 8] as const;

/** The driver, a scripted power unit and fakes for everything else. */
export interface Charger {
  readonly driver: ModuleHarness<HuaweiPsu>;
  readonly unit: ScriptedPowerUnit;
  readonly until: ModuleHarness<HuaweiPsu>['until'];
}

/** What a test wants otherwise. */
export interface ChargerOptions extends Pick<HarnessOptions<HuaweiPsu>, 'config'> {
  readonly connectors?: 1 | 2 | 3 | 4;
  /** One car-side meter per connector. */
  readonly meters?: boolean;
  readonly overVoltageMonitors?: boolean;
  /** Changes the power unit before the driver starts. */
  readonly prepare?: (unit: ScriptedPowerUnit) => void | Promise<void>;
  readonly start?: 'construct' | 'init' | 'ready';
}

const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** Starts driver and power unit; both end with the test. */
export async function startCharger(options: ChargerOptions = {}): Promise<Charger> {
  const { connectors = 1, meters = false, overVoltageMonitors = false } = options;
  const clock = new ScaledClock(systemClock, SPEED);
  const network = randomUUID();
  const numbers = GLOBAL_NUMBERS.slice(0, connectors);
  const link = MemoryNetwork.named(network).link();
  const unit = new ScriptedPowerUnit(link, clock, numbers);
  undo.push(async () => {
    await unit.close();
    await link.close();
  });
  const port = await unit.listen();
  await options.prepare?.(unit);
  const driver = await createHarness(HuaweiPsu, {
    clock,
    ...(options.start === undefined ? {} : { start: options.start }),
    config: {
      psu_ip: '127.0.0.1',
      psu_port: port,
      ethernet_link: 'memory',
      ethernet_interface: network,
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
      over_voltage_monitor: overVoltageMonitors ? connectors : 0,
    },
  });
  undo.push(async () => await driver.shutdown());
  return {
    driver,
    unit,
    until: async (condition, limitMs, what) => await driver.until(condition, limitMs * PATIENCE, what),
  };
}

/** Sends an event of a connector's board support. */
export function bsp(
  { driver }: Charger,
  event: 'A' | 'B' | 'C' | 'D' | 'PowerOn' | 'PowerOff',
  connector = 1,
): void {
  driver.requires.board_support[connector - 1]!.publish.event({ event });
}

/** A reading of a connector's car-side meter: V, A. */
export function meter({ driver }: Charger, voltage: number, current: number, connector = 1): void {
  driver.requires.carside_powermeter[connector - 1]!.publish.powermeter({
    timestamp: '2026-01-01T00:00:00.000Z',
    energy_Wh_import: { total: 12_345 },
    voltage_V: { DC: voltage },
    current_A: { DC: current },
  });
}

/** Waits until the driver is at rest: connected, keys acquired, capabilities known, nothing wrong. */
export async function untilReady({ driver, until }: Charger, connectors = 1): Promise<void> {
  const ends = Object.values(driver.provides).slice(0, connectors);
  await until(() => ends.every((end) => end.errors.active.length === 0), 30_000, 'no error is active');
}

/** Plugs a car in and waits until modules are allocated. */
export async function plugIn(charger: Charger, connector = 1): Promise<void> {
  const before = charger.unit.demands(connector).length;
  bsp(charger, 'B', connector);
  await charger.until(
    () =>
      charger.unit
        .demands(connector)
        .slice(before)
        .some((message) => message.kind === 'request'),
    10_000,
    'modules are asked for',
  );
  const { driver } = charger;
  await driver.until(
    () => charger.unit.statuses.get(connector)?.at(-1) === 8,
    5_000,
    'the connector is starting',
  );
}
