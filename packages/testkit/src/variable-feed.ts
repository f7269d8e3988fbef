// SPDX-License-Identifier: Apache-2.0
import type { Subscription } from '@carabiner/core';
import { subscription } from './subscription.js';

type Handler = (value: unknown) => void | Promise<void>;

/** One variable on its way to its subscribers: each gets the values in order, the next when it has done with one. */
export class VariableFeed {
  readonly #subscribers = new Set<(value: unknown) => void>();
  readonly #onEnd = new Set<() => void>();
  #ended = false;

  constructor(private readonly onHandlerError: (error: unknown) => void) {}

  push(value: unknown): void {
    for (const deliver of [...this.#subscribers]) deliver(value);
  }

  /** No more values; streams end. */
  end(): void {
    this.#ended = true;
    this.#subscribers.clear();
    for (const onEnd of this.#onEnd) onEnd();
    this.#onEnd.clear();
  }

  subscribe(handler: Handler): Subscription {
    const waiting: unknown[] = [];
    let busy = false;
    let stopped = false;
    const drain = async (): Promise<void> => {
      busy = true;
      // As on a real bus a subscriber runs outside of the publisher's stack.
      await Promise.resolve();
      while (waiting.length > 0 && !stopped && !this.#ended) {
        const value = waiting.shift();
        try {
          await handler(value);
        } catch (error) {
          this.onHandlerError(error);
        }
      }
      busy = false;
    };
    const deliver = (value: unknown): void => {
      waiting.push(value);
      if (!busy) void drain();
    };
    this.#subscribers.add(deliver);
    return subscription(() => {
      stopped = true;
      this.#subscribers.delete(deliver);
    });
  }

  async *stream(signal?: AbortSignal): AsyncGenerator {
    const waiting: unknown[] = [];
    let wake: (() => void) | undefined;
    const notify = (): void => {
      wake?.();
    };
    const deliver = (value: unknown): void => {
      waiting.push(value);
      notify();
    };
    this.#subscribers.add(deliver);
    this.#onEnd.add(notify);
    signal?.addEventListener('abort', notify);
    try {
      while (!this.#ended && signal?.aborted !== true) {
        if (waiting.length > 0) {
          yield waiting.shift();
          continue;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      this.#subscribers.delete(deliver);
      this.#onEnd.delete(notify);
      signal?.removeEventListener('abort', notify);
    }
  }
}
