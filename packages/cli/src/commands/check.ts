// SPDX-License-Identifier: Apache-2.0
import type { CompositionOptions } from '@carabiner/core';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RegisterCommand } from '../command.js';
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../user-error.js';

const EXAMPLES = `
Reads the composition, its overlay (user-config/<same name>) and the manifests of the installed modules. Nothing of a
module is executed. Exit code 1 when there are errors; warnings alone are fine.

Examples:
  $ carabiner check charger.yaml
  $ carabiner check config-sil-dc.yaml --prefix /opt/everest      with the modules of an EVerest installation
  $ carabiner check charger.yaml --json | jq '.findings[] | select(.severity == "error")'
`;

/** `carabiner check`: every mistake of a composition with its place, in one pass. */
export const registerCheck: RegisterCommand = (program, { io, exitWith }) => {
  program
    .command('check')
    .description('find every mistake in compositions before anything runs')
    .argument('<composition...>', 'YAML files')
    .option('--prefix <dir>', 'EVerest installation whose modules count as well; default settings.prefix')
    .option('--json', 'findings as JSON')
    .addHelpText('after', EXAMPLES)
    .action(
      async (files: readonly string[], options: { readonly prefix?: string; readonly json?: boolean }) => {
        const { loadComposition } = await import('@carabiner/core/composition');
        const { countFindings, reportFindings } = await import('../findings-report.js');
        for (const file of files) {
          const path = resolve(io.cwd, file);
          if (!existsSync(path)) throw new UserError(`there is no file ${file}`);
          const prefix = options.prefix === undefined ? undefined : resolve(io.cwd, options.prefix);
          const { configuration, findings, valid } = loadComposition({
            file: path,
            ...(await shapesOfEverest(path, prefix)),
          });
          if (!valid) exitWith(ExitCode.failed);
          if (options.json === true)
            io.out(
              `${JSON.stringify({ file, valid, modules: configuration.modules.map(({ id, module }) => ({ id, module })), findings }, undefined, 2)}\n`,
            );
          else if (findings.length > 0) io.out(reportFindings(findings, io.cwd));
          else io.out(`${file}: ${configuration.modules.length} modules, ${countFindings(findings)}\n`);
        }
      },
    );
};

/** What an EVerest installation declares; nothing when there is none, so that nothing is loaded for it. */
async function shapesOfEverest(
  file: string,
  prefix: string | undefined,
): Promise<Pick<CompositionOptions, 'shapeOf' | 'whyMissing'>> {
  const { CompositionSource, readComposition } = await import('@carabiner/core/composition');
  const { everest } = readComposition(CompositionSource.read(file)).configuration.settings;
  if (prefix === undefined && everest['prefix'] === undefined && everest['modules_dir'] === undefined)
    return {};
  const { installedShapes } = await import('@carabiner/everest');
  return installedShapes(file, prefix);
}
