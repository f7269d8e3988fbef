// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { isJsonArray, isJsonObject, type Json } from '@carabiner/dialect';
import type { DeclaredModule, ModulePackage } from './package-scan.js';

/** Conditions of `exports` that hold here: Node's own, and those that the process was started with. */
const CONDITIONS: ReadonlySet<string> = new Set([
  ...['node', 'import', 'module-sync', 'default'],
  ...conditionsIn([...(process.env['NODE_OPTIONS'] ?? '').split(' '), ...process.execArgv]),
]);

function conditionsIn(options: readonly string[]): readonly string[] {
  return options.flatMap((option, index) => {
    const [name, value = options[index + 1]] = option.split('=');
    return (name === '--conditions' || name === '-C') && value !== undefined ? [value] : [];
  });
}

/**
 * The file that exports the module's class: what the declaration says, a path or a name of the package's `imports`, else
 * the package's main entry.
 */
export function entryFileOf(
  { folder, packageJson }: ModulePackage,
  { entry }: DeclaredModule,
): string | undefined {
  if (entry?.startsWith('#') === true) {
    const imports = packageJson['imports'];
    const target =
      isJsonObject(imports) && Object.hasOwn(imports, entry) ? targetOf(imports[entry]) : undefined;
    return target === undefined ? undefined : join(folder, target);
  }
  if (entry !== undefined) return join(folder, entry);
  const main = packageJson['exports'];
  if (main !== undefined) {
    const target = targetOf(isJsonObject(main) && Object.hasOwn(main, '.') ? main['.'] : main);
    return target === undefined ? undefined : join(folder, target);
  }
  return join(folder, typeof packageJson['main'] === 'string' ? packageJson['main'] : 'index.js');
}

function targetOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value;
  const inner = isJsonArray(value)
    ? value
    : isJsonObject(value)
      ? Object.entries(value)
          .filter(([condition]) => CONDITIONS.has(condition))
          .map(([, target]) => target)
      : [];
  for (const candidate of inner) {
    const target = targetOf(candidate);
    if (target !== undefined) return target;
  }
  return undefined;
}
