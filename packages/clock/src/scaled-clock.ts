// SPDX-License-Identifier: Apache-2.0
import { sleepOn, type Clock, type TimeoutOptions, type Timer } from './clock.js';

/**
 * Another clock, running faster or slower.
 *
 * A bench that charges a car in 40 s instead of 40 minutes hands this clock to every module: time stamps, energy and
 * time-outs stay consistent with each other. Real sockets keep their real latency, which then looks `factor` times longer.
 */
export class ScaledClock implements Clock {
  readonly #baseWallMs: number;
  readonly #baseMonotonicMs: number;

  /**
   * @param base - the clock that really passes
   * @param factor - how many milliseconds pass here in one of `base`; more than 0
   * @param epochMs - wall-clock time of `base` at which both clocks agree; processes that share it share their time
   * @throws RangeError when `factor` is not a positive number
   */
  constructor(
    private readonly base: Clock,
    readonly factor: number,
    private readonly epochMs: number = base.now(),
  ) {
    if (!(factor > 0) || !Number.isFinite(factor)) {
      throw new RangeError(`the time factor must be a number above 0, got ${factor}`);
    }
    this.#baseWallMs = base.now();
    this.#baseMonotonicMs = base.monotonic();
  }

  now(): number {
    const realMs = this.#baseWallMs + (this.base.monotonic() - this.#baseMonotonicMs);
    return Math.round(this.epochMs + (realMs - this.epochMs) * this.factor);
  }

  monotonic(): number {
    return this.base.monotonic() * this.factor;
  }

  setTimeout(callback: () => void, delayMs: number, options?: TimeoutOptions): Timer {
    return this.base.setTimeout(callback, Math.max(0, delayMs) / this.factor, options);
  }

  setInterval(callback: () => void, periodMs: number): Timer {
    // Chained to due times: a period below the base's resolution must not make time run slow.
    let dueMs = this.monotonic() + periodMs;
    let cancelled = false;
    const step = (): void => {
      if (cancelled) return;
      dueMs = Math.max(dueMs + periodMs, this.monotonic());
      timer = this.setTimeout(step, dueMs - this.monotonic());
      callback();
    };
    let timer = this.setTimeout(step, periodMs);
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await sleepOn(this, delayMs, signal);
  }
}
