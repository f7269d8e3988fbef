// SPDX-License-Identifier: Apache-2.0

/** What is demanded of an output: V and A. */
export interface SetPoint {
  readonly voltage: number;
  readonly current: number;
}

/** Nothing. */
export const NO_POWER: SetPoint = { voltage: 0, current: 0 };

/** What an output can do: V and A, and the power in W. All zero as long as the power unit has not told. */
export interface OutputLimits {
  readonly minVoltage: number;
  readonly maxVoltage: number;
  readonly minCurrent: number;
  readonly maxCurrent: number;
  readonly maxPower: number;
}

/** Before the power unit has told. */
export const NO_LIMITS: OutputLimits = {
  minVoltage: 0,
  maxVoltage: 0,
  minCurrent: 0,
  maxCurrent: 0,
  maxPower: 0,
};

const clamp = (value: number, min: number, max: number): number => Math.min(Math.max(value, min), max);

/** The set-point nearest to `wanted` that the output can do. */
export function withinLimits(wanted: SetPoint, limits: OutputLimits): SetPoint {
  return {
    voltage: clamp(wanted.voltage, limits.minVoltage, limits.maxVoltage),
    current: clamp(wanted.current, limits.minCurrent, limits.maxCurrent),
  };
}

/** Whether an output can deliver anything at all. */
export function isUsable(limits: OutputLimits): boolean {
  return limits.maxCurrent > 0 && limits.maxVoltage > 0 && limits.maxPower > 0;
}
