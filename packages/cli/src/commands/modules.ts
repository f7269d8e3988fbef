// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { RegisterCommand } from '../command.js';
import { installedModules, type InstalledModuleInfo } from '../installed-modules.js';
import { UserError } from '../user-error.js';

const EXAMPLES = `
Examples:
  $ carabiner modules                                     all, in short
  $ carabiner modules HuaweiPsu                           one, with its configuration
  $ carabiner modules --interface power_supply_DC         who could be my power supply?
`;

/** `carabiner modules`: what is installed. */
export const registerModules: RegisterCommand = (program, { io }) => {
  program
    .command('modules')
    .description('list the installed modules with interfaces, configuration and versions')
    .argument('[module]', 'only this one, in full')
    .option('-d, --dir <folder>', 'where packages are looked for', '.')
    .option('-i, --interface <name>', 'only modules that provide this interface')
    .option('--json', 'as JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      async (
        name: string | undefined,
        options: { readonly dir: string; readonly interface?: string; readonly json?: boolean },
      ) => {
        const installed = await installedModules(resolve(io.cwd, options.dir));
        const names = installed.flatMap(({ module, aliases }) => [module, ...aliases]);
        if (name !== undefined && !names.includes(name)) {
          const { nearestName } = await import('@carabiner/dialect');
          const nearest = nearestName(name, names);
          throw new UserError(
            `no module '${name}' is installed here${nearest === undefined ? '' : `; did you mean '${nearest}'?`}`,
          );
        }
        const found = installed.filter(
          ({ module, aliases, shape }) =>
            (name === undefined || module === name || aliases.includes(name)) &&
            (options.interface === undefined ||
              Object.values(shape?.provides ?? {}).some(
                ({ interface: provided }) => provided === options.interface,
              )),
        );
        if (options.json === true) io.out(`${JSON.stringify(found.map(plain), undefined, 2)}\n`);
        else if (found.length === 0) io.out('no such module is installed here\n');
        else for (const each of found) io.out(name === undefined ? shortText(each) : fullText(each));
      },
    );
};

function plain(info: InstalledModuleInfo): object {
  const { shape, ...rest } = info;
  return {
    ...rest,
    description: shape?.description,
    provides: Object.fromEntries(
      Object.entries(shape?.provides ?? {}).map(([id, provided]) => [id, provided.interface]),
    ),
    requires: Object.fromEntries(
      Object.entries(shape?.requires ?? {}).map(([id, required]) => [
        id,
        { interface: required.interface, min: required.minConnections, max: required.maxConnections },
      ]),
    ),
    config: shape?.config,
  };
}

function shortText({ module, package: from, version, shape, problem }: InstalledModuleInfo): string {
  const provides = Object.entries(shape?.provides ?? {}).map(([id, each]) => `${id}: ${each.interface}`);
  const requires = Object.entries(shape?.requires ?? {}).map(([id, each]) => `${id}: ${each.interface}`);
  return [
    `${module}  (${from}@${version})`,
    ...(problem === undefined ? [] : [`  unusable: ${problem}`]),
    ...(shape === undefined ? [] : [`  ${shape.description.trim()}`]),
    ...(provides.length === 0 ? [] : [`  provides ${provides.join(', ')}`]),
    ...(requires.length === 0 ? [] : [`  requires ${requires.join(', ')}`]),
    '',
  ].join('\n');
}

function fullText(info: InstalledModuleInfo): string {
  const lines = [shortText(info).trimEnd()];
  const groups: (readonly [string, NonNullable<InstalledModuleInfo['shape']>['config']])[] = [
    ['config_module', info.shape?.config ?? {}],
    ...Object.entries(info.shape?.provides ?? {}).map(
      ([id, { config }]) => [`config_implementation.${id}`, config] as const,
    ),
  ];
  for (const [title, parameters] of groups) {
    if (Object.keys(parameters).length === 0) continue;
    lines.push(`  ${title}`);
    for (const [name, parameter] of Object.entries(parameters)) {
      const value =
        parameter.default === undefined ? 'required' : `default ${JSON.stringify(parameter.default)}`;
      lines.push(`    ${name}: ${parameter.type}, ${value}`, `      ${parameter.description.trim()}`);
    }
  }
  return [...lines, ''].join('\n');
}
