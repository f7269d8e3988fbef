// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { DcPlant } from '../plant/dc-plant.js';
import type { PilotState } from '../plant/control-pilot.js';
import type { Condition } from './condition.js';
import {
  nextTarget,
  type ChargingTarget,
  type OfferedLimits,
  type VehicleLimits,
} from './dc-charging-curve.js';

/** What the communication controller of the charger tells its host, see interface `ISO15118_charger`. */
export interface HlcReports {
  evccId(mac: string): void;
  requireAuthEim(): void;
  maximumLimits(limits: VehicleLimits): void;
  status(socPercent: number): void;
  target(target: ChargingTarget): void;
  remainingTime(seconds: number): void;
  startCableCheck(): void;
  startPreCharge(): void;
  v2gSetupFinished(): void;
  currentDemandStarted(): void;
  currentDemandFinished(): void;
  dcOpenContactor(): void;
  sessionFailed(): void;
  linkEnded(how: 'terminate' | 'error' | 'pause'): void;
}

/** What the charger's host tells the communication controller. Changed from outside, followed by `notify`. */
export interface HlcInputs {
  authorized: 'pending' | 'accepted' | 'rejected';
  cableCheck: 'pending' | 'passed' | 'failed';
  offer: OfferedLimits;
  presentVoltageV: number;
  presentCurrentA: number;
  /** Stop asked for by the charger. */
  stop: boolean;
  /** Pause asked for by the charger (ISO 15118-20). */
  pause: boolean;
  /** Emergency shutdown or interruption signalled by the charger. */
  emergency: boolean;
}

/** How this vehicle behaves in a session. */
export interface DcSessionOptions {
  readonly mac: string;
  readonly limits: VehicleLimits;
  /** State of charge at which the vehicle stops by itself, %. */
  readonly stopAtSocPercent: number;
  /** Current below which the battery counts as full, A. */
  readonly cutOffCurrentA: number;
  /** How long an authorisation may take, ms (ISO 15118-2 V2G_EVCC_Ongoing_Timer: 60 s). */
  readonly authorizationTimeoutMs: number;
  /** How long a cable check may take, ms (DIN SPEC 70121 V2G_EVCC_CableCheck_Timer: 40 s). */
  readonly cableCheckTimeoutMs: number;
  /** How long pre-charge may take, ms (V2G_EVCC_PreCharge_Timer: 7 s). */
  readonly preChargeTimeoutMs: number;
}

/** How a session ended. */
export type SessionEnd = 'terminate' | 'error' | 'pause';

const TARGET_PERIOD_MS = 250;
/** The vehicle closes its contactor within this voltage difference (IEC 61851-23 CC.5.1). */
const PRE_CHARGE_WINDOW_V = 20;
/** The vehicle opens its contactor below this current. */
const OPENING_CURRENT_A = 5;

/** Vehicle and communication controller of one DC charging session (DIN SPEC 70121 / ISO 15118-2 order of messages). */
export class DcSession {
  /** Set by the vehicle's user to end the session. */
  stopRequested = false;
  /** Set by the vehicle's user to pause it. */
  pauseRequested = false;
  /** True while energy may flow. */
  charging = false;

  constructor(
    private readonly clock: Clock,
    private readonly condition: Condition,
    private readonly plant: DcPlant,
    private readonly inputs: HlcInputs,
    private readonly report: HlcReports,
    private readonly setPilot: (state: PilotState) => void,
    private readonly options: DcSessionOptions,
  ) {}

  /**
   * Runs the session to its end, or until `signal` aborts (plug pulled, control pilot lost).
   *
   * @returns how it ended; the vehicle's contactor is open then in any case
   */
  async run(signal: AbortSignal): Promise<SessionEnd> {
    let end: SessionEnd = 'error';
    try {
      await this.#identify(signal);
      const authorized = await this.#authorize(signal);
      if (authorized && (await this.#cableCheck(signal)) && (await this.#preCharge(signal))) {
        end = await this.#chargeLoop(signal);
      } else if (this.#mustEnd()) {
        end = 'terminate';
      }
    } catch (error) {
      if (signal.aborted) {
        this.#openContactor();
        throw error;
      }
      this.report.sessionFailed();
    }
    await this.#finish(end, signal);
    return end;
  }

  #mustEnd(): boolean {
    return this.inputs.stop || this.inputs.emergency || this.stopRequested;
  }

  get #cableCheckResult(): HlcInputs['cableCheck'] {
    return this.inputs.cableCheck;
  }

  async #identify(signal: AbortSignal): Promise<void> {
    await this.clock.sleep(50, signal);
    this.report.evccId(this.options.mac);
    await this.clock.sleep(100, signal);
    this.report.requireAuthEim();
  }

  async #authorize(signal: AbortSignal): Promise<boolean> {
    await this.condition.until(
      () => this.inputs.authorized !== 'pending' || this.#mustEnd(),
      'authorisation',
      this.options.authorizationTimeoutMs,
      signal,
    );
    return this.inputs.authorized === 'accepted' && !this.#mustEnd();
  }

  async #cableCheck(signal: AbortSignal): Promise<boolean> {
    await this.clock.sleep(100, signal);
    this.report.maximumLimits(this.options.limits);
    this.report.status(this.plant.battery.socPercent);
    await this.clock.sleep(50, signal);
    this.setPilot('C');
    await this.clock.sleep(50, signal);
    this.inputs.cableCheck = 'pending';
    this.report.startCableCheck();
    await this.condition.until(
      () => this.inputs.cableCheck !== 'pending' || this.#mustEnd(),
      'the cable check',
      this.options.cableCheckTimeoutMs,
      signal,
    );
    if (this.#cableCheckResult === 'failed') await this.clock.sleep(300, signal);
    return this.#cableCheckResult === 'passed' && !this.#mustEnd();
  }

  async #preCharge(signal: AbortSignal): Promise<boolean> {
    await this.clock.sleep(50, signal);
    this.report.startPreCharge();
    const voltageV = Math.round(this.plant.battery.openCircuitVoltageV * 10) / 10;
    await this.clock.sleep(30, signal);
    this.report.target({ voltageV, currentA: 2 });
    await this.condition.until(
      () => Math.abs(this.inputs.presentVoltageV - voltageV) < PRE_CHARGE_WINDOW_V || this.#mustEnd(),
      'pre-charge',
      this.options.preChargeTimeoutMs,
      signal,
    );
    if (this.#mustEnd()) return false;
    await this.clock.sleep(400, signal);
    if (this.#mustEnd()) return false;
    this.plant.setContactor(true);
    this.report.v2gSetupFinished();
    this.report.currentDemandStarted();
    return true;
  }

  async #chargeLoop(signal: AbortSignal): Promise<SessionEnd> {
    this.charging = true;
    let last: ChargingTarget | undefined;
    let lastSoc = -1;
    for (;;) {
      await this.#pause(TARGET_PERIOD_MS, signal);
      if (this.#mustEnd()) return 'terminate';
      if (this.inputs.pause || this.pauseRequested) return 'pause';
      const target = nextTarget(this.plant.battery, this.options.limits, this.inputs.offer);
      if (last?.voltageV !== target.voltageV || last.currentA !== target.currentA) {
        this.report.target(target);
        last = target;
      }
      const soc = Math.floor(this.plant.battery.socPercent);
      if (soc !== lastSoc) {
        this.report.status(soc);
        this.#reportRemaining(target);
        lastSoc = soc;
      }
      if (this.#isFull(target)) return 'terminate';
    }
  }

  #isFull(target: ChargingTarget): boolean {
    const battery = this.plant.battery;
    const held =
      (battery.chargeEndVoltageV - battery.openCircuitVoltageV) / battery.options.internalResistanceOhm;
    return (
      battery.socPercent >= this.options.stopAtSocPercent ||
      (held < this.options.cutOffCurrentA && target.currentA < this.options.cutOffCurrentA)
    );
  }

  #reportRemaining(target: ChargingTarget): void {
    const powerW = target.currentA * this.plant.battery.openCircuitVoltageV;
    if (powerW <= 0) return;
    const missingWh =
      ((this.options.stopAtSocPercent - this.plant.battery.socPercent) / 100) *
      this.plant.battery.options.capacityWh;
    this.report.remainingTime(Math.max(0, Math.round((missingWh / powerW) * 3600)));
  }

  async #finish(end: SessionEnd, signal: AbortSignal): Promise<void> {
    if (this.charging) {
      if (!this.inputs.emergency) {
        this.report.target({
          voltageV: Math.round(this.plant.battery.chargeEndVoltageV * 10) / 10,
          currentA: 0,
        });
        await this.#settledCurrent(signal);
      }
      this.report.currentDemandFinished();
      await this.clock.sleep(100, signal);
      this.#openContactor();
      this.report.dcOpenContactor();
      await this.clock.sleep(100, signal);
    }
    this.#openContactor();
    this.setPilot('B');
    await this.clock.sleep(150, signal);
    this.report.linkEnded(end);
  }

  async #settledCurrent(signal: AbortSignal): Promise<void> {
    try {
      await this.condition.until(
        () => Math.abs(this.inputs.presentCurrentA) < OPENING_CURRENT_A || this.inputs.emergency,
        'the end of the current',
        2000,
        signal,
      );
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }

  #openContactor(): void {
    this.charging = false;
    if (this.plant.contactorClosed) this.plant.setContactor(false);
  }

  /** Waits, but at once reacts to an end that the charger asks for. */
  async #pause(periodMs: number, signal: AbortSignal): Promise<void> {
    const dueMs = this.clock.monotonic() + periodMs;
    const wake = this.clock.setTimeout(() => this.condition.notify(), periodMs);
    try {
      await this.condition.until(
        () => this.clock.monotonic() >= dueMs || this.#mustEnd() || this.inputs.pause || this.pauseRequested,
        'the next message',
        undefined,
        signal,
      );
    } finally {
      wake.cancel();
    }
  }
}
