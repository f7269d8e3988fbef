// SPDX-License-Identifier: Apache-2.0
import type { Clock, TimeoutOptions, Timer } from '@carabiner/clock';
import { toError } from '@carabiner/core';

/**
 * The clock that the module under test gets. As with a real host its timers end with the module, and what a callback
 * throws is reported instead of ending the process.
 */
export class ModuleClock implements Clock {
  readonly #endings = new Set<() => void>();
  #ended = false;

  constructor(
    private readonly clock: Clock,
    private readonly onCallbackError: (error: Error) => void,
  ) {}

  now(): number {
    return this.clock.now();
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  setTimeout(callback: () => void, delayMs: number, options?: TimeoutOptions): Timer {
    const timer = this.clock.setTimeout(
      () => {
        this.#endings.delete(ending);
        this.#guard(callback);
      },
      delayMs,
      options,
    );
    const ending = this.#track(() => timer.cancel());
    return { cancel: () => this.#finish(ending) };
  }

  setInterval(callback: () => void, periodMs: number): Timer {
    const timer = this.clock.setInterval(() => this.#guard(callback), periodMs);
    const ending = this.#track(() => timer.cancel());
    return { cancel: () => this.#finish(ending) };
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const ending = this.#track(() => ended.abort(new Error('the module was shut down')));
    try {
      const signals = signal === undefined ? [ended.signal] : [ended.signal, signal];
      await this.clock.sleep(delayMs, AbortSignal.any(signals));
    } finally {
      this.#endings.delete(ending);
    }
  }

  /** Number of timers the module has running. */
  get pending(): number {
    return this.#endings.size;
  }

  /** Cancels every timer. */
  end(): void {
    this.#ended = true;
    for (const ending of [...this.#endings]) this.#finish(ending);
  }

  #track(ending: () => void): () => void {
    if (this.#ended) ending();
    else this.#endings.add(ending);
    return ending;
  }

  #finish(ending: () => void): void {
    this.#endings.delete(ending);
    ending();
  }

  #guard(callback: () => void): void {
    try {
      callback();
    } catch (thrown) {
      this.onCallbackError(toError(thrown));
    }
  }
}
