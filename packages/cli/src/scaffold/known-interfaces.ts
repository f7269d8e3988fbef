// SPDX-License-Identifier: Apache-2.0
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nearestName, SpecSet } from '@carabiner/dialect';
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../user-error.js';
import type { KnownInterface } from './plugin-spec.js';

/** Folder with the specifications of `@carabiner/interfaces`, as installed with this program. */
export function interfaceSpecs(): string {
  return join(dirname(fileURLToPath(import.meta.resolve('@carabiner/interfaces/package.json'))), 'specs');
}

/**
 * Looks interfaces up by name.
 *
 * @throws UserError naming the nearest one when there is none of that name
 */
export function lookUpInterfaces(names: readonly string[]): readonly KnownInterface[] {
  const specs = SpecSet.read([{ path: interfaceSpecs(), lazy: true }]);
  const known = specs.names('interfaces');
  return names.map((name) => {
    const model = known.includes(name) ? specs.interface(name) : undefined;
    if (model === undefined) {
      const nearest = nearestName(name, known);
      throw new UserError(
        `there is no interface "${name}"${nearest === undefined ? '' : `; did you mean ${nearest}?`} There are: ${known.join(', ')}`,
        ExitCode.usage,
      );
    }
    return { name, commands: Object.keys(model.commands) };
  });
}
