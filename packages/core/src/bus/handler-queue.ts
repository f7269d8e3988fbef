// SPDX-License-Identifier: Apache-2.0
import type { ModuleScope } from '../containment/module-scope.js';
import { Fifo } from './fifo.js';
import type { QueueReport } from './queue-report.js';

/**
 * Hands values to one subscriber, one at a time and in order. While its handler's promise is pending the next values
 * wait; beyond the bound the oldest is dropped and reported.
 */
export class HandlerQueue<T> {
  readonly #waiting = new Fifo<T>();
  #busy = false;
  #held: boolean;
  #closed = false;

  /**
   * @param label - for example `psu/main.capabilities for evse`
   * @param held - true until the consumer is initialised
   */
  constructor(
    private readonly scope: ModuleScope,
    private readonly label: string,
    private readonly queues: QueueReport,
    private readonly handler: (value: T) => unknown,
    held: boolean,
  ) {
    this.#held = held;
  }

  push(value: T): void {
    if (this.#closed) return;
    if (!this.#busy && !this.#held) {
      this.#run(value);
      return;
    }
    if (this.#waiting.length >= this.queues.limit) {
      this.#waiting.shift();
      this.queues.overflow(this.label, this.queues.limit);
    }
    this.#waiting.push(value);
    this.queues.length(this.label, this.#waiting.length);
  }

  /** The consumer is initialised: delivers what came meanwhile, and all that follows. */
  release(): void {
    this.#held = false;
    this.#pump();
  }

  close(): void {
    this.#closed = true;
  }

  #pump(): void {
    while (!this.#busy && !this.#held && !this.#closed && this.#waiting.length > 0) {
      const value = this.#waiting.shift();
      // The queue is not empty, so an undefined value is one that was published.
      this.#run(value as T);
    }
  }

  #run(value: T): void {
    this.#busy = true;
    const pending = this.scope.guard(this.label, () => this.handler(value));
    if (pending === undefined) {
      this.#busy = false;
      return;
    }
    void pending.then(() => {
      this.#busy = false;
      this.#pump();
    });
  }
}
