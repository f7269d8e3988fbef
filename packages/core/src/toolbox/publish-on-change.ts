// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Timer } from '@carabiner/clock';
import type { Subscription } from '../contract/index.js';

/** When a value is published. */
export interface PublishOnChangeOptions<T> {
  readonly clock: Clock;
  readonly publish: (value: T) => void;
  /** True when two values are the same to consumers; default deep equality. See {@link within}. */
  readonly equal?: (a: T, b: T) => boolean;
  /** At least this many milliseconds between two publications; the last value of a burst is not lost. Default 0. */
  readonly minIntervalMs?: number;
  /** The last value is published again after this many milliseconds without change; never by default. */
  readonly maxIntervalMs?: number;
}

/** Publishes a value when it changed, not more often than wanted, and now and then when it did not. */
export class PublishOnChange<T> implements Subscription {
  #last: { readonly value: T } | undefined;
  #next: { readonly value: T } | undefined;
  #publishedMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(private readonly options: PublishOnChangeOptions<T>) {}

  /** The value is now this. */
  update(value: T): void {
    if (this.#stopped) return;
    const { clock, equal = isDeepStrictEqual, minIntervalMs = 0 } = this.options;
    if (this.#last !== undefined && equal(this.#last.value, value)) {
      // Back at what consumers know: the change in between was too short for them.
      this.#next = undefined;
      return;
    }
    const waitMs = this.#publishedMs + minIntervalMs - clock.monotonic();
    if (waitMs > 0) {
      this.#next = { value };
      this.#arm(waitMs);
    } else this.#publish(value);
  }

  /** The next value is published even when it is the same; for a consumer that was started anew. */
  forget(): void {
    this.#last = undefined;
  }

  unsubscribe(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.unsubscribe();
  }

  #publish(value: T): void {
    const { clock, publish, maxIntervalMs } = this.options;
    this.#last = { value };
    this.#next = undefined;
    this.#publishedMs = clock.monotonic();
    this.#timer?.cancel();
    this.#timer = undefined;
    if (maxIntervalMs !== undefined) this.#arm(maxIntervalMs);
    publish(value);
  }

  #arm(delayMs: number): void {
    this.#timer?.cancel();
    this.#timer = this.options.clock.setTimeout(() => {
      this.#timer = undefined;
      const due = this.#next ?? (this.options.maxIntervalMs === undefined ? undefined : this.#last);
      if (due !== undefined && !this.#stopped) this.#publish(due.value);
    }, delayMs);
  }
}

/** Equality of numbers that differ by at most `tolerance`. */
export function within(tolerance: number): (a: number, b: number) => boolean {
  return (a, b) => Math.abs(a - b) <= tolerance;
}
