// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { Bus } from '../bus/bus.js';
import type { Logger } from '../contract/index.js';
import { NotReady, toError } from '../exceptions/index.js';
import type { ModuleSlot } from './module-slot.js';
import { RestartCounter } from './restart-policy.js';

/** What the supervisor needs of its runtime. */
export interface SupervisorHost {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly log: Logger;
}

/**
 * Takes a module that failed out of service and starts it again after a delay that grows. The modules beside it go on:
 * calls to it fail typed, and where its interface has an error for it, that is raised.
 */
export class Supervisor {
  readonly #counters = new Map<string, RestartCounter>();
  readonly #restarts = new Map<string, number>();
  readonly #timers = new Map<string, Timer>();
  #stopped = false;

  constructor(private readonly host: SupervisorHost) {}

  /** Restarts of a module since the start of the runtime. */
  restarts(moduleId: string): number {
    return this.#restarts.get(moduleId) ?? 0;
  }

  /** A running module failed. */
  failed(slot: ModuleSlot, error: Error): void {
    if (this.#stopped || slot.state !== 'running') return;
    this.#takeOut(slot, error);
    void slot.exclusive(async () => {
      await slot.unload();
      this.#schedule(slot, error);
    });
  }

  /** A module could not be brought back after something else failed (a swap). */
  lost(slot: ModuleSlot, error: Error): void {
    if (this.#stopped) return;
    this.#takeOut(slot, error);
    this.#schedule(slot, error);
  }

  /** No restarts from now on. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #takeOut(slot: ModuleSlot, error: Error): void {
    slot.moveTo('failed', error.message);
    slot.endpoint.gate.refuse(`has failed: ${error.message}`);
    slot.endpoint.interrupt(
      new NotReady(`module ${slot.id} failed while it served the call: ${error.message}`),
    );
    for (const [, errors] of slot.endpoint.errors())
      errors.raiseFault(`module ${slot.id} failed: ${error.message}`);
  }

  #schedule(slot: ModuleSlot, error: Error): void {
    if (this.#stopped) return;
    let counter = this.#counters.get(slot.id);
    if (counter === undefined) {
      counter = new RestartCounter(slot.entry.restart);
      this.#counters.set(slot.id, counter);
    }
    const delayMs = counter.next(this.host.clock.monotonic());
    if (delayMs === undefined) {
      slot.moveTo('failed', `${error.message}; it is not started again`);
      this.host.log.error('a module failed and is not started again', {
        moduleId: slot.id,
        restarts: counter.attempts,
        err: error,
      });
      return;
    }
    this.host.log.warn('a module failed and will be started again', { moduleId: slot.id, delayMs });
    const timer = this.host.clock.setTimeout(() => {
      this.#timers.delete(slot.id);
      void slot.exclusive(async () => this.#restart(slot));
    }, delayMs);
    this.#timers.set(slot.id, timer);
  }

  async #restart(slot: ModuleSlot): Promise<void> {
    if (this.#stopped || slot.state !== 'failed') return;
    this.#restarts.set(slot.id, this.restarts(slot.id) + 1);
    try {
      await slot.bringUp(this.host.bus);
      this.host.log.info('a module was started again', { moduleId: slot.id });
    } catch (thrown) {
      const error = toError(thrown);
      this.host.log.error('a module could not be started again', { moduleId: slot.id, err: error });
      this.#takeOut(slot, error);
      await slot.unload();
      this.#schedule(slot, error);
    }
  }
}
