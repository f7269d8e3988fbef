// SPDX-License-Identifier: Apache-2.0
import type { RaisedError } from '@carabiner/core';

/**
 * Active errors of modules of other processes. A process that starts again knows nothing of the errors of its former life,
 * so nobody but the listener's end can clear those that it does not raise again.
 */
export class PeerErrors {
  readonly #active = new Map<string, RaisedError>();
  /** Errors of lives that are over. */
  readonly #former = new Set<RaisedError>();

  constructor(private readonly tell: (error: RaisedError) => void) {}

  get active(): readonly RaisedError[] {
    return [...this.#active.values()];
  }

  /** Takes in an error that was raised or cleared. */
  take(error: RaisedError): void {
    const { type, sub_type, origin, state } = error;
    const key = [origin.module_id, origin.implementation_id, type, sub_type].join('\n');
    const known = this.#active.get(key);
    if (known !== undefined) this.#former.delete(known);
    if (state === 'Active') this.#active.set(key, error);
    else this.#active.delete(key);
    this.tell(error);
  }

  /** The module's process is gone. Its errors stay until it is back: nobody knows better. */
  lost(moduleId: string): void {
    for (const error of this.#active.values())
      if (error.origin.module_id === moduleId) this.#former.add(error);
  }

  /** The module is ready again, and has said by then which errors are active. */
  back(moduleId: string): void {
    for (const [key, error] of this.#active) {
      if (error.origin.module_id !== moduleId || !this.#former.delete(error)) continue;
      this.#active.delete(key);
      this.tell({ ...error, state: 'ClearedByReboot' });
    }
  }
}
