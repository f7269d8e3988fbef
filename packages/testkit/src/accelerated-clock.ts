// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock, type Timer } from '@carabiner/clock';

/**
 * Real time, only faster. For drivers with a real socket: sockets cannot wait for a virtual clock, and tests should not
 * wait for a real one.
 */
export class AcceleratedClock implements Clock {
  readonly #startMs = systemClock.monotonic();
  readonly #originMs = systemClock.now();

  /** @param factor - how many milliseconds of this clock pass in one of real time; 10 leaves sockets time enough */
  constructor(readonly factor = 10) {}

  now(): number {
    return this.#originMs + this.monotonic();
  }

  monotonic(): number {
    return (systemClock.monotonic() - this.#startMs) * this.factor;
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    return systemClock.setTimeout(callback, delayMs / this.factor);
  }

  setInterval(callback: () => void, periodMs: number): Timer {
    return systemClock.setInterval(callback, periodMs / this.factor);
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await systemClock.sleep(delayMs / this.factor, signal);
  }
}
