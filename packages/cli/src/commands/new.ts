// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { CliIo } from '../cli-io.js';
import type { RegisterCommand } from '../command.js';
import { ExitCode } from '../exit-codes.js';
import { interfaceIds, pluginNames } from '../scaffold/names.js';
import { pluginFiles } from '../scaffold/plugin-files.js';
import type { KnownInterface, PluginSpec } from '../scaffold/plugin-spec.js';
import { UserError } from '../user-error.js';
import { version } from '../version.js';

const EXAMPLES = `
Writes a package that builds, lints and passes its tests at once: manifest, driver class over a device in memory, the
interface's contract suite where there is one (power_supply_DC, powermeter, isolation_monitor, kvs), a composition.

Examples:
  $ carabiner new plugin acme-psu --provides power_supply_DC
  $ carabiner new plugin @acme/imd --provides isolation_monitor --dir drivers/imd
  $ carabiner new plugin acme-logic --provides evse_manager --requires power_supply_DC evse_board_support
`;

interface NewOptions {
  readonly provides?: readonly string[];
  readonly requires?: readonly string[];
  readonly dir?: string;
  readonly description?: string;
}

/** `carabiner new plugin`: a package to begin with. */
export const registerNew: RegisterCommand = (program, { io }) => {
  program
    .command('new')
    .description('make a new package')
    .command('plugin')
    .description('make a package with a driver')
    .argument('<name>', 'name of the npm package; the module is called after it: acme-psu → AcmePsu')
    .option('-p, --provides <interface...>', 'interfaces that the module provides')
    .option('-r, --requires <interface...>', 'interfaces that it needs of others')
    .option('-d, --dir <folder>', 'folder to make; default: the name')
    .option('--description <text>', 'one sentence')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, options: NewOptions) => {
      const names = pluginNames(name);
      const provides = await withIds(options.provides ?? [], 'main');
      const requires = await withIds(options.requires ?? []);
      if (provides.size + requires.size === 0)
        throw new UserError('say what the module is: --provides <interface>', ExitCode.usage);
      const spec: PluginSpec = {
        names,
        description:
          options.description ??
          `${names.module}: ${[...provides.values()].map((each) => each.name).join(', ') || 'a module'}`,
        provides,
        requires,
        versions: `^${version()}`,
      };
      await write(resolve(io.cwd, options.dir ?? names.folder), spec, io);
    });
};

async function withIds(
  interfaces: readonly string[],
  first?: string,
): Promise<ReadonlyMap<string, KnownInterface>> {
  const { lookUpInterfaces } = await import('../scaffold/known-interfaces.js');
  const ids = interfaceIds(interfaces, first);
  return new Map(lookUpInterfaces(interfaces).map((known, index) => [ids[index] ?? known.name, known]));
}

async function write(folder: string, spec: PluginSpec, io: CliIo): Promise<void> {
  const shown = relative(io.cwd, folder);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new UserError(`${shown} is there already and not empty; choose another with --dir`);
  for (const [path, text] of pluginFiles(spec)) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
  const { run: generate } = await import('@carabiner/codegen');
  const { interfaceSpecs } = await import('../scaffold/known-interfaces.js');
  const problems: string[] = [];
  const code = await generate(
    { specs: [interfaceSpecs()], manifests: ['manifests/*.yaml'], out: 'src/generated', cwd: folder },
    { out: () => undefined, error: (text) => problems.push(text) },
  );
  if (code !== 0) throw new Error(`the generator refused its own manifest: ${problems.join('; ')}`);
  io.out(
    [
      `made ${shown} with module ${spec.names.module}; next:`,
      `  cd ${shown}`,
      '  npm install',
      '  npm run build && npm test && npm run lint',
      ...(spec.requires.size === 0
        ? ['  npm start']
        : ['  (connect what it requires in charger.yaml, then: npm start)']),
      '',
    ].join('\n'),
  );
}
