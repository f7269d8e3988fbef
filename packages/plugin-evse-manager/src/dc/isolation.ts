// SPDX-License-Identifier: Apache-2.0
import type { Capabilities, IsolationMeasurement } from '../interface-types.js';

/** Lowest resistance to earth in Ohm, IEC 61851-23; MCS asks for more. */
export function isolationLimitOhm(mcs: boolean): number {
  return mcs ? 125_000 : 100_000;
}

const LOW_VOLTAGE_LIMIT_V = 550;
const LOW_VOLTAGE_SUPPLY_V = 500;
const SHIFT = 1.1;
const CONFIRM_MS = 2000;

/** True when a conductor's voltage to earth is out of range (IEC 61851-23 6.3.1.112.2); false without all three voltages. */
export function isVoltageToEarthTooHigh(sample: IsolationMeasurement, supply: Capabilities): boolean {
  const { voltage_V, voltage_to_earth_l1e_V, voltage_to_earth_l2e_V } = sample;
  if (
    voltage_V === undefined ||
    voltage_to_earth_l1e_V === undefined ||
    voltage_to_earth_l2e_V === undefined
  ) {
    return false;
  }
  if (voltage_V <= supply.min_export_voltage_V) return false;
  const limit = supply.max_export_voltage_V > LOW_VOLTAGE_SUPPLY_V ? SHIFT * voltage_V : LOW_VOLTAGE_LIMIT_V;
  return Math.abs(voltage_to_earth_l1e_V) >= limit || Math.abs(voltage_to_earth_l2e_V) >= limit;
}

/** Confirms a voltage to earth: two or more samples in a row over at least 2 s. */
export class VoltageToEarthWatch {
  #sinceMs: number | undefined;

  reset(): void {
    this.#sinceMs = undefined;
  }

  /** @returns true when the condition is confirmed */
  sample(tooHigh: boolean, nowMs: number): boolean {
    if (!tooHigh) {
      this.#sinceMs = undefined;
      return false;
    }
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      return false;
    }
    return nowMs - this.#sinceMs >= CONFIRM_MS;
  }
}
