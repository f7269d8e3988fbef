// SPDX-License-Identifier: Apache-2.0
import type { LoadedComposition } from '../composition/load-composition.js';
import type { ModuleState, ModuleStatus } from './module-state.js';
import type { RemoteModules } from './remote-modules.js';

/** What is known of the modules of other processes. */
export class RemoteStates {
  readonly #states = new Map<string, { readonly state: ModuleState; readonly reason: string | undefined }>();

  constructor(
    private readonly loaded: LoadedComposition,
    remote: RemoteModules | undefined,
  ) {
    for (const entry of loaded.configuration.modules)
      if (remote?.hosts(entry) === true) this.#states.set(entry.id, { state: 'loaded', reason: undefined });
  }

  has(moduleId: string): boolean {
    return this.#states.has(moduleId);
  }

  set(moduleId: string, state: ModuleState, reason: string | undefined): void {
    this.#states.set(moduleId, { state, reason });
  }

  /** None for a module of this process. */
  status(moduleId: string): readonly ModuleStatus[] {
    const known = this.#states.get(moduleId);
    const entry = this.loaded.configuration.modules.find(({ id }) => id === moduleId);
    if (known === undefined || entry === undefined) return [];
    const provides = this.loaded.shapes.get(moduleId)?.provides ?? {};
    return [
      {
        id: moduleId,
        module: entry.module,
        package: entry.package,
        ...known,
        restarts: 0,
        provides: Object.fromEntries(Object.entries(provides).map(([id, each]) => [id, each.interface])),
      },
    ];
  }
}
