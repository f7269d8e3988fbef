// SPDX-License-Identifier: Apache-2.0
import { InvalidArgumentError } from 'commander';
import type { RegisterCommand } from '../command.js';
import { parseArguments, parseImplementation } from '../command-arguments.js';
import { ControlClient } from '../control/control-client.js';
import { socketPathOf } from '../control/socket-path.js';
import { resolve } from 'node:path';

const EXAMPLES = `
A value is read as JSON where it is JSON, and as text otherwise; quote a text that looks like a number: id='"12"'.

Examples:
  $ carabiner call charger.yaml psu/main setExportVoltageCurrent voltage=400 current=20
  $ carabiner call charger.yaml psu/main setMode mode=Off phase=Other
  $ carabiner call charger.yaml store/main load key=session
  $ carabiner call charger.yaml meter/main start_transaction value='{"evse_id":"1", …}'
`;

/** `carabiner call`: one command of a running module. */
export const registerCall: RegisterCommand = (program, { io }) => {
  program
    .command('call')
    .description('call a command of a running composition and print its result as JSON')
    .argument('<composition>', 'the file the instance runs')
    .argument('<module/implementation>', 'for example psu/main')
    .argument('<command>', 'a command of its interface')
    .argument('[arguments...]', 'name=value')
    .option('-t, --timeout <ms>', 'give up after this time', positive)
    .addHelpText('after', EXAMPLES)
    .action(
      async (
        composition: string,
        target: string,
        command: string,
        pairs: readonly string[],
        options: { readonly timeout?: number },
      ) => {
        const { moduleId, implementationId } = parseImplementation(target);
        const args = parseArguments(pairs);
        const client = await ControlClient.open(
          socketPathOf(resolve(io.cwd, composition), io.env),
          composition,
        );
        try {
          const result = await client.request('call', {
            moduleId,
            implementationId,
            command,
            args,
            ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
          });
          if (result !== null) io.out(`${JSON.stringify(result, undefined, 2)}\n`);
        } finally {
          client.close();
        }
      },
    );
};

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('expected milliseconds above 0');
  return value;
}
