// SPDX-License-Identifier: Apache-2.0
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
  $ carabiner check charger.yaml --json | jq '.findings[] | select(.severity == "error")'
`;

/** `carabiner check`: every mistake of a composition with its place, in one pass. */
export const registerCheck: RegisterCommand = (program, { io, exitWith }) => {
  program
    .command('check')
    .description('find every mistake in compositions before anything runs')
    .argument('<composition...>', 'YAML files')
    .option('--json', 'findings as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], options: { readonly json?: boolean }) => {
      const { loadComposition } = await import('@carabiner/core/composition');
      const { countFindings, reportFindings } = await import('../findings-report.js');
      for (const file of files) {
        const path = resolve(io.cwd, file);
        if (!existsSync(path)) throw new UserError(`there is no file ${file}`);
        const { configuration, findings, valid } = loadComposition({ file: path });
        if (!valid) exitWith(ExitCode.failed);
        if (options.json === true)
          io.out(
            `${JSON.stringify({ file, valid, modules: configuration.modules.map(({ id, module }) => ({ id, module })), findings }, undefined, 2)}\n`,
          );
        else if (findings.length > 0) io.out(reportFindings(findings, io.cwd));
        else io.out(`${file}: ${configuration.modules.length} modules, ${countFindings(findings)}\n`);
      }
    });
};
