// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import { sleepOn, type Clock, type TimeoutOptions, type Timer } from './clock.js';

/** Node delays of more than a signed 32-bit number of milliseconds fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * A timer that lets Node wait for all but the end of its time and then looks at each turn of the event loop. Node counts
 * whole milliseconds from the start of the turn in which a timer was set, so it may be a millisecond early as well as late.
 */
class PreciseTimer implements Timer {
  readonly #dueMs: number;
  #timeout: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(
    private readonly callback: () => void,
    delayMs: number,
  ) {
    this.#dueMs = performance.now() + delayMs;
    const coarseMs = Math.floor(delayMs - 1);
    if (coarseMs >= 1) this.#timeout = setTimeout(() => this.#look(), Math.min(coarseMs, LONGEST_DELAY_MS));
    else this.#immediate = setImmediate(() => this.#look());
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    clearImmediate(this.#immediate);
  }

  #look(): void {
    if (performance.now() >= this.#dueMs) this.callback();
    else this.#immediate = setImmediate(() => this.#look());
  }
}

/** The machine's own time. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  setTimeout(callback: () => void, delayMs: number, { precise = false }: TimeoutOptions = {}): Timer {
    if (precise) return new PreciseTimer(callback, delayMs);
    const handle = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS));
    return { cancel: () => clearTimeout(handle) };
  }

  setInterval(callback: () => void, periodMs: number): Timer {
    const handle = setInterval(callback, Math.min(periodMs, LONGEST_DELAY_MS));
    return { cancel: () => clearInterval(handle) };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await sleepOn(this, delayMs, signal);
  }
}

/** The one system clock of the process; it has no state. */
export const systemClock: Clock = new SystemClock();
