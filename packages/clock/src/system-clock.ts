// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import { sleepOn, type Clock, type TimeoutOptions, type Timer } from './clock.js';
import { LONGEST_DELAY_MS, PreciseTimer } from './precise-timer.js';

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
