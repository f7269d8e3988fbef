// SPDX-License-Identifier: Apache-2.0
import type { Clock, ScaledClock } from '@carabiner/clock';
import {
  createRuntime,
  type RaisedError,
  type Runtime,
  type RuntimeEvent,
  type RuntimeOptions,
} from '@carabiner/core';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import type { Powermeter } from '@carabiner/interfaces/types/powermeter';
import type { Output } from '@carabiner/interfaces/types/dc_power_output';
import { distribute, type BrokerName, type DistributedCharger } from './distributed.js';
import { steerMeter } from './meter-device.js';
import type { Composition } from './composition.js';
import { SESSION_STEPS, type Observation } from './observation.js';

/** A condition that did not come true while a scenario waited for it. */
export class ExpectationError extends Error {
  readonly code = 'EXPECTATION_FAILED';
  override readonly name = 'ExpectationError';
}

/** Everything has to be ready within this time of the charger's own clock. */
const READY_LIMIT_MS = 300_000;

interface Waiter {
  readonly check: () => void;
}

/** A charger at work: starts a composition, listens to it, and hands commands to it. */
export class Charger {
  readonly #observations: Observation[] = [];
  readonly #listeners = new Set<(observation: Observation) => void>();
  readonly #waiters = new Set<Waiter>();
  readonly #eventListeners = new Set<(event: RuntimeEvent) => void>();
  readonly #publicKeys = new Map<string, string>();
  readonly #errors = new Map<string, RaisedError>();
  readonly #capable = new Set<string>();
  readonly #composition: Composition;
  readonly #runtime: Runtime;
  #distributed: DistributedCharger | undefined;
  /** Module id of a vehicle → module id of its EVSE. */
  readonly #vehicles: ReadonlyMap<string, string>;
  /** EVSE managers. */
  readonly evses: readonly string[];

  private constructor(
    runtime: Runtime,
    composition: Composition,
    readonly clock: Clock,
  ) {
    this.#runtime = runtime;
    this.#composition = composition;
    this.evses = composition.evses();
    this.#vehicles = new Map(this.evses.map((evse) => [composition.target(evse, 'hlc'), evse]));
    runtime.observe((event) => this.#onEvent(event));
  }

  /**
   * Starts all modules, each in a process of its own.
   *
   * @throws the first module's error when one does not start
   */
  static async startDistributed(
    composition: Composition,
    clock: ScaledClock,
    epochMs: number,
    log: RuntimeOptions['log'] & object,
    broker: BrokerName,
  ): Promise<Charger> {
    const pending: RuntimeEvent[] = [];
    let take = (event: RuntimeEvent): void => void pending.push(event);
    const distributed = await distribute(composition, broker, clock, epochMs, log, (event) => {
      take(event);
    });
    const charger = new Charger(distributed.runtime, composition, clock);
    charger.#distributed = distributed;
    take = (event) => {
      charger.#onEvent(event);
    };
    for (const event of pending) charger.#onEvent(event);
    try {
      await distributed.runtime.start();
    } catch (error) {
      await distributed.close();
      throw error;
    }
    return charger;
  }

  /** Process ids by module id; none when all modules are in this process. */
  get pids(): ReadonlyMap<string, number> {
    return this.#distributed?.manager.pids ?? new Map<string, number>();
  }

  /**
   * Starts all modules.
   *
   * @throws the first module's error when one does not start
   */
  static async start(
    composition: Composition,
    clock: Clock,
    log: RuntimeOptions['log'] & object,
  ): Promise<Charger> {
    const runtime = await createRuntime({ composition: composition.data, clock, log });
    const charger = new Charger(runtime, composition, clock);
    await runtime.start();
    return charger;
  }

  /** Everything observed so far, oldest first. Meter values are not kept. */
  get observations(): readonly Observation[] {
    return this.#observations;
  }

  /** Session events of one EVSE, oldest first. */
  sessionEvents(evse: string): readonly SessionEvent[] {
    return this.#observations.flatMap((seen) =>
      seen.kind === 'session' && seen.evse === evse ? [seen.event] : [],
    );
  }

  /** @returns what ends the listening */
  listen(listener: (observation: Observation) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Public key of the meter that bills at an EVSE, as its driver published it. */
  publicKey(evse: string): string | undefined {
    return this.#publicKeys.get(evse);
  }

  /** True when the meter at an EVSE signs its readings. */
  signs(evse: string): boolean {
    return this.#publicKeys.has(evse);
  }

  /**
   * Waits until every EVSE is enabled and its power supply has said what it can.
   *
   * @throws ExpectationError when that takes too long
   */
  async ready(): Promise<void> {
    for (const evse of this.evses) {
      await this.untilEvent(evse, 'Enabled', READY_LIMIT_MS);
      const supply = this.#composition.target(evse, 'powersupply_DC');
      await this.until(`capabilities of ${supply}`, READY_LIMIT_MS, () => this.#capable.has(supply));
    }
    await this.until('a charger without errors', READY_LIMIT_MS, () => this.activeErrors.length === 0);
  }

  /** Errors that are active anywhere in the charger. */
  get activeErrors(): readonly RaisedError[] {
    return [...this.#errors.values()];
  }

  async call(moduleId: string, implementation: string, command: string, args: object = {}): Promise<unknown> {
    return await this.#runtime.call(moduleId, implementation, command, args);
  }

  /** Runs a vehicle script at an EVSE; returns at once. */
  async vehicle(evse: string, script: string): Promise<void> {
    for (const [vehicle, owner] of this.#vehicles) {
      if (owner === evse) await this.call(vehicle, 'ev', 'execute_charging_session', { value: script });
    }
  }

  /**
   * Waits until `holds` is true of what was observed.
   *
   * @param limitMs - limit in the charger's own time
   * @throws ExpectationError naming `what` when the limit passes
   */
  async until(what: string, limitMs: number, holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        check: () => {
          if (!holds()) return;
          this.#waiters.delete(waiter);
          timer.cancel();
          resolve();
        },
      };
      const timer = this.clock.setTimeout(() => {
        this.#waiters.delete(waiter);
        reject(new ExpectationError(`${what} did not happen within ${limitMs / 1000} s`));
      }, limitMs);
      this.#waiters.add(waiter);
    });
  }

  /** Waits for a session event after the first `after` ones of this EVSE. */
  async untilEvent(evse: string, event: SessionEvent['event'], limitMs: number, after = 0): Promise<void> {
    await this.until(`${event} of ${evse}`, limitMs, () =>
      this.sessionEvents(evse)
        .slice(after)
        .some((seen) => seen.event === event),
    );
  }

  /** Lets the current of the vehicle flow through a simulated meter of another process. */
  feedMeter(controlPort: number): void {
    let last = '';
    this.#eventListeners.add((event) => {
      if (event.kind !== 'variable' || event.name !== 'output' || !this.#vehicles.has(event.moduleId)) return;
      const { voltage_V, current_A } = event.value as Output;
      const next = `${voltage_V.toFixed(1)} ${current_A.toFixed(1)}`;
      if (next === last) return;
      last = next;
      steerMeter(controlPort, 'POST', '/output', { voltage_V, current_A }).catch(() => {
        last = '';
      });
    });
  }

  async stop(): Promise<void> {
    await this.#runtime.stop();
    await this.#distributed?.close();
  }

  #onEvent(event: RuntimeEvent): void {
    for (const listener of this.#eventListeners) listener(event);
    const observation = this.#interpret(event);
    if (observation === undefined) {
      for (const waiter of [...this.#waiters]) waiter.check();
      return;
    }
    if (observation.kind !== 'meter') this.#observations.push(observation);
    for (const listener of this.#listeners) listener(observation);
    for (const waiter of [...this.#waiters]) waiter.check();
  }

  #interpret(event: RuntimeEvent): Observation | undefined {
    switch (event.kind) {
      case 'error': {
        const { type, sub_type, origin, state } = event.error;
        const key = `${origin.module_id}/${origin.implementation_id} ${type} ${sub_type}`;
        if (state === 'Active') this.#errors.set(key, event.error);
        else this.#errors.delete(key);
        return { kind: 'error', error: event.error };
      }
      case 'module':
        return { kind: 'module', moduleId: event.moduleId, state: event.state, reason: event.reason };
      case 'variable':
        return this.#variable(event.moduleId, event.name, event.value);
      case 'runtime':
        return undefined;
    }
  }

  // The values were validated against their interface before they were published.
  #variable(moduleId: string, name: string, value: unknown): Observation | undefined {
    if (name === 'capabilities') this.#capable.add(moduleId);
    if (this.evses.includes(moduleId)) {
      if (name === 'session_event') return { kind: 'session', evse: moduleId, event: value as SessionEvent };
      if (name === 'powermeter_public_key_ocmf') this.#publicKeys.set(moduleId, value as string);
      if (name === 'powermeter') return { kind: 'meter', evse: moduleId, value: value as Powermeter };
      return undefined;
    }
    const evse = this.#vehicles.get(moduleId);
    if (evse === undefined) return undefined;
    if (SESSION_STEPS[name] !== undefined) return { kind: 'step', evse, name };
    if (name === 'dc_ev_status') {
      const { dc_ev_ress_soc } = value as { readonly dc_ev_ress_soc?: number };
      if (dc_ev_ress_soc !== undefined) return { kind: 'soc', evse, percent: dc_ev_ress_soc };
    }
    return undefined;
  }
}
