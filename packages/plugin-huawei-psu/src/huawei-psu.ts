// SPDX-License-Identifier: Apache-2.0
import type { Timer } from '@carabiner/clock';
import { inject, injectable } from '@carabiner/core';
import { loadTlsCredentials, openDispenserSocket } from '@carabiner/fusioncharge';
import type { Socket } from 'node:net';
import { Dispenser } from './device/dispenser.js';
import { openEthernet } from './device/ethernet.js';
import {
  HuaweiPsuBase,
  HuaweiPsuTokens,
  type HuaweiPsuContext,
  type HuaweiPsuImplementations,
} from './generated/HuaweiPsu.js';
import { followAlarms, followEvents, followStopReasons } from './plugin/board-support.js';
import { CommunicationFault } from './plugin/communication-fault.js';
import { FAULTS, setFault } from './plugin/connector-faults.js';
import { ConnectorOutput, unusedOutput } from './plugin/connector-output.js';
import {
  followInsulationMonitor,
  followMeter,
  followOverVoltageMonitor,
  type MeasuredConnector,
} from './plugin/measurements.js';
import { PowerUnitWatch, type WatchedConnector } from './plugin/power-unit-watch.js';
import { RejectionLog } from './plugin/rejection-log.js';
import { connectorSettings, OUTPUTS } from './plugin/settings.js';
import { RegisterTopics, toPowerUnitTopic } from './plugin/telemetry-topics.js';
import { Telemetry } from './plugin/telemetry.js';

/** How often the power unit's values are looked at even if nothing was written, ms. */
const LOOK_PERIOD_MS = 1000;

/** How often the set-point is published in place of a measurement, ms. */
const PRESUMED_PERIOD_MS = 1000;

/** A connector in use with all that belongs to it. */
interface Outlet extends MeasuredConnector, WatchedConnector {
  readonly fault: CommunicationFault;
}

/** Driver of the Huawei FusionCharge power unit. */
@injectable()
export class HuaweiPsu extends HuaweiPsuBase {
  override readonly implementations: HuaweiPsuImplementations;
  readonly #telemetry: Telemetry;
  readonly #timers: Timer[] = [];
  #outlets: readonly Outlet[] = [];
  #dispenser: Dispenser | undefined;
  #watch: PowerUnitWatch | undefined;

  constructor(@inject(HuaweiPsuTokens.context) context: HuaweiPsuContext) {
    super(context);
    const prefix = this.config.telemetry_topic_prefix;
    const mqtt = context.externalMqtt;
    this.#telemetry = new Telemetry(
      this.clock,
      prefix,
      prefix === '' || mqtt === undefined
        ? undefined
        : (topic, payload) => {
            mqtt
              .publish(topic, payload)
              .catch((error: unknown) => this.log.warn('telemetry was not published', { topic, error }));
          },
    );
    const output = (index: number) => this.#outlets[index]?.output ?? unusedOutput(OUTPUTS[index] ?? '');
    const provider = (index: number): HuaweiPsuImplementations['connector_1'] => ({
      setMode: (args, call) => output(index).setMode(args, call),
      setExportVoltageCurrent: (args, call) => output(index).setExportVoltageCurrent(args, call),
      setImportVoltageCurrent: (args, call) => output(index).setImportVoltageCurrent(args, call),
    });
    this.implementations = {
      connector_1: provider(0),
      connector_2: provider(1),
      connector_3: provider(2),
      connector_4: provider(3),
    };
  }

  override async init(): Promise<void> {
    const { config, requires, clock } = this;
    const connectors = connectorSettings(config, this.implementationConfig, {
      board_support: requires.board_support.length,
      isolation_monitor: requires.isolation_monitor.length,
      carside_powermeter: requires.carside_powermeter.length,
      over_voltage_monitor: requires.over_voltage_monitor.length,
    });
    const link = await openEthernet(
      {
        link: config.ethernet_link,
        interface: config.ethernet_interface,
        udpAddress: config.udp_address,
        udpGroup: config.udp_group,
        udpPort: config.udp_port,
      },
      clock,
    );
    this.context.onUnload(async () => await link.close());
    const dispenser = new Dispenser({
      clock,
      link,
      connect: async (signal) => await this.#connect(signal),
      esn: config.esn,
      connectors,
      signFrames: config.send_secure_goose,
      acceptReplies: config.verify_secure_goose ? 'verified' : config.allow_insecure_goose ? 'any' : 'signed',
      allocationTimeoutMs: config.module_placeholder_allocation_timeout_s * 1000,
      silenceTimeoutMs: config.modbus_timeout_s * 1000,
    });
    this.#dispenser = dispenser;
    this.#outlets = connectors.map((settings, index) => this.#createOutlet(dispenser, settings, index));
    this.#wire(dispenser);
  }

  override ready(): void {
    const { config, clock } = this;
    const dispenser = this.#dispenser;
    const watch = this.#watch;
    if (dispenser === undefined || watch === undefined) return;
    for (const { fault, provided } of this.#outlets) {
      fault.lost();
      provided.publish.mode('Off');
    }
    watch.look();
    dispenser.start();
    this.#timers.push(clock.setInterval(() => watch.look(), LOOK_PERIOD_MS));
    if (config.HACK_publish_requested_voltage_current)
      this.#timers.push(clock.setInterval(() => this.#publishPresumed(), PRESUMED_PERIOD_MS));
  }

  override async shutdown(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#watch?.stop();
    for (const { fault, output } of this.#outlets) {
      fault.stop();
      output.close();
    }
    // The end of the connection is no fault now.
    this.#dispenser?.removeAllListeners();
    await this.#dispenser?.close();
  }

  #createOutlet(dispenser: Dispenser, settings: Outlet['settings'], index: number): Outlet {
    const { config, clock } = this;
    const name = OUTPUTS[index] ?? 'connector_1';
    const provided = this.provides[name];
    const number = index + 1;
    const telemetry = toPowerUnitTopic(this.#telemetry, settings.globalNumber);
    const connector = dispenser.connector(number);
    const output = new ConnectorOutput({
      clock,
      log: this.log.child({ connector: name }),
      connector,
      provided,
      telemetry,
      offCurrent: config.off_current_A,
      offTimeoutMs: config.off_timeout_ms,
      metered: this.requires.carside_powermeter.length > 0,
      reachable: () => dispenser.reachable,
    });
    provided.onCallerLost(async (moduleId) => {
      if (output.last.mode === 'Off') return;
      this.log.warn('whoever commanded this output is gone; switching it off', { connector: name, moduleId });
      await output.setMode({ mode: 'Off', phase: 'Other' });
    });
    const fault = new CommunicationFault(
      clock,
      () => connector.settled,
      (raised) => setFault(provided, FAULTS.communication, raised),
    );
    const monitorDuringCableCheck = config.HACK_use_ovm_while_cable_check;
    return { number, settings, dispenser, output, provided, telemetry, fault, monitorDuringCableCheck };
  }

  #wire(dispenser: Dispenser): void {
    const { requires, config } = this;
    let topics: RegisterTopics | undefined;
    const watch = new PowerUnitWatch(this.clock, dispenser, this.#outlets, () =>
      topics?.update(dispenser.bank),
    );
    this.#watch = watch;
    followAlarms(requires.board_support, dispenser, (connector) => {
      topics?.update(dispenser.bank);
      const fault = dispenser.contactorFault(connector);
      this.#outlets[connector - 1]?.telemetry.set({ dc_output_contactor_fault_alarm: fault });
    });
    for (const outlet of this.#outlets) {
      const index = outlet.number - 1;
      const board = requires.board_support[index];
      const meter = requires.carside_powermeter[index];
      const insulation = requires.isolation_monitor[index];
      const overVoltage = requires.over_voltage_monitor[index];
      if (board !== undefined) {
        followStopReasons(board, outlet.number, dispenser);
        followEvents(board, outlet.number, dispenser, outlet.output, outlet.telemetry);
      }
      if (meter !== undefined) followMeter(meter, outlet);
      if (insulation !== undefined && config.upstream_voltage_source === 'IMD')
        followInsulationMonitor(insulation, outlet);
      if (overVoltage !== undefined)
        followOverVoltageMonitor(overVoltage, outlet, config.upstream_voltage_source === 'OVM');
    }
    dispenser.on('written', () => watch.written());
    dispenser.on('connected', () => {
      const numbers = this.#outlets.map(({ settings }) => settings.globalNumber);
      topics ??= new RegisterTopics(this.#telemetry, numbers, dispenser.bank);
      watch.look();
    });
    let reachable = false;
    const followReachability = (): void => {
      if (dispenser.reachable !== reachable) {
        reachable = dispenser.reachable;
        for (const { fault } of this.#outlets) {
          if (reachable) fault.restored();
          else fault.lost();
        }
      }
      watch.look();
    };
    dispenser.on('state', (state, reason) => {
      this.log.info('connection with the power unit', { state, reason });
      followReachability();
    });
    dispenser.on('link', (up, reason) => {
      this.log.info('Ethernet link', { up, reason });
      followReachability();
    });
    const tell = (fault: (typeof FAULTS)[keyof typeof FAULTS]) => (number: number, present: boolean) => {
      const outlet = this.#outlets[number - 1];
      if (outlet !== undefined) setFault(outlet.provided, fault, present);
    };
    dispenser.on('allocationFailed', tell(FAULTS.allocationFailed));
    dispenser.on('keyMissing', tell(FAULTS.keyMissing));
    const rejections = new RejectionLog(this.clock, this.log);
    dispenser.on('rejected', (rejection) => rejections.add(rejection));
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { config, clock } = this;
    const tls = config.tls_enabled
      ? {
          // Read anew for each connection, so that a renewed certificate counts without a restart.
          credentials: await loadTlsCredentials({
            caFile: config.psu_ca_cert,
            certFile: config.client_cert,
            keyFile: config.client_key,
          }),
          peerName: config.tls_server_name === '' ? (false as const) : config.tls_server_name,
        }
      : undefined;
    return await openDispenserSocket({
      host: config.psu_ip,
      port: config.psu_port,
      clock,
      signal,
      ...(tls === undefined ? {} : { tls }),
    });
  }

  #publishPresumed(): void {
    for (const { output, provided } of this.#outlets) {
      const { voltage, current } = output.presumed;
      provided.publish.voltage_current({ voltage_V: Math.fround(voltage), current_A: Math.fround(current) });
    }
  }
}
