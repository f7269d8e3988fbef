// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { Capabilities, ChargingPhase, ExternalDerating, VoltageCurrent } from '../interface-types.js';
import { derate } from './limits.js';
import { NO_CAPABILITIES, PowerSupply } from './power-supply.js';
import {
  clampTarget,
  isEnyaqGlitch,
  limitsWithoutGrant,
  NO_EV_LIMITS,
  rampCurrent,
  roundUpToLimit,
  type EvLimits,
  type EvseLimits,
  type SetPoint,
} from './set-point.js';

/** Options of the DC output. */
export interface DcOutputConfig {
  readonly rampAPerS: number;
  readonly ignoreEnyaqGlitches: boolean;
  readonly roundUpToLimit: boolean;
}

/** What the DC output asks of its surroundings. */
export interface DcOutputPorts {
  setMode(mode: 'Off' | 'Export' | 'Import', phase: ChargingPhase): void;
  setExport(voltage: number, current: number): void;
  setImport(voltage: number, current: number): void;
  log(message: string, fields: object): void;
  /** The session is one in which the EV's requests count. */
  mayPrepare(): boolean;
  /** Beside that, the relays are closed: the power supply may be switched on. */
  mayDeliver(): boolean;
  /** Energy is to flow out of the EV. */
  discharging(): boolean;
  /** The sign of the EV's current does not count. */
  unsigned(): boolean;
  /** The EV's request or what the limits leave of it changed. */
  targetChanged(target: SetPoint): void;
  /** Runs a timer's task in the kernel's queue. */
  run(task: () => void): void;
}

/** Phases in which the EV's requests switch the power supply on. */
const PHASES_OF_DELIVERY: ReadonlySet<ChargingPhase> = new Set(['PreCharge', 'Charging']);

/** Period of the ramp in ms. */
const RAMP_PERIOD_MS = 250;

/**
 * Voltage and current of the output: the EV's request, brought within every limit, approached on a ramp while
 * charging. Lower limits count at once.
 */
export class DcOutput {
  readonly supply: PowerSupply;
  /** As the power supply reports them. */
  reported: Capabilities = NO_CAPABILITIES;
  ev: EvLimits = NO_EV_LIMITS;
  limits: EvseLimits = limitsWithoutGrant(NO_CAPABILITIES);
  present: VoltageCurrent | undefined;
  /** When {@link DcOutput.present} was measured, monotonic ms. */
  measuredMs = Number.NEGATIVE_INFINITY;
  #derating: ExternalDerating = {};
  #raw: SetPoint | undefined;
  #target: SetPoint = { voltage: 0, current: 0 };
  #direction: 'Export' | 'Import' = 'Export';
  #rampedA = 0;
  #rampedMs = 0;
  #ramp: Timer | undefined;

  constructor(
    private readonly config: DcOutputConfig,
    private readonly clock: Clock,
    private readonly ports: DcOutputPorts,
  ) {
    this.supply = new PowerSupply({
      setMode: (mode, phase) => {
        if (mode !== 'Fault') ports.setMode(mode, phase);
      },
      setExport: (voltage, current) => ports.setExport(voltage, current),
      setImport: (voltage, current) => ports.setImport(voltage, current),
      refused: (setPoint, lowestV, highestV) =>
        ports.log('power supply cannot deliver the voltage asked for', { ...setPoint, lowestV, highestV }),
    });
  }

  /** Capabilities under external derating. */
  get capabilities(): Capabilities {
    return derate(this.reported, this.#derating, this.present?.voltage_V);
  }

  /** The EV's request within all limits; zero before the first one. */
  get target(): SetPoint {
    return this.#target;
  }

  setDerating(derating: ExternalDerating): void {
    this.#derating = derating;
  }

  measured(value: VoltageCurrent): void {
    this.present = value;
    this.measuredMs = this.clock.monotonic();
  }

  /** The EV asks for voltage and current. */
  request(raw: SetPoint): void {
    if (this.config.ignoreEnyaqGlitches && isEnyaqGlitch(raw)) return;
    this.#raw = raw;
    this.refresh();
  }

  /** Brings the EV's request within limits that may have changed. */
  refresh(): void {
    if (this.#raw === undefined) return;
    const before = this.#target;
    this.#target = clampTarget(this.#raw, {
      ev: this.ev,
      evse: {
        ...this.limits,
        maximumVoltageV: Math.min(this.limits.maximumVoltageV, this.capabilities.max_export_voltage_V),
      },
      previousVoltageV: before.voltage,
      presentVoltageV: this.present?.voltage_V,
      unsigned: this.ports.unsigned(),
    });
    this.apply();
    const { voltage, current } = this.#target;
    if (voltage !== before.voltage || current !== before.current) this.ports.targetChanged(this.#target);
  }

  /** Sends what the ramp allows now; switches on when that is allowed. */
  apply(): void {
    const { voltage } = this.#target;
    if (voltage <= 0) return;
    const deliver = this.ports.mayDeliver();
    if (!this.supply.isOn && !this.ports.mayPrepare()) return;
    const nowMs = this.clock.monotonic();
    const charging = this.supply.phase === 'Charging';
    const direction = charging && this.ports.discharging() ? 'Import' : 'Export';
    const { max_export_current_A, max_import_current_A = 0 } = this.capabilities;
    // What the power supply cannot give is not on the ramp either.
    const wantedA = Math.min(
      this.#wantedCurrent(),
      direction === 'Export' ? max_export_current_A : max_import_current_A,
    );
    if (direction !== this.#direction) this.#rampedA = 0;
    this.#direction = direction;
    const rampedA = charging
      ? rampCurrent(
          this.#rampedA,
          wantedA,
          // After a long time without a change the ramp begins now, not then.
          Math.min(nowMs - this.#rampedMs, RAMP_PERIOD_MS),
          this.config.rampAPerS,
        )
      : wantedA;
    const accepted = this.supply.apply({ voltage, current: rampedA }, this.capabilities, direction);
    this.#rampedA = rampedA;
    this.#rampedMs = nowMs;
    if (accepted && deliver && !this.supply.isOn && PHASES_OF_DELIVERY.has(this.supply.phase))
      this.supply.switchOn();
    this.#keepRamping(rampedA < wantedA);
  }

  /** A new phase of the session; a running power supply is told at once. */
  enterPhase(phase: ChargingPhase): void {
    this.supply.enterPhase(phase);
    this.apply();
  }

  /** Drives the output directly, for the cable check. */
  test(setPoint: SetPoint): boolean {
    if (!this.supply.apply(setPoint, this.capabilities)) return false;
    this.supply.switchOn();
    return true;
  }

  /** Switches off and forgets the EV's request. */
  off(): void {
    this.supply.switchOff();
    this.forget();
  }

  /** Forgets the EV's request and the ramp. */
  forget(): void {
    this.#raw = undefined;
    this.#target = { voltage: 0, current: 0 };
    this.#rampedA = 0;
    this.#keepRamping(false);
  }

  #wantedCurrent(): number {
    const { current } = this.#target;
    return this.config.roundUpToLimit ? roundUpToLimit(current, this.limits.maximumCurrentA) : current;
  }

  #keepRamping(on: boolean): void {
    if (on) {
      this.#ramp ??= this.clock.setInterval(() => this.ports.run(() => this.apply()), RAMP_PERIOD_MS);
      return;
    }
    this.#ramp?.cancel();
    this.#ramp = undefined;
  }
}
