// SPDX-License-Identifier: Apache-2.0
import type { Subscription } from '../contract/index.js';
import { subscription } from '../lifecycle/subscription.js';

/** Who has called an implementation, so that it can be told when one of them is gone. */
export class Callers {
  readonly #known = new Set<string>();
  readonly #listeners = new Set<(moduleId: string) => void>();
  #last: string | undefined;

  /** A call came. */
  note(origin: string): void {
    if (origin === this.#last) return;
    this.#last = origin;
    this.#known.add(origin);
  }

  /** A module is gone without having taken leave. Does nothing when it never called, or was told of already. */
  lost(moduleId: string): void {
    if (!this.#known.delete(moduleId)) return;
    this.#last = undefined;
    for (const listener of [...this.#listeners]) listener(moduleId);
  }

  onLost(listener: (moduleId: string) => void): Subscription {
    this.#listeners.add(listener);
    return subscription(() => void this.#listeners.delete(listener));
  }

  /** Another instance takes the place; nobody has called it yet. */
  forget(): void {
    this.#known.clear();
    this.#last = undefined;
  }
}
