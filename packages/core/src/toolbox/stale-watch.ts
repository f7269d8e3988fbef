// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { Subscription } from '../contract/index.js';

/** When something counts as gone. */
export interface StaleWatchOptions {
  readonly clock: Clock;
  /** Milliseconds without a sign of life. */
  readonly limitMs: number;
  /** Told once when there was none for so long. */
  readonly onStale: () => void;
  /** Told at the first sign of life after that. */
  readonly onFresh?: () => void;
}

/** Watches that signs of life keep coming. Begins to count when it is made. */
export class StaleWatch implements Subscription {
  #timer: Timer | undefined;
  #seenMs: number;
  #stale = false;
  #stopped = false;

  constructor(private readonly options: StaleWatchOptions) {
    this.#seenMs = options.clock.monotonic();
    this.#arm(options.limitMs);
  }

  get stale(): boolean {
    return this.#stale;
  }

  /** Milliseconds since the last sign of life. */
  get ageMs(): number {
    return this.options.clock.monotonic() - this.#seenMs;
  }

  /** A sign of life. Cheap: it does not touch the timer. */
  seen(): void {
    if (this.#stopped) return;
    this.#seenMs = this.options.clock.monotonic();
    if (!this.#stale) return;
    this.#stale = false;
    this.#arm(this.options.limitMs);
    this.options.onFresh?.();
  }

  unsubscribe(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.unsubscribe();
  }

  #arm(delayMs: number): void {
    this.#timer = this.options.clock.setTimeout(() => {
      const leftMs = this.options.limitMs - this.ageMs;
      if (leftMs > 0) {
        this.#arm(leftMs);
        return;
      }
      this.#timer = undefined;
      this.#stale = true;
      this.options.onStale();
    }, delayMs);
  }
}
