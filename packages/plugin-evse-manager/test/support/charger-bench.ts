// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import type { ErrorSeverity } from '@carabiner/core';
import { EvseManager } from '@carabiner/plugin-evse-manager';
import { createHarness, type ModuleHarness } from '@carabiner/testkit';
import { isOutput } from '@carabiner/testkit';
import { FakeVehicle } from './fake-vehicle.js';

/** How the peers behave; the defaults are those of the recordings. */
export interface Behaviour {
  board: Record<string, unknown>;
  supply: Record<string, unknown>;
  /** Relay feedback to permission; `never` keeps them open, `stuck` keeps them closed. */
  relays: 'normal' | 'never' | 'stuck';
  relayDelayMs: number;
  supplyFollows: boolean;
  supplyDischarges: boolean;
  supplyMeasures: boolean;
  isolationOhm: number;
  isolationExtra: Record<string, number>;
  isolationMeasures: boolean;
  isolationPeriodMs: number;
  selfTest: boolean | undefined;
  ovmEchoes: boolean;
  meterCurrentsA: number | undefined;
  meterVoltageV: number | undefined;
  meterStart: Record<string, unknown>;
  meterStop: Record<string, unknown>;
  meterDelayMs: number;
  meterPublishes: boolean;
  stored: unknown;
  vehicle: boolean;
  requestsAuth: boolean;
  contract: boolean;
  startsAfterAuth: boolean;
  endsAfterFailure: boolean;
  obeysStop: boolean;
  linkEnd: 'dlink_terminate' | 'dlink_error' | 'dlink_pause';
  evMaximum: { voltage: number | undefined; current: number; power: number };
  targets: { precharge: [number, number]; charge: [number, number] };
}

const BEHAVIOUR: Behaviour = {
  board: {},
  supply: {},
  relays: 'normal',
  relayDelayMs: 50,
  supplyFollows: true,
  supplyDischarges: true,
  supplyMeasures: true,
  isolationOhm: 900_000,
  isolationExtra: {},
  isolationMeasures: true,
  isolationPeriodMs: 1000,
  selfTest: true,
  ovmEchoes: true,
  meterCurrentsA: undefined,
  meterVoltageV: undefined,
  meterStart: { status: 'OK' },
  meterStop: { status: 'OK' },
  meterDelayMs: 0,
  meterPublishes: true,
  stored: null,
  vehicle: true,
  requestsAuth: true,
  contract: false,
  startsAfterAuth: true,
  endsAfterFailure: true,
  obeysStop: true,
  linkEnd: 'dlink_terminate',
  evMaximum: { voltage: 500, current: 200, power: 90_000 },
  targets: { precharge: [400, 2], charge: [400, 50] },
};

/** Options of a bench. */
export interface BenchOptions {
  mode?: 'AC' | 'DC';
  config?: Record<string, string | number | boolean>;
  behaviour?: Partial<Behaviour>;
  /** Requirements that are not connected. */
  without?: readonly string[];
  /** Requirements that are connected although they are not by default. */
  with?: readonly string[];
  /** False leaves the boot to the test. */
  boot?: boolean;
  /** Granted after the boot; false grants nothing. */
  grant?: { W?: number; A?: number } | false;
}

type Args = Record<string, unknown>;

/** One command that the module sent. */
export interface SentCommand {
  readonly peer: string;
  readonly command: string;
  readonly args: Args;
  readonly at: number;
}

const DC_ONLY = ['slac', 'hlc', 'imd', 'over_voltage_monitor', 'powersupply_DC'];
const PSU_DELAY_MS = 50;
const BOARD_DELAY_MS = 20;

/** The module with peers around it that behave like a charger and a vehicle, in virtual time. */
export class ChargerBench implements AsyncDisposable {
  readonly behaviour: Behaviour;
  readonly vehicle: FakeVehicle;
  /** Level that the vehicle puts on the control pilot. */
  cp: 'A' | 'B' | 'C' | 'D' | 'E' = 'A';
  relaysClosed = false;
  /** Told of every permission and mode the moment it arrives. */
  observe: ((device: 'relays' | 'supply', on: boolean) => void) | undefined;
  supplyVoltage = 0;
  supplyCurrent = 0;
  #setVoltage = 0;
  #setCurrent = 0;
  #supplyMode = 'Off';
  #supplyPhase = 'Other';
  #boardF = false;
  #boardEnabled = false;
  #permitted = false;
  #imd = 0;
  #ovm = false;
  #harness: ModuleHarness<EvseManager> | undefined;

  private constructor(
    readonly clock: VirtualClock,
    readonly options: BenchOptions,
  ) {
    this.behaviour = { ...BEHAVIOUR, ...options.behaviour };
    this.vehicle = new FakeVehicle(this);
  }

  static async create(options: BenchOptions = {}): Promise<ChargerBench> {
    const bench = new ChargerBench(new VirtualClock(Date.UTC(2026, 0, 1, 10)), options);
    await bench.#start();
    if (options.boot === false) return bench;
    await bench.advance(1000);
    if (options.grant !== false) {
      bench.grant(options.grant ?? (options.mode === 'AC' ? { A: 16 } : { W: 40_000, A: 63 }));
      await bench.advance(10);
    }
    return bench;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#harness?.[Symbol.asyncDispose]();
  }

  get harness(): ModuleHarness<EvseManager> {
    if (this.#harness === undefined) throw new Error('not started');
    return this.#harness;
  }

  get evse(): ModuleHarness<EvseManager>['provides']['evse']['call'] {
    return this.harness.provides.evse.call;
  }

  get now(): number {
    return this.clock.monotonic();
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  /** Runs a command in no time. */
  async run<T>(work: PromiseLike<T>): Promise<T> {
    return await this.harness.finish(work, 5000);
  }

  after(ms: number, task: () => void): void {
    this.clock.setTimeout(task, ms);
  }

  /** Publishes a peer's value. */
  publish(peer: string, variable: string, value?: unknown): void {
    const fake = (
      this.harness.requires as unknown as Record<string, { publish: Record<string, (v?: unknown) => void> }>
    )[peer];
    if (this.has(peer)) fake?.publish[variable]?.(value);
  }

  raise(
    peer: string,
    type: string,
    severity: ErrorSeverity = 'Medium',
    vendorId = 'vendor',
    subType = '',
  ): void {
    const fake = (this.harness.requires as unknown as Record<string, { raise(report: object): void }>)[peer];
    fake?.raise({ type, severity, subType, message: 'raised by the test', vendorId });
  }

  clear(peer: string, type: string, subType = ''): void {
    const fake = (this.harness.requires as unknown as Record<string, { clear(t: string, s: string): void }>)[
      peer
    ];
    fake?.clear(type, subType);
  }

  has(peer: string): boolean {
    return this.#connections()[peer] === 1;
  }

  /** The vehicle changes the control pilot; the board reports it unless it is disabled or in state F. */
  setCp(level: ChargerBench['cp']): void {
    this.cp = level;
    if (this.#boardEnabled && !this.#boardF) this.publish('bsp', 'event', { event: level });
    if (level !== 'A') return;
    this.vehicle.unplugged();
    if (this.relaysClosed) this.after(this.behaviour.relayDelayMs, () => this.#setRelays(false));
  }

  async plug(): Promise<void> {
    this.setCp('B');
    await this.advance(1);
  }

  async unplug(): Promise<void> {
    this.setCp('A');
    await this.advance(200);
  }

  grant(limits: { W?: number; A?: number; validFor?: number; uuid?: string; phases?: number }): void {
    const entry = (value: number): { value: number; source: string } => ({ value, source: 'test' });
    void this.harness.provides.energy_grid.call.enforce_limits({
      value: {
        uuid: limits.uuid ?? 'evse',
        valid_for: limits.validFor ?? 600,
        schedule: [],
        limits_root_side: {
          ...(limits.W === undefined ? {} : { total_power_W: entry(limits.W) }),
          ...(limits.A === undefined ? {} : { ac_max_current_A: entry(limits.A) }),
          ...(limits.phases === undefined ? {} : { ac_max_phase_count: entry(limits.phases) }),
        },
      },
    });
  }

  async authorise(
    value = 'TOKEN1',
    more: { type?: string; authorization?: string; reservation?: number } = {},
  ): Promise<void> {
    await this.run(
      this.evse.authorize_response({
        provided_token: {
          id_token: { value, type: (more.type ?? 'ISO14443') as 'ISO14443' },
          authorization_type: (more.authorization ?? 'RFID') as 'RFID',
        },
        validation_result: {
          authorization_status: 'Accepted',
          tariff_messages: [],
          ...(more.reservation === undefined ? {} : { reservation_id: more.reservation }),
        },
      }),
    );
  }

  /** Plugs in, authorises and waits until power flows. */
  async charge(): Promise<void> {
    await this.plug();
    await this.advance(1000);
    await this.authorise();
    if (this.options.mode === 'AC') {
      await this.advance(200);
      this.setCp('C');
      await this.advance(200);
    } else {
      await this.advance(4500);
    }
  }

  /** Commands that the module sent, in order. */
  sent(peer?: string, command?: string): SentCommand[] {
    return this.harness.journal.entries.flatMap((entry) =>
      entry.kind === 'called' &&
      (peer === undefined || entry.requirement === peer) &&
      (command === undefined || entry.command === command)
        ? [{ peer: entry.requirement, command: entry.command, args: entry.args as Args, at: entry.at }]
        : [],
    );
  }

  /** Values that the module published. */
  published(implementation: string, variable: string): unknown[] {
    return this.harness.journal.entries.flatMap((entry) =>
      entry.kind === 'published' && entry.implementation === implementation && entry.variable === variable
        ? [entry.value]
        : [],
    );
  }

  /** Session events with all members. */
  eventObjects(): Record<string, unknown>[] {
    return this.published('evse', 'session_event') as Record<string, unknown>[];
  }

  /** Session events by name, with the reason where they have one; without those of the boot. */
  events(): string[] {
    return this.eventObjects().slice(this.#bootEvents).map(eventName);
  }

  /** Everything that left the module, as short texts in order. */
  outputs(): string[] {
    return this.harness.journal.entries.filter(isOutput).map((entry) => {
      switch (entry.kind) {
        case 'called':
          return `${entry.requirement}.${entry.command}`;
        case 'published':
          return entry.variable === 'session_event'
            ? `event ${String((entry.value as Record<string, unknown>).event)}`
            : `${entry.implementation}:${entry.variable}`;
        case 'raised':
          return `raised ${entry.error.type}`;
        case 'cleared':
          return `cleared ${entry.error.type}`;
        default:
          return entry.kind;
      }
    });
  }

  /** Active errors of the EVSE: type and sub type. */
  errors(): string[] {
    return this.harness.provides.evse.errors.active.map(
      (error) =>
        error.type.replace('evse_manager/', '') + (error.sub_type === '' ? '' : `/${error.sub_type}`),
    );
  }

  /** Forgets the events so far. */
  mark(): void {
    this.#bootEvents = this.eventObjects().length;
  }

  #bootEvents = 0;

  #connections(): Record<string, number> {
    const dc = this.options.mode !== 'AC';
    const names = [
      'connector_lock',
      'ac_rcd',
      'powermeter_grid_side',
      'powermeter_car_side',
      'store',
      ...DC_ONLY,
    ];
    const absent = new Set([
      'ac_rcd',
      'powermeter_grid_side',
      ...(dc ? [] : DC_ONLY),
      ...(this.options.without ?? []),
    ]);
    for (const name of this.options.with ?? []) absent.delete(name);
    return { bsp: 1, ...Object.fromEntries(names.map((name) => [name, absent.has(name) ? 0 : 1])) };
  }

  async #start(): Promise<void> {
    const { behaviour } = this;
    const delayed = (answer: () => Args) => async (): Promise<never> => {
      if (behaviour.meterDelayMs > 0) await this.clock.sleep(behaviour.meterDelayMs);
      return answer() as never;
    };
    const meter = {
      start_transaction: delayed(() => behaviour.meterStart),
      stop_transaction: delayed(() => behaviour.meterStop),
    };
    this.#harness = await createHarness(EvseManager, {
      id: 'evse',
      clock: this.clock,
      start: 'init',
      config: {
        connector_id: 1,
        connector_type: this.options.mode === 'AC' ? 'cType2' : 'cCCS2',
        evse_id: 'DE*TST*E1*1',
        charge_mode: this.options.mode ?? 'DC',
        payment_enable_contract: false,
        ...this.options.config,
      },
      connections: this.#connections(),
      requires: {
        bsp: {
          enable: ({ value }) => this.#enableBoard(value),
          pwm_on: ({ value }) => {
            this.#leaveF();
            if (value === 5) this.vehicle.invited();
          },
          cp_state_X1: () => {
            this.#leaveF();
            this.vehicle.uninvited();
          },
          cp_state_F: () => this.#showF(),
          allow_power_on: ({ value }) => this.#allowPower(value.allow_power_on),
        },
        powersupply_DC: {
          setMode: ({ mode, phase }) => this.#setMode(mode, phase),
          setExportVoltageCurrent: ({ voltage, current }) => this.#setPoint(voltage, current),
        },
        imd: {
          start: () => this.#startImd(),
          stop: () => {
            this.#imd += 1;
          },
          start_self_test: () => this.#selfTest(),
        },
        over_voltage_monitor: {
          start: () => {
            this.#ovm = true;
          },
          stop: () => {
            this.#ovm = false;
          },
          reset_over_voltage_error: () =>
            this.clear('over_voltage_monitor', 'over_voltage_monitor/MREC5OverVoltage'),
        },
        slac: { reset: () => this.after(10, () => this.publish('slac', 'state', 'UNMATCHED')) },
        hlc: {
          authorization_response: ({ authorization_status }) =>
            this.vehicle.authorised(authorization_status === 'Accepted'),
          cable_check_finished: ({ status }) => this.vehicle.cableChecked(status),
          stop_charging: ({ stop }) => {
            if (stop) this.vehicle.stopRequested();
          },
          pause_charging: () => this.vehicle.stopRequested(),
          dlink_ready: ({ value }) => {
            if (value) this.vehicle.linkReady();
          },
        },
        powermeter_car_side: meter,
        powermeter_grid_side: meter,
        store: {
          load: () => behaviour.stored as never,
          store: ({ value }) => {
            behaviour.stored = value;
          },
        },
      },
    });
    await this.#harness.ready();
    this.after(300, () => this.#publishCapabilities());
    this.after(400, () => this.publishMeter());
    this.clock.setInterval(() => this.publishSupply(), 250);
    this.clock.setInterval(() => this.publishMeter(), 1000);
    this.clock.setInterval(() => {
      if (this.#ovm && this.behaviour.ovmEchoes) {
        this.publish('over_voltage_monitor', 'voltage_measurement_V', this.supplyVoltage);
      }
    }, 1000);
    if (this.options.boot !== false) {
      await this.advance(900);
      this.mark();
    }
  }

  #publishCapabilities(): void {
    this.publish('bsp', 'capabilities', {
      max_current_A_import: 63,
      min_current_A_import: 6,
      max_phase_count_import: 3,
      min_phase_count_import: 1,
      max_current_A_export: 0,
      min_current_A_export: 0,
      max_phase_count_export: 3,
      min_phase_count_export: 1,
      supports_changing_phases_during_charging: false,
      supports_cp_state_E: false,
      connector_type: 'IEC62196Type2Cable',
      ...this.behaviour.board,
    });
    this.publishSupplyCapabilities();
  }

  publishSupplyCapabilities(): void {
    this.publish('powersupply_DC', 'capabilities', {
      bidirectional: false,
      current_regulation_tolerance_A: 2,
      peak_current_ripple_A: 2,
      max_export_voltage_V: 1000,
      min_export_voltage_V: 200,
      max_export_current_A: 200,
      min_export_current_A: 1,
      max_export_power_W: 150_000,
      ...this.behaviour.supply,
    });
  }

  publishSupply(): void {
    if (!this.behaviour.supplyMeasures) return;
    this.publish('powersupply_DC', 'voltage_current', {
      voltage_V: this.supplyVoltage,
      current_A: this.supplyCurrent,
    });
  }

  publishMeter(): void {
    const { meterCurrentsA: A, meterVoltageV: V, meterPublishes } = this.behaviour;
    if (!meterPublishes) return;
    const value = {
      timestamp: new Date(this.clock.now()).toISOString(),
      energy_Wh_import: { total: 1000 },
      meter_id: 'M1',
      ...(A === undefined ? {} : { current_A: { L1: A, L2: A, L3: A } }),
      ...(V === undefined ? {} : { voltage_V: { DC: V } }),
    };
    this.publish('powermeter_car_side', 'powermeter', value);
    this.publish('powermeter_grid_side', 'powermeter', value);
  }

  #reportCp(): void {
    this.after(BOARD_DELAY_MS, () => {
      if (this.#boardEnabled) this.publish('bsp', 'event', { event: this.#boardF ? 'F' : this.cp });
    });
  }

  #enableBoard(on: boolean): void {
    this.#boardEnabled = on;
    if (on) this.#reportCp();
  }

  #showF(): void {
    this.#boardF = true;
    this.vehicle.uninvited();
    this.#reportCp();
  }

  #leaveF(): void {
    if (!this.#boardF) return;
    this.#boardF = false;
    this.#reportCp();
  }

  #allowPower(on: boolean): void {
    const { relays, relayDelayMs } = this.behaviour;
    this.observe?.('relays', on);
    this.#permitted = on;
    if (on && this.cp === 'C' && relays !== 'never')
      this.after(relayDelayMs, () => {
        if (this.#permitted) this.#setRelays(true);
      });
    if (!on && this.relaysClosed && relays !== 'stuck')
      this.after(relayDelayMs, () => this.#setRelays(false));
  }

  #setRelays(closed: boolean): void {
    if (this.relaysClosed === closed) return;
    this.relaysClosed = closed;
    this.publish('bsp', 'event', { event: closed ? 'PowerOn' : 'PowerOff' });
  }

  /** The relays move without being asked. */
  forceRelays(closed: boolean): void {
    this.#setRelays(closed);
  }

  #setMode(mode: string, phase: string): void {
    this.observe?.('supply', mode !== 'Off');
    this.#supplyMode = mode;
    this.#supplyPhase = phase;
    this.#moveSupply();
  }

  #setPoint(voltage: number, current: number): void {
    this.#setVoltage = voltage;
    this.#setCurrent = current;
    this.#moveSupply();
  }

  #moveSupply(): void {
    this.after(PSU_DELAY_MS, () => {
      if (this.#supplyMode === 'Off' ? !this.behaviour.supplyDischarges : !this.behaviour.supplyFollows)
        return;
      this.supplyVoltage = this.#supplyMode === 'Off' ? 0 : this.#setVoltage;
      this.supplyCurrent =
        this.#supplyMode !== 'Off' && this.#supplyPhase === 'Charging' ? this.#setCurrent : 0;
      this.publishSupply();
    });
  }

  #startImd(): void {
    this.#imd += 1;
    const run = this.#imd;
    const sample = (): void => {
      if (run !== this.#imd || !this.behaviour.isolationMeasures) return;
      this.publish('imd', 'isolation_measurement', {
        resistance_F_Ohm: this.behaviour.isolationOhm,
        ...this.behaviour.isolationExtra,
      });
      this.after(this.behaviour.isolationPeriodMs, sample);
    };
    this.after(this.behaviour.isolationPeriodMs, sample);
  }

  #selfTest(): void {
    this.after(500, () => {
      if (this.behaviour.selfTest !== undefined)
        this.publish('imd', 'self_test_result', this.behaviour.selfTest);
    });
  }
}

/** An event's name with its reason. */
export function eventName(event: Record<string, unknown>): string {
  const part = (name: string, member: string): unknown =>
    (event[name] as Record<string, unknown> | undefined)?.[member];
  const reason =
    part('session_started', 'reason') ??
    part('transaction_finished', 'reason') ??
    part('charging_paused_evse', 'reasons');
  const name = event.event as string;
  return reason === undefined
    ? name
    : `${name}(${Array.isArray(reason) ? reason.join() : (reason as string)})`;
}
