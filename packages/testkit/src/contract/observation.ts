// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Subscription } from '@carabiner/core';
import { AssertionError } from 'chai';

/** Values of a variable with the times at which they came, from the moment of its making. */
export class Observation<T> implements Disposable {
  readonly values: { readonly value: T; readonly at: number }[] = [];
  readonly #startMs: number;
  readonly #subscription: Subscription;

  constructor(
    private readonly clock: Clock,
    subscribe: (handler: (value: T) => void) => Subscription,
  ) {
    this.#startMs = clock.monotonic();
    this.#subscription = subscribe((value) => this.values.push({ value, at: this.#nowMs }));
  }

  /** The longest time without a value, the present pause included, milliseconds. */
  get longestPauseMs(): number {
    const times = [0, ...this.values.map(({ at }) => at), this.#nowMs];
    return Math.max(...times.map((at, index) => at - (times[index - 1] ?? 0)));
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe();
  }

  get #nowMs(): number {
    return this.clock.monotonic() - this.#startMs;
  }
}

/**
 * Asserts a demand of a rule.
 *
 * @throws AssertionError with `message`
 */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new AssertionError(message);
}
