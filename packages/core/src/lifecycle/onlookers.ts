// SPDX-License-Identifier: Apache-2.0
import type { ConnectionListener, ImplementationAddress } from '../bus/bus.js';
import type { ModuleScope } from '../containment/module-scope.js';
import type { RaisedError } from '../contract/index.js';

/** Who wants to know what modules of other processes say. */
export interface OnlookerHost {
  published(moduleId: string, implementation: string, variable: string, value: unknown): void;
  raised(error: RaisedError): void;
}

/** Chooses, among the consumers connected to an implementation of another process, the one that tells observers of it. */
export class Onlookers {
  readonly #taken = new Set<string>();

  constructor(private readonly host: OnlookerHost) {}

  /** Undefined when another consumer tells already. Given back when `scope` ends. */
  of(
    { moduleId, implementationId }: ImplementationAddress,
    scope: ModuleScope,
  ): ConnectionListener | undefined {
    const key = `${moduleId}/${implementationId}`;
    if (this.#taken.has(key)) return undefined;
    this.#taken.add(key);
    scope.undo.add(() => void this.#taken.delete(key));
    return {
      variable: (name, value) => this.host.published(moduleId, implementationId, name, value),
      error: (error) => this.host.raised(error),
    };
  }
}
