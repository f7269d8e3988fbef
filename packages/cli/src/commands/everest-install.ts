// SPDX-License-Identifier: Apache-2.0
import type { FileAction, InstallReport } from '@carabiner/everest';
import { resolve } from 'node:path';
import type { CliIo } from '../cli-io.js';
import type { RegisterCommand } from '../command.js';

const INSTALL = `
Writes, below the prefix, libexec/everest/modules/<Name>/{manifest.yaml,index.js} for the module and each of its aliases,
and those interface, type and error files below share/everest that are not there yet. EVerest's manager then starts the
plugin like a module of its own. Files that do not come from here are never overwritten.

index.js names the installed npm package by its absolute path: install the package where it will stay, and install again
after moving it. The process needs node; the user that EVerest runs modules as must be able to read the package.

Examples:
  $ carabiner everest install @carabiner/plugin-huawei-psu --prefix /opt/everest
  $ carabiner everest install IemDcr --name IemDcr --prefix /opt/everest      without its alias
  $ carabiner everest install @carabiner/plugin-store --prefix /opt/everest --dry-run
`;

const UNINSTALL = `
Removes what was written by "carabiner everest install" and is needed by no other module installed that way. Files that
somebody changed since stay where they are.

Example:
  $ carabiner everest uninstall @carabiner/plugin-huawei-psu --prefix /opt/everest
`;

/** `carabiner everest install` and `uninstall`. */
export const registerEverestInstall: RegisterCommand = (everest, { io }) => {
  everest
    .command('install')
    .description('install a plugin so that the manager of EVerest starts it')
    .argument('<target>', 'npm package, or name of one module')
    .requiredOption('--prefix <dir>', 'prefix of the EVerest installation')
    .option('--name <name...>', "names to install the module under; default its own and its aliases'")
    .option('-d, --dir <folder>', 'where packages are looked for', '.')
    .option('-n, --dry-run', 'only say what would be done')
    .addHelpText('after', INSTALL)
    .action(
      async (
        target: string,
        options: {
          readonly prefix: string;
          readonly name?: readonly string[];
          readonly dir: string;
          readonly dryRun?: boolean;
        },
      ) => {
        const { installModules } = await import('@carabiner/everest');
        const dryRun = options.dryRun === true;
        const report = installModules({
          target,
          prefix: resolve(io.cwd, options.prefix),
          folder: resolve(io.cwd, options.dir),
          dryRun,
          ...(options.name === undefined ? {} : { names: options.name }),
        });
        show(io, report, dryRun ? 'would be installed' : 'installed', dryRun);
      },
    );
  everest
    .command('uninstall')
    .description('remove an installed plugin from an EVerest installation')
    .argument('<target>', 'npm package, or name of one module')
    .requiredOption('--prefix <dir>', 'prefix of the EVerest installation')
    .option('-n, --dry-run', 'only say what would be done')
    .addHelpText('after', UNINSTALL)
    .action(async (target: string, options: { readonly prefix: string; readonly dryRun?: boolean }) => {
      const { uninstallModules } = await import('@carabiner/everest');
      const dryRun = options.dryRun === true;
      const report = uninstallModules({ target, prefix: resolve(io.cwd, options.prefix), dryRun });
      show(io, report, dryRun ? 'would be removed' : 'removed', dryRun);
    });
};

const MEANINGS: Readonly<Record<FileAction['kind'], readonly [done: string, planned: string]>> = {
  write: ['wrote', 'would write'],
  remove: ['removed', 'would remove'],
  same: ['up to date', 'up to date'],
  foreign: ['kept, not from here', 'kept, not from here'],
  changed: ['kept, was changed since', 'kept, was changed since'],
};

function show(io: CliIo, { modules, actions, warnings }: InstallReport, done: string, dryRun: boolean): void {
  for (const { module, package: from, version, names } of modules) {
    const others = names.filter((name) => name !== module);
    const also = others.length === 0 ? '' : `, as ${names.join(' and ')}`;
    io.out(`${module} of ${from}@${version} ${done}${also}\n`);
  }
  for (const { kind, path } of actions) io.out(`  ${path}: ${MEANINGS[kind][dryRun ? 1 : 0]}\n`);
  for (const warning of warnings) io.err(`carabiner: warning: ${warning}\n`);
}
