// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import { checkFault, type Fault, type FaultName, type FaultRequest } from './fault-catalogue.js';

interface ActiveFault {
  readonly fault: Fault;
  readonly timer: Timer | undefined;
}

/** The faults that are switched on. */
export class FaultSet {
  readonly #active = new Map<string, ActiveFault>();
  readonly #listeners = new Set<(faults: readonly Fault[]) => void>();

  constructor(private readonly clock: Clock) {}

  /** The oldest first. */
  get active(): readonly Fault[] {
    return [...this.#active.values()].map(({ fault }) => fault);
  }

  /**
   * Switches a fault on; one with the same name, connector and target is replaced.
   *
   * @throws FaultError when there is no such fault
   */
  inject(request: FaultRequest): Fault {
    const fault = checkFault(request);
    const id = identify(fault);
    this.#remove(id);
    const timer =
      fault.durationS === undefined
        ? undefined
        : this.clock.setTimeout(() => {
            this.#remove(id);
            this.#changed();
          }, fault.durationS * 1000);
    this.#active.set(id, { fault, timer });
    this.#changed();
    return fault;
  }

  /** Switches faults of one kind off, or all of them. */
  clear(name?: string): void {
    const ids = [...this.#active].filter(([, { fault }]) => name === undefined || fault.name === name);
    for (const [id] of ids) this.#remove(id);
    if (ids.length > 0) this.#changed();
  }

  /** Switches exactly this fault off. */
  remove(fault: Fault): void {
    const id = identify(fault);
    if (!this.#active.has(id)) return;
    this.#remove(id);
    this.#changed();
  }

  /** The active fault of this kind that concerns the connector; one for all connectors counts. */
  find(name: FaultName, connector?: number): Fault | undefined {
    return this.all(name).find((fault) => fault.connector === undefined || fault.connector === connector);
  }

  /** All active faults of a kind. */
  all(name: FaultName): readonly Fault[] {
    return this.active.filter((fault) => fault.name === name);
  }

  /** Calls `listener` on each change. Returns how to stop. */
  onChange(listener: (faults: readonly Fault[]) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets everything, without telling anybody. */
  dispose(): void {
    this.#listeners.clear();
    for (const id of [...this.#active.keys()]) this.#remove(id);
  }

  #remove(id: string): void {
    this.#active.get(id)?.timer?.cancel();
    this.#active.delete(id);
  }

  #changed(): void {
    const faults = this.active;
    for (const listener of this.#listeners) listener(faults);
  }
}

function identify({ name, connector, target }: Fault): string {
  return `${name} ${connector ?? 'all'} ${target ?? ''}`;
}
