// SPDX-License-Identifier: Apache-2.0
import type { Powermeter } from '../interface-types.js';

/** Options of the soft over-current supervision. */
export interface OverCurrentConfig {
  readonly tolerancePercent: number;
  readonly noiseA: number;
  readonly timeoutMs: number;
}

/** A current that stayed above the limit. */
export interface OverCurrent {
  readonly limitA: number;
  readonly currentsA: readonly [number, number, number];
}

/** Compares the currents of all phases with what was signalled to the EV. */
export class SoftOverCurrent {
  #sinceMs: number | undefined;

  constructor(private readonly config: OverCurrentConfig) {}

  reset(): void {
    this.#sinceMs = undefined;
  }

  /** @param signalledA - current that the EV was allowed per phase */
  check(signalledA: number, meter: Powermeter | undefined, nowMs: number): OverCurrent | undefined {
    const { L1, L2, L3 } = meter?.current_A ?? {};
    if (L1 === undefined || L2 === undefined || L3 === undefined) return undefined;
    const limitA = (signalledA + this.config.noiseA) * (1 + this.config.tolerancePercent / 100);
    if (Math.max(L1, L2, L3) <= limitA) {
      this.#sinceMs = undefined;
      return undefined;
    }
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs < this.config.timeoutMs) return undefined;
    this.#sinceMs = undefined;
    return { limitA, currentsA: [L1, L2, L3] };
  }
}
