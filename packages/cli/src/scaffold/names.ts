// SPDX-License-Identifier: Apache-2.0
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../user-error.js';

/** Names that a new plugin has in its different places. */
export interface PluginNames {
  /** Name of the npm package, scope included. */
  readonly package: string;
  /** Name of the folder. */
  readonly folder: string;
  /** Name of the module and its class. */
  readonly module: string;
}

/**
 * Derives the names of a plugin from that of its package: `my-psu` → module `MyPsu`.
 *
 * @throws UserError when npm would not take the name
 */
export function pluginNames(name: string): PluginNames {
  const match = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?([a-z][a-z0-9._-]*)$/.exec(name);
  const folder = match?.[1];
  if (folder === undefined)
    throw new UserError(
      `"${name}" cannot be the name of a package; use lower case, digits and hyphens, beginning with a letter: acme-psu`,
      ExitCode.usage,
    );
  const module = folder
    .replace(/^carabiner-plugin-|^plugin-/, '')
    .split(/[._-]+/)
    .filter((part) => part !== '')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  return { package: name, folder, module };
}

/** Ids for interfaces: `first` for the first one where given, else the interface's own name, numbered when it repeats. */
export function interfaceIds(interfaces: readonly string[], first?: string): readonly string[] {
  const seen = new Map<string, number>();
  return interfaces.map((name, index) => {
    if (index === 0 && first !== undefined) return first;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}_${count}`;
  });
}
