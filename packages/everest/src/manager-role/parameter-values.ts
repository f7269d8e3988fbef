// SPDX-License-Identifier: Apache-2.0
import type { ConfigValue, ConfigValues, ModuleEntry, ModuleShape, ParameterAddress } from '@carabiner/core';
import { MODULE_LEVEL } from '../configuration/module-configuration.js';

/** Parameters of modules of other processes that were set at run time: what counts now, and what will from the next start. */
export class ParameterValues {
  readonly #now = new Map<string, ConfigValue>();
  readonly #next = new Map<string, ConfigValue>();

  /** The value counts from the owner's next start. */
  store(address: ParameterAddress, value: ConfigValue): void {
    this.#next.set(keyOf(address), value);
  }

  /** The owner has taken a stored value: it counts now. */
  accepted(address: ParameterAddress, value: ConfigValue): void {
    this.#now.set(keyOf(address), value);
  }

  /** The owner was told its configuration, which it runs with from now on. */
  told(moduleId: string): void {
    for (const [key, value] of this.#next) if (key.startsWith(`${moduleId}/`)) this.#now.set(key, value);
  }

  /** The entry with the values that count now. */
  entryOf(entry: ModuleEntry, { config, provides }: ModuleShape): ModuleEntry {
    if (this.#now.size === 0) return entry;
    const values = (place: string, given: ConfigValues, names: readonly string[]): ConfigValues => {
      const own: Record<string, ConfigValue> = { ...given };
      for (const parameter of names) {
        const value = this.#now.get(keyOf({ moduleId: entry.id, implementationId: place, parameter }));
        if (value !== undefined) own[parameter] = value;
      }
      return own;
    };
    return {
      ...entry,
      configModule: values(MODULE_LEVEL, entry.configModule, Object.keys(config)),
      configImplementation: Object.fromEntries(
        Object.entries(provides).map(([id, provided]) => [
          id,
          values(id, entry.configImplementation[id] ?? {}, Object.keys(provided.config)),
        ]),
      ),
    };
  }
}

function keyOf({ moduleId, implementationId = MODULE_LEVEL, parameter }: ParameterAddress): string {
  return `${moduleId}/${implementationId}/${parameter}`;
}
