// SPDX-License-Identifier: Apache-2.0
import type { PlantLoad } from './dc-plant.js';

/** Limits of a regulated source. */
export interface CcCvLimits {
  readonly maximumVoltageV: number;
  readonly maximumCurrentA: number;
  readonly maximumPowerW: number;
  /** Slope of the output voltage, V/s. */
  readonly rampVPerS: number;
}

/** Output resistance with nothing connected decays the output to 0 V after switching off. */
const DISCHARGE_V_PER_S = 2000;

/**
 * A source that holds its voltage as long as the current allows, else its current (constant voltage, constant current).
 * It takes no power: a load with a higher voltage than the output draws nothing.
 */
export class CcCvSource {
  setPoint: { readonly voltageV: number; readonly currentA: number } = { voltageV: 0, currentA: 0 };
  load: PlantLoad = { connected: false };
  enabled = false;
  #regulatedV = 0;
  #atMs: number | undefined;

  constructor(private readonly limits: CcCvLimits) {}

  /** Lets the ramp move until `nowMs` (monotonic milliseconds). */
  advanceTo(nowMs: number): void {
    const elapsedS = this.#atMs === undefined ? 0 : Math.max(0, nowMs - this.#atMs) / 1000;
    this.#atMs = nowMs;
    const targetV = this.enabled ? Math.min(this.setPoint.voltageV, this.limits.maximumVoltageV) : 0;
    const slope = targetV > this.#regulatedV ? this.limits.rampVPerS : DISCHARGE_V_PER_S;
    const stepV = slope * elapsedS;
    this.#regulatedV =
      Math.abs(targetV - this.#regulatedV) <= stepV
        ? targetV
        : this.#regulatedV + Math.sign(targetV - this.#regulatedV) * stepV;
  }

  /** Current out of the terminals, A. */
  get currentA(): number {
    if (!this.enabled || !this.load.connected) return 0;
    const wanted = this.#unlimitedCurrentA();
    const counterV = this.load.counter_voltage_V ?? 0;
    const byPower = this.limits.maximumPowerW / Math.max(1, counterV, this.#regulatedV);
    return Math.max(0, Math.min(wanted, this.setPoint.currentA, this.limits.maximumCurrentA, byPower));
  }

  /** Voltage at the terminals, V. */
  get voltageV(): number {
    if (!this.load.connected) return this.#regulatedV;
    const counterV = this.load.counter_voltage_V;
    const resistance = this.load.series_resistance_Ohm ?? 0;
    if (counterV === undefined) {
      return Math.min(this.#regulatedV, this.enabled ? this.currentA * resistance : this.#regulatedV);
    }
    if (this.currentA === 0) return Math.max(this.#regulatedV, counterV);
    return counterV + this.currentA * resistance;
  }

  #unlimitedCurrentA(): number {
    const counterV = this.load.counter_voltage_V ?? 0;
    const resistance = Math.max(1e-6, this.load.series_resistance_Ohm ?? 0);
    return (this.#regulatedV - counterV) / resistance;
  }
}
