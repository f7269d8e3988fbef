// SPDX-License-Identifier: Apache-2.0

/** Limits of over-voltage protection in V. */
export interface OverVoltageLimits {
  readonly emergencyV: number;
  readonly errorV: number;
}

/** Emergency limits of IEC 61851-23 table 103 by the largest voltage of the EV or the EVSE. */
const EMERGENCY_V: readonly (readonly [uptoV: number, limitV: number])[] = [
  [500, 550],
  [750, 825],
  [850, 935],
  [1000, 1100],
];
const HIGHEST_EMERGENCY_V = 1375;
const FALLBACK_EV_MAXIMUM_V = 500;

/**
 * A measurement error of this part of the limit is not taken for over-voltage: an EV may request exactly its maximum.
 */
const MEASUREMENT_ERROR = 0.005;

/** Limits for an EV; 500 V are assumed while its maximum is unknown. */
export function overVoltageLimits(evMaximumV: number | undefined, supplyMaximumV: number): OverVoltageLimits {
  const errorV = evMaximumV ?? FALLBACK_EV_MAXIMUM_V;
  const negotiated = Math.min(errorV, supplyMaximumV);
  const row = EMERGENCY_V.find(([upto]) => negotiated <= upto);
  return { emergencyV: row?.[1] ?? HIGHEST_EMERGENCY_V, errorV };
}

/** A violation that was found. */
export interface OverVoltage {
  readonly voltageV: number;
  readonly limitV: number;
  readonly emergency: boolean;
}

/**
 * Watches the output voltage during the charge loop. Emergency limit: at once. Limit of the EV: when exceeded without
 * a pause for the configured time. Latches after a fault until it is started again.
 */
export class OverVoltageMonitor {
  #limits: OverVoltageLimits | undefined;
  #active = false;
  #faulted = false;
  #aboveSinceMs: number | undefined;
  #highestV = 0;

  constructor(private readonly durationMs: number) {}

  setLimits(limits: OverVoltageLimits): void {
    this.#limits = limits;
  }

  start(): void {
    this.reset();
    this.#active = true;
  }

  stop(): void {
    this.#active = false;
    this.#aboveSinceMs = undefined;
  }

  reset(): void {
    this.#faulted = false;
    this.#aboveSinceMs = undefined;
    this.#highestV = 0;
  }

  /** When {@link OverVoltageMonitor.check} has to be called, undefined while the voltage is in order. */
  get deadlineMs(): number | undefined {
    return this.#aboveSinceMs === undefined ? undefined : this.#aboveSinceMs + this.durationMs;
  }

  /** Takes a measurement. */
  measure(voltageV: number, nowMs: number): OverVoltage | undefined {
    const limits = this.#limits;
    if (!this.#active || this.#faulted || limits === undefined) return undefined;
    if (voltageV >= limits.emergencyV) return this.#fault(voltageV, limits.emergencyV, true);
    if (voltageV <= limits.errorV * (1 + MEASUREMENT_ERROR)) {
      this.#aboveSinceMs = undefined;
      this.#highestV = 0;
      return undefined;
    }
    this.#highestV = Math.max(this.#highestV, voltageV);
    this.#aboveSinceMs ??= nowMs;
    return this.check(nowMs);
  }

  /** Looks whether the time is over. */
  check(nowMs: number): OverVoltage | undefined {
    const limits = this.#limits;
    if (!this.#active || this.#faulted || limits === undefined) return undefined;
    const deadline = this.deadlineMs;
    if (deadline === undefined || nowMs < deadline) return undefined;
    return this.#fault(this.#highestV, limits.errorV, false);
  }

  #fault(voltageV: number, limitV: number, emergency: boolean): OverVoltage {
    this.#faulted = true;
    this.#aboveSinceMs = undefined;
    return { voltageV, limitV, emergency };
  }
}
