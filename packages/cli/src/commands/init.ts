// SPDX-License-Identifier: Apache-2.0
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { RegisterCommand } from '../command.js';
import { installedModules, type InstalledModuleInfo } from '../installed-modules.js';
import { compositionSchema } from '../schema/composition-schema.js';
import { UserError } from '../user-error.js';

const SCHEMA_FILE = 'carabiner.schema.json';

const EXAMPLES = `
Writes the composition with one entry for each module asked for (parameters without a default to be filled in), and
${SCHEMA_FILE} beside it, which the first line tells editors to use.

Examples:
  $ carabiner init charger.yaml
  $ carabiner init charger.yaml --module HuaweiPsu IemDcr EvseManager
`;

/** `carabiner init`: a composition to begin with. */
export const registerInit: RegisterCommand = (program, { io }) => {
  program
    .command('init')
    .description('write a composition to begin with, and the schema for editors')
    .argument('[composition]', 'the file to write', 'charger.yaml')
    .option('-m, --module <name...>', 'installed modules to put into it')
    .option('--force', 'replace a file that is there')
    .addHelpText('after', EXAMPLES)
    .action(
      async (file: string, options: { readonly module?: readonly string[]; readonly force?: boolean }) => {
        const path = resolve(io.cwd, file);
        if (existsSync(path) && options.force !== true)
          throw new UserError(`${file} is there already; --force replaces it`);
        const installed = await installedModules(dirname(path));
        const chosen = (options.module ?? []).map((name) => {
          const found = installed.find(({ module, aliases }) => module === name || aliases.includes(name));
          if (found === undefined)
            throw new UserError(
              `no installed package declares a module '${name}'; installed are ${installed.map(({ module }) => module).join(', ') || 'none'}`,
            );
          return found;
        });
        writeFileSync(path, compositionText(chosen));
        const schemaPath = join(dirname(path), SCHEMA_FILE);
        writeFileSync(schemaPath, `${JSON.stringify(compositionSchema(installed), undefined, 2)}\n`);
        io.out(`wrote ${basename(path)} and ${SCHEMA_FILE}; next: carabiner check ${file}\n`);
      },
    );
};

function compositionText(modules: readonly InstalledModuleInfo[]): string {
  const ids = new Map<InstalledModuleInfo, string>();
  for (const each of modules) {
    const base = each.module.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
    const taken = [...ids.values()].filter((id) => id === base || id.startsWith(`${base}_`)).length;
    ids.set(each, taken === 0 ? base : `${base}_${taken + 1}`);
  }
  const lines = [`# yaml-language-server: $schema=${SCHEMA_FILE}`];
  lines.push(modules.length === 0 ? 'active_modules: {}' : 'active_modules:');
  for (const [info, id] of ids) lines.push(...entryLines(id, info, ids));
  return `${lines.join('\n')}\n`;
}

function entryLines(
  id: string,
  { module, shape }: InstalledModuleInfo,
  ids: ReadonlyMap<InstalledModuleInfo, string>,
): readonly string[] {
  const lines = [`  ${id}:`, `    module: ${module}`];
  const open = Object.entries(shape?.config ?? {}).filter(([, parameter]) => parameter.default === undefined);
  if (open.length > 0) {
    lines.push('    config_module:');
    for (const [name, { type, description }] of open)
      lines.push(`      ${name}: # ${type}: ${description.trim().split('\n')[0] ?? ''}`);
  }
  const requirements = Object.entries(shape?.requires ?? {}).filter(
    ([, { minConnections }]) => minConnections > 0,
  );
  if (requirements.length > 0) lines.push('    connections:');
  for (const [requirement, { interface: wanted }] of requirements) {
    const provider = [...ids].flatMap(([other, otherId]) =>
      Object.entries(other.shape?.provides ?? {})
        .filter(([, provided]) => provided.interface === wanted && otherId !== id)
        .map(([implementation]) => ({ otherId, implementation })),
    )[0];
    lines.push(`      ${requirement}: # interface ${wanted}`);
    lines.push(`        - module_id: ${provider?.otherId ?? ''}`);
    lines.push(`          implementation_id: ${provider?.implementation ?? ''}`);
  }
  return lines;
}
