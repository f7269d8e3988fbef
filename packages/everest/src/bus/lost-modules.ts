// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import { readModuleList } from './module-list.js';

/** Retained lists of lost modules arrive within this time after a reconnect. */
const CONFIRM_MS = 500;

/** Modules whose processes are known to be gone, as the retained lists say. */
export class LostModules {
  /** Modules by process. */
  readonly #lists = new Map<string, readonly string[]>();
  #confirmed = new Set<string>();
  #timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly changed: (moduleId: string, lost: boolean) => void,
  ) {}

  has(moduleId: string): boolean {
    return [...this.#lists.values()].some((modules) => modules.includes(moduleId));
  }

  /** Takes in what a process's list says; an empty payload means that it is alive. */
  take(processName: string, payload: Buffer): void {
    this.#confirmed.add(processName);
    const modules = readModuleList(payload);
    const before = this.#lists.get(processName) ?? [];
    if (modules.length === 0) this.#lists.delete(processName);
    else this.#lists.set(processName, modules);
    for (const id of modules) if (!before.includes(id)) this.changed(id, true);
    for (const id of before) if (!this.has(id)) this.changed(id, false);
  }

  /** After a reconnect the lists come again; one that does not was cleared meanwhile. */
  reconnected(): void {
    this.#confirmed = new Set();
    this.#timer?.cancel();
    this.#timer = this.clock.setTimeout(() => {
      for (const name of [...this.#lists.keys()])
        if (!this.#confirmed.has(name)) this.take(name, Buffer.alloc(0));
    }, CONFIRM_MS);
  }

  close(): void {
    this.#timer?.cancel();
  }
}
