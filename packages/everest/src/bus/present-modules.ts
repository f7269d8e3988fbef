// SPDX-License-Identifier: Apache-2.0
import { readModuleList } from './module-list.js';

/**
 * Processes that were there before the connection to the broker was lost, and which of them are back. Each comes back in
 * its own time when the broker itself was away, and what is sent to one that has not is lost without a word.
 */
export class PresentModules {
  /** Modules by process, for processes that say when they are there. Those of EVerest do not. */
  readonly #lists = new Map<string, readonly string[]>();
  #awaited = new Set<string>();

  /** @param back - a module that was awaited is there again, or known not to come */
  constructor(private readonly back: (moduleId: string) => void) {}

  /** The module was there, and has not said since the loss that it is back. */
  awaits(moduleId: string): boolean {
    return [...this.#awaited].some((name) => this.#lists.get(name)?.includes(moduleId) === true);
  }

  /** Takes in what a process says; an empty payload means that it leaves. */
  take(processName: string, payload: Buffer): void {
    const modules = readModuleList(payload);
    if (modules.length === 0) {
      this.gone(processName);
      return;
    }
    const before = this.#lists.get(processName) ?? [];
    this.#lists.set(processName, modules);
    if (this.#awaited.delete(processName)) for (const id of new Set([...before, ...modules])) this.back(id);
  }

  /** The process has ended: nobody waits for it. */
  gone(processName: string): void {
    const modules = this.#lists.get(processName) ?? [];
    this.#lists.delete(processName);
    if (this.#awaited.delete(processName)) for (const id of modules) this.back(id);
  }

  /** The connection to the broker was lost. */
  connectionLost(): void {
    this.#awaited = new Set(this.#lists.keys());
  }
}
