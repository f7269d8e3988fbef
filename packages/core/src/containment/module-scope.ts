// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Logger } from '../contract/index.js';
import { Shutdown, toError } from '../exceptions/index.js';
import type { BlockWatch } from '../observability/block-watch.js';
import { ScopedClock } from '../lifecycle/scoped-clock.js';
import { UndoStack } from '../lifecycle/undo-stack.js';
import { currentActivity, runInScope } from './activity.js';

/** What a scope needs from its host. */
export interface ScopeHost {
  readonly clock: Clock;
  readonly blockWatch: BlockWatch;
  /** A subscriber's handler failed: one message is lost, the module goes on. */
  handlerFailed(scope: ModuleScope, error: Error, where: string): void;
  /** Something failed that nobody waits for: the module cannot be trusted any more. */
  crashed(scope: ModuleScope, error: Error, where: string): void;
}

/** One life of one module instance: its undo steps, its clock, its shutdown signal, and the blame for its failures. */
export class ModuleScope {
  readonly undo = new UndoStack();
  readonly clock: Clock;
  readonly #controller = new AbortController();

  constructor(
    readonly moduleId: string,
    readonly log: Logger,
    readonly host: ScopeHost,
  ) {
    this.clock = new ScopedClock(host.clock, this);
  }

  /** Aborted when the instance begins to shut down. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Begins the shutdown of this life. */
  abort(): void {
    if (!this.#controller.signal.aborted)
      this.#controller.abort(new Shutdown(`module ${this.moduleId} is shutting down`));
  }

  /**
   * Runs a callback of the module: attributed to it, timed, and with its failure reported instead of thrown.
   *
   * @param work - may return a promise, which is watched
   * @param report - what its failure means
   * @returns settles with the work, never rejects; undefined when the work was synchronous
   */
  guard(
    handler: string,
    work: () => unknown,
    report: 'handlerFailed' | 'crashed' = 'handlerFailed',
  ): Promise<void> | undefined {
    const watch = this.host.blockWatch;
    const startedMs = watch.begin();
    try {
      const result = runInScope(this, handler, currentActivity()?.trace, work);
      if (isPromiseLike(result))
        return Promise.resolve(result).then(
          () => undefined,
          (thrown: unknown) => {
            this.host[report](this, toError(thrown), handler);
          },
        );
    } catch (thrown) {
      this.host[report](this, toError(thrown), handler);
    } finally {
      watch.end(startedMs, handler);
    }
    return undefined;
  }
}

/** True for promises and what behaves like one. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
