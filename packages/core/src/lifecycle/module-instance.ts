// SPDX-License-Identifier: Apache-2.0
import { withTimeout, TimeoutError } from '@carabiner/clock';
import { currentActivity, runInScope } from '../containment/activity.js';
import type { ModuleScope } from '../containment/module-scope.js';
import { toError } from '../exceptions/index.js';
import type { AnyModule } from '../injection/module-class.js';
import { ModuleStepError, type LifeStep } from './lifecycle-errors.js';

/** One constructed module with its scope: runs the steps of its life, each bounded and attributed. */
export class ModuleInstance {
  /** Set by {@link ModuleInstance.crash}; a step that is under way ends with it. */
  readonly #crashed: Promise<never>;
  #crash!: (error: Error) => void;

  constructor(
    readonly module: AnyModule,
    readonly scope: ModuleScope,
    /** Things that wait for the module to be initialised. */
    private readonly held: readonly { release(): void }[],
  ) {
    this.#crashed = new Promise((_resolve, reject) => {
      this.#crash = reject;
    });
    this.#crashed.catch(() => undefined);
  }

  async init(timeoutMs: number): Promise<void> {
    await this.#step('init', timeoutMs, () => this.module.init());
    for (const held of this.held) held.release();
  }

  async ready(timeoutMs: number): Promise<void> {
    await this.#step('ready', timeoutMs, () => this.module.ready());
  }

  /** An uncaught failure of the module ends the step that is under way. */
  crash(error: Error): void {
    this.#crash(error);
  }

  /**
   * Shuts the module down and undoes its side effects. Goes through to the end whatever fails.
   *
   * @returns what failed
   */
  async unload(timeoutMs: number): Promise<readonly Error[]> {
    const failures: Error[] = [];
    this.scope.abort();
    this.#crash(toError(this.scope.signal.reason));
    try {
      await this.#step('shutdown', timeoutMs, () => this.module.shutdown(), false);
    } catch (thrown) {
      failures.push(toError(thrown));
    }
    failures.push(...(await this.scope.undo.unwind()));
    return failures;
  }

  async #step(
    step: LifeStep,
    timeoutMs: number,
    perform: () => void | Promise<void>,
    endsWithCrash = true,
  ): Promise<void> {
    const { scope } = this;
    const handler = `${scope.moduleId}.${step}`;
    const watch = scope.host.blockWatch;
    try {
      const startedMs = watch.begin();
      const running = runInScope(scope, handler, currentActivity()?.trace, async () => perform());
      watch.end(startedMs, handler);
      const work = endsWithCrash ? Promise.race([running, this.#crashed]) : running;
      await withTimeout(scope.host.clock, work, timeoutMs, handler);
    } catch (thrown) {
      const cause = toError(thrown);
      throw new ModuleStepError(
        scope.moduleId,
        step,
        cause instanceof TimeoutError ? `did not finish within ${timeoutMs} ms` : `failed: ${cause.message}`,
        cause,
      );
    }
  }
}
