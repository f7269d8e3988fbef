// SPDX-License-Identifier: Apache-2.0
import type { ModuleScope } from '../containment/module-scope.js';
import type { ErrorHandlers, ErrorMonitor, RaisedError, Subscription } from '../contract/index.js';
import { subscription } from '../lifecycle/subscription.js';

interface Watcher {
  readonly type: string;
  readonly handlers: ErrorHandlers;
}

/**
 * The consumer's view of errors: keeps the active ones and tells subscribers of changes.
 *
 * An error is known by type, sub type and origin. Raised twice, it is told once; cleared without having been raised, not
 * at all.
 */
export class ErrorState implements ErrorMonitor {
  readonly #active = new Map<string, RaisedError>();
  readonly #watchers = new Set<Watcher>();
  #held: RaisedError[] | undefined = [];

  /**
   * @param scope - the consumer, which is blamed for its handlers' failures
   * @param label - for example `errors of psu/main for evse`
   */
  constructor(
    private readonly scope: ModuleScope,
    private readonly label: string,
    active: readonly RaisedError[] = [],
  ) {
    for (const error of active) this.#active.set(keyOf(error), error);
  }

  get active(): readonly RaisedError[] {
    return [...this.#active.values()];
  }

  isActive(type: string, subType = ''): boolean {
    for (const error of this.#active.values())
      if (error.type === type && error.sub_type === subType) return true;
    return false;
  }

  subscribe(type: string, handlers: ErrorHandlers): Subscription {
    const watcher: Watcher = { type, handlers };
    this.#watchers.add(watcher);
    const forget = this.scope.undo.add(() => void this.#watchers.delete(watcher));
    return subscription(() => {
      forget();
      this.#watchers.delete(watcher);
    });
  }

  /** Takes in an error that was raised or cleared. */
  take(error: RaisedError): void {
    const key = keyOf(error);
    if (error.state === 'Active') {
      if (this.#active.has(key)) return;
      this.#active.set(key, error);
    } else if (!this.#active.delete(key)) return;
    if (this.#held === undefined) this.#tell(error);
    else this.#held.push(error);
  }

  /** The consumer is initialised: subscribers hear what happened meanwhile, and all that follows. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const error of held) this.#tell(error);
  }

  #tell(error: RaisedError): void {
    for (const { type, handlers } of [...this.#watchers]) {
      if (type !== '*' && type !== error.type) continue;
      const handler = error.state === 'Active' ? handlers.raised : handlers.cleared;
      if (handler !== undefined) void this.scope.guard(this.label, () => handler(error));
    }
  }
}

function keyOf({ type, sub_type, origin }: RaisedError): string {
  return `${type}\n${sub_type}\n${origin.module_id}\n${origin.implementation_id}`;
}
