// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RegisterCommand } from '../command.js';
import { ExitCode } from '../exit-codes.js';
import { UserError } from '../user-error.js';

const EXAMPLES = `
Looks at what the composition needs from this machine: the version of Node, the broker between processes and how fast it
is (a broker that delays small packets costs 40 ms for each command), the folder with modules of EVerest.
Exit code 1 when something is wrong; each line then says what to do.

Example:
  $ carabiner doctor charger.yaml
`;

/** `carabiner doctor`: is this machine fit for a composition? */
export const registerDoctor: RegisterCommand = (program, { io, exitWith }) => {
  program
    .command('doctor')
    .description('find out whether this machine is fit for a composition')
    .argument('<composition>', 'a YAML file')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string) => {
      const path = resolve(io.cwd, file);
      if (!existsSync(path)) throw new UserError(`there is no file ${file}`);
      const { diagnose } = await import('@carabiner/everest');
      const found = [{ subject: 'node', ok: true, text: process.version }, ...(await diagnose(path))];
      for (const { subject, ok, text } of found)
        io.out(`${ok ? 'ok  ' : 'BAD '} ${subject.padEnd(20)} ${text}\n`);
      if (found.some(({ ok }) => !ok)) exitWith(ExitCode.failed);
    });
};
