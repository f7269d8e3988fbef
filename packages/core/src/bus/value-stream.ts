// SPDX-License-Identifier: Apache-2.0
import { Fifo } from './fifo.js';
import type { QueueReport } from './queue-report.js';

/** Values of a variable for `for await`. Beyond the bound the oldest value is dropped and reported. */
export class ValueStream<T> implements AsyncIterableIterator<T> {
  readonly #values = new Fifo<{ readonly value: T }>();
  readonly #readers: ((result: IteratorResult<T>) => void)[] = [];
  #ended = false;

  /** @param onEnd - called once, however the stream ends */
  constructor(
    private readonly label: string,
    private readonly queues: QueueReport,
    private readonly onEnd: () => void,
  ) {}

  push(value: T): void {
    if (this.#ended) return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value });
      return;
    }
    if (this.#values.length >= this.queues.limit) {
      this.#values.shift();
      this.queues.overflow(this.label, this.queues.limit);
    }
    this.#values.push({ value });
    this.queues.length(this.label, this.#values.length);
  }

  /** Ends the stream; what waits can still be read. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onEnd();
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T>> {
    const first = this.#values.shift();
    if (first !== undefined) return Promise.resolve({ done: false, value: first.value });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<IteratorResult<T>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
