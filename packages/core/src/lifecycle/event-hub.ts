// SPDX-License-Identifier: Apache-2.0
import type { Logger, Subscription } from '../contract/index.js';
import { toError } from '../exceptions/index.js';
import type { RuntimeEvent } from './runtime-events.js';
import { subscription } from './subscription.js';

/** Tells observers what happens. One that fails is logged: a module that publishes must not pay for who looks on. */
export class EventHub {
  readonly #observers = new Set<(event: RuntimeEvent) => void>();

  constructor(private readonly log: Logger) {}

  /** False when nobody listens, so that an event need not be made. */
  get observed(): boolean {
    return this.#observers.size > 0;
  }

  observe(listener: (event: RuntimeEvent) => void): Subscription {
    // A wrapper, since the same function may observe twice.
    const own = (event: RuntimeEvent): void => listener(event);
    this.#observers.add(own);
    return subscription(() => void this.#observers.delete(own));
  }

  tell(event: RuntimeEvent): void {
    for (const observer of this.#observers)
      try {
        observer(event);
      } catch (thrown) {
        this.log.error('an observer failed', { err: toError(thrown) });
      }
  }
}
