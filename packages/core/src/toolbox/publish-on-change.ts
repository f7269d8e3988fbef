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
      if (this.#next !== undefined) this.#await(undefined);
      return;
    }
    const waitMs = this.#publishedMs + minIntervalMs - clock.monotonic();
    if (waitMs > 0) this.#await({ value });
    else this.#publish(value);
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
    this.#last = { value };
    this.#publishedMs = this.options.clock.monotonic();
    this.#await(undefined);
    this.options.publish(value);
  }

  /** Sets the timer for what is to be published next: a value that was held back, or the last one again. */
  #await(next: { readonly value: T } | undefined): void {
    const { clock, minIntervalMs = 0, maxIntervalMs } = this.options;
    this.#next = next;
    this.#timer?.cancel();
    this.#timer = undefined;
    const intervalMs = next === undefined ? maxIntervalMs : minIntervalMs;
    if (intervalMs === undefined) return;
    this.#timer = clock.setTimeout(
      () => {
        const due = this.#next ?? this.#last;
        if (due !== undefined) this.#publish(due.value);
      },
      Math.max(0, this.#publishedMs + intervalMs - clock.monotonic()),
    );
  }
}

/** Equality of numbers that differ by at most `tolerance`. */
export function within(tolerance: number): (a: number, b: number) => boolean {
  return (a, b) => Math.abs(a - b) <= tolerance;
}
