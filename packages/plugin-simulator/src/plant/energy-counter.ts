// SPDX-License-Identifier: Apache-2.0

const MS_PER_HOUR = 3_600_000;

/** Integrates power over time; the value before a change counts until the change. */
export class EnergyCounter {
  #energyWh = 0;
  #powerW = 0;
  #sinceMs: number;

  /** @param nowMs - monotonic milliseconds */
  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** Says that from `nowMs` on `powerW` flows. */
  setPower(powerW: number, nowMs: number): void {
    this.#settle(nowMs);
    this.#powerW = powerW;
  }

  /** Energy until `nowMs`, Wh. */
  energyWh(nowMs: number): number {
    this.#settle(nowMs);
    return this.#energyWh;
  }

  #settle(nowMs: number): void {
    this.#energyWh += (this.#powerW * Math.max(0, nowMs - this.#sinceMs)) / MS_PER_HOUR;
    this.#sinceMs = nowMs;
  }
}
