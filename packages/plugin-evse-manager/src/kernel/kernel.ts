// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { Logger } from '@carabiner/core';
import { SoftOverCurrent } from '../ac/soft-over-current.js';
import { Charger } from '../charger/charger.js';
import type { ChargerState, ChargerView, PauseReason } from '../charger/view.js';
import { NO_BCB_TOGGLE, type BcbToggle } from '../control-pilot/bcb-toggle.js';
import { DcOutput } from '../dc/dc-output.js';
import { DcSession } from '../dc/dc-session.js';
import { EnableTable } from '../enable-disable.js';
import { EnergyControl, LEAST_AC_CURRENT_A } from '../energy/energy-control.js';
import { ErrorBook } from '../errors/error-book.js';
import type { ShutdownKind } from '../errors/blocking.js';
import { EvInfoBook } from '../ev-info.js';
import type { EvseManagerConfig } from '../generated/EvseManager.js';
import { HlcLink } from '../hlc/hlc-link.js';
import type { EnergyTransferMode, Powermeter } from '../interface-types.js';
import type { Connected, Ports } from '../ports.js';
import { SerialQueue } from '../serial-queue.js';
import { Authorisation } from '../session/authorisation.js';
import { Reservation, Session } from '../session/session.js';
import { SessionLog } from '../session/session-log.js';
import { SessionEvents } from '../session/session-events.js';
import type { StoredTransaction } from '../session/stored-transaction.js';
import { Transactions } from '../session/transactions.js';
import { chargerView } from './charger-view.js';
import { performEffect } from './effects.js';
import type { KernelOptions } from './kernel-options.js';
import { outputPorts, storedTransaction, transactionPorts } from './part-ports.js';
import { PilotDriver } from './pilot-driver.js';
import { shutDown } from './shutdown.js';
import { transferModes } from './transfer-modes.js';

/** Period of the evaluation that time alone makes necessary, in ms. */
const TICK_MS = 100;
const ENERGY_REQUEST_MS = 1000;

/** What a meter reads that is not there. */
const NO_METER_VALUE = { timestamp: '1970-01-01T00:00:00.000Z', energy_Wh_import: { total: 0 } };

/**
 * The charging kernel: joins the control pilot machine, the charger machine and the DC procedures.
 *
 * Every input runs in one serial queue and is followed by an evaluation until nothing changes; nothing in the queue
 * ever waits for a device.
 */
export class Kernel {
  readonly moduleId: string;
  readonly config: EvseManagerConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly ports: Ports;
  readonly connected: Connected;
  readonly dc: boolean;
  readonly queue: SerialQueue;
  readonly session = new Session();
  readonly reservation = new Reservation();
  readonly enable = new EnableTable();
  readonly evInfo: EvInfoBook;
  readonly events: SessionEvents;
  readonly errors: ErrorBook;
  readonly transactions: Transactions;
  readonly authorisation: Authorisation;
  readonly hlc: HlcLink;
  readonly pilot: PilotDriver;
  readonly charger: Charger;
  readonly output: DcOutput;
  readonly dcSession: DcSession;
  readonly energy: EnergyControl;
  readonly overCurrent: SoftOverCurrent;
  /** Latest readings. */
  readonly meters: { grid: Powermeter | undefined; car: Powermeter | undefined } = {
    grid: undefined,
    car: undefined,
  };

  /** False until the boot is over. */
  running = false;
  /** The module's id is told with limits from the first one on. */
  limitSet = false;
  bcb: BcbToggle = NO_BCB_TOGGLE;
  /** As reported last; undefined before the first report. */
  slacState: 'UNMATCHED' | 'MATCHING' | 'MATCHED' | undefined;
  selectedService: string | undefined;
  saeActive = false;
  derAvailable = false;
  /** Number of the connector in the last enable or disable call. */
  lastConnectorId = 0;
  connectorEnabled = true;
  /** Urgency that was seen last, and for which power was taken away. */
  shutdown: ShutdownKind = 'none';
  shutdownDone: ShutdownKind = 'none';
  lastPauseReasons = '';
  lastPwmMs = Number.NEGATIVE_INFINITY;
  nominalPercent = 100;
  noEnergyPauseSent = false;
  contactorFault = false;
  settleTimer: Timer | undefined;
  pulseTimer: Timer | undefined;
  /** True in evaluations that time made necessary. */
  ticking = false;
  withPowerSinceMs: number | undefined;
  withoutPowerSinceMs: number | undefined;
  transactionSinceMs = 0;
  phaseSwitchDone = false;
  /** Current that the nominal duty cycle signals, in A. */
  signalledA = 0;
  readonly sessionLog: SessionLog;
  readonly stored: StoredTransaction;
  #timers: Timer[] = [];
  readonly #meterListeners: (() => void)[] = [];
  #transactionSeen = false;
  #modes = '';

  constructor(options: KernelOptions) {
    this.moduleId = options.moduleId;
    this.config = options.config;
    this.clock = options.clock;
    this.log = options.log;
    this.ports = options.ports;
    this.connected = options.ports.connected;
    this.dc = options.config.charge_mode === 'DC';
    const { config, clock, ports, connected, session } = this;
    this.queue = new SerialQueue((error) =>
      this.log.error('input could not be handled', {
        error: error instanceof Error ? error.stack : String(error),
      }),
    );
    this.sessionLog = new SessionLog(
      {
        enabled: config.session_logging,
        folder: config.session_logging_path,
        suffix: config.logfile_suffix,
      },
      { now: () => clock.now(), warn: (message, fields) => this.log.warn(message, fields) },
    );
    this.stored = storedTransaction(this);
    this.evInfo = new EvInfoBook((info) => ports.publish('evse', 'ev_info', info));
    this.events = new SessionEvents(session, {
      event: (event) => ports.publish('evse', 'session_event', event),
      protocol: (name) => ports.publish('evse', 'selected_protocol', name),
      now: () => clock.now(),
      meterValue: () => this.meterValue,
    });
    this.errors = new ErrorBook(
      {
        failOnMeterErrors: config.fail_on_powermeter_errors,
        useVendorId: config.inoperative_error_use_vendor_id,
      },
      {
        raise: (report) => ports.raise(report),
        clear: (type, subType) => ports.clear(type, subType),
        changed: (kind) => this.#errorsChanged(kind),
      },
    );
    this.hlc = new HlcLink(ports, connected.hlc && this.slacActive, {
      externalPayment: config.payment_enable_eim,
      contract: config.payment_enable_contract,
      centralValidation: config.central_contract_validation_allowed,
      certificateInstallation: config.contract_certificate_installation_enabled,
    });
    this.transactions = new Transactions(session, this.events, this.reservation, transactionPorts(this));
    this.authorisation = new Authorisation(this);
    this.pilot = new PilotDriver(this);
    this.charger = new Charger({
      now: () => clock.monotonic(),
      view: () => this.view,
      perform: (effect) => performEffect(this, effect),
      entered: (state) => this.#entered(state),
    });
    this.output = new DcOutput(
      {
        rampAPerS: config.dc_ramp_ampere_per_second,
        ignoreEnyaqGlitches: config.hack_skoda_enyaq,
        roundUpToLimit: config.hack_fix_hlc_integer_current_requests,
      },
      clock,
      outputPorts(this),
    );
    this.dcSession = new DcSession(this);
    this.energy = new EnergyControl(this);
    this.overCurrent = new SoftOverCurrent({
      tolerancePercent: config.soft_over_current_tolerance_percent,
      noiseA: config.soft_over_current_measurement_noise_A,
      timeoutMs: config.soft_over_current_timeout_ms,
    });
    // Marks of the Idle state; its signals are given when board support is enabled.
    this.charger.memory.hlcActive = this.dc;
  }

  get slacActive(): boolean {
    const { config, connected } = this;
    return connected.slac && (this.dc || config.ac_hlc_enabled || config.ac_with_soc);
  }

  get billingMeter(): 'car' | 'grid' | undefined {
    return this.connected.carMeter ? 'car' : this.connected.gridMeter ? 'grid' : undefined;
  }

  get meterValue(): Powermeter {
    const meter = this.billingMeter;
    return (meter === undefined ? undefined : this.meters[meter]) ?? NO_METER_VALUE;
  }

  get view(): ChargerView {
    return chargerView(this);
  }

  /** Enough energy was granted for charging. */
  get power(): boolean {
    return this.dc ? this.dcSession.grants.power : this.energy.currentA > LEAST_AC_CURRENT_A;
  }

  get fatal(): boolean {
    return this.errors.kind !== 'none';
  }

  /** How energy can be taken from the EV in this session. */
  get feedbackMode(): 'none' | 'iso2' | 'sae' | 'bpt' {
    if (this.config.hack_allow_bpt_with_iso2) return 'iso2';
    if (this.saeActive) return 'sae';
    return this.selectedService === 'DC_BPT' || this.selectedService === 'MCS_BPT' ? 'bpt' : 'none';
  }

  get acExportActive(): boolean {
    return !this.dc && this.selectedService === 'AC_BPT';
  }

  get exportPossible(): boolean {
    return this.dc ? this.feedbackMode !== 'none' : this.acExportActive;
  }

  pauseReasons(): PauseReason[] {
    const reasons: PauseReason[] = [];
    if (this.fatal) reasons.push('Error');
    if (!this.power) reasons.push('NoEnergy');
    if (this.session.userPause) reasons.push('UserPause');
    return reasons;
  }

  /** Runs an input in the queue and evaluates the machines afterwards. */
  handle(task: () => void): void {
    this.queue.run(() => {
      try {
        task();
      } finally {
        this.settle();
      }
    });
  }

  /** Runs a command in the queue; its caller gets the result. */
  async command<T>(task: () => T): Promise<T> {
    return await this.queue.ask(() => {
      try {
        return task();
      } finally {
        this.settle();
      }
    });
  }

  /** Evaluates the machines until nothing changes. */
  settle(): void {
    if (!this.running) return;
    const transaction = this.session.transaction === 'active';
    if (transaction && !this.#transactionSeen) this.transactionSinceMs = this.clock.monotonic();
    this.#transactionSeen = transaction;
    shutDown(this);
    this.#watchEnergy();
    this.charger.evaluate();
    this.dcSession.advance();
    this.charger.evaluate();
    this.#watchEnergy();
    this.authorisation.answerStack();
    this.pilot.step({ type: 'authorised', value: this.session.authorised });
  }

  /** The boot is over: board support is switched on unless the EVSE is disabled, and inputs count from here on. */
  begin(): void {
    this.running = true;
    this.energy.randomDelay.ready(this.clock.monotonic());
    if (this.charger.memory.disableRequested) {
      this.charger.evaluate();
      return;
    }
    this.enableBoard();
  }

  /** Switches board support on; what it reports counts from here on. */
  enableBoard(): void {
    this.pilot.step({ type: 'enable' });
    this.ports.send('bsp', 'enable', { value: true });
  }

  /** Calls `listener` at the next reading of the billing meter. */
  onMeter(listener: () => void): void {
    this.#meterListeners.push(listener);
  }

  /** The billing meter delivered a reading. */
  meterSeen(): void {
    for (const listener of this.#meterListeners.splice(0)) listener();
  }

  /** Takes PWM away. */
  signalX1(): void {
    this.charger.memory.signal = 'X1';
    this.lastPwmMs = this.clock.monotonic();
    this.pilot.step({ type: 'x1' });
  }

  /** Starts the periodic work. */
  startTimers(): void {
    this.#timers.push(
      this.clock.setInterval(() => this.#tick(), TICK_MS),
      this.clock.setInterval(() => this.queue.run(() => this.energy.request(false)), ENERGY_REQUEST_MS),
    );
  }

  /** Takes power away and ends the periodic work. */
  stop(): void {
    this.queue.run(() => {
      if (this.running) {
        if (this.dc) this.dcSession.supplyOff();
        this.pilot.step({ type: 'forbid' });
      }
      this.running = false;
    });
    this.stopTimers();
  }

  stopTimers(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.settleTimer?.cancel();
    this.pulseTimer?.cancel();
    this.stored.stop();
    this.output.forget();
  }

  /** Publishes the energy transfer modes, always or when they changed. */
  publishTransferModes(always: boolean): void {
    const modes = transferModes(this);
    const text = modes.join();
    const changed = text !== this.#modes;
    if (!always && !changed) return;
    this.#modes = text;
    if (modes.length > 0) this.ports.publish('evse', 'supported_energy_transfer_modes', modes);
    if (changed) this.tellTransferModes(modes);
  }

  tellTransferModes(modes: EnergyTransferMode[]): void {
    if (!this.hlc.present || modes.length === 0) return;
    this.ports.send('hlc', 'update_energy_transfer_modes', { supported_energy_transfer_modes: modes });
  }

  #tick(): void {
    this.queue.run(() => {
      this.energy.checkValidity();
      this.pilot.step({ type: 'time' });
      this.ticking = true;
      try {
        this.settle();
      } finally {
        this.ticking = false;
      }
    });
  }

  #errorsChanged(kind: ShutdownKind): void {
    if (kind !== 'none' && this.shutdown === 'none') this.authorisation.endReservation();
    if (this.running) shutDown(this);
  }

  #entered(state: ChargerState): void {
    this.withPowerSinceMs = undefined;
    this.noEnergyPauseSent = false;
    // The charge loop may be without energy for a while, counted from its begin.
    if (state !== 'StoppingCharging') this.withoutPowerSinceMs = undefined;
    if (state === 'PrepareCharging') this.dcSession.beginPreparation();
    if (state === 'StoppingCharging' || state === 'Finished') this.contactorFault = false;
    if (state !== 'WaitingForAuthentication') this.settleTimer?.cancel();
    if (state !== 'WaitingForAuthentication') this.charger.memory.settling = false;
    this.#watchEnergy();
  }

  #watchEnergy(): void {
    const nowMs = this.clock.monotonic();
    if (this.power) {
      this.withPowerSinceMs ??= nowMs;
      this.withoutPowerSinceMs = undefined;
    } else {
      this.withPowerSinceMs = undefined;
      this.withoutPowerSinceMs ??= nowMs;
    }
  }
}
