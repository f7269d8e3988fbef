// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { RegisterCommand } from '../command.js';
import { ControlClient } from '../control/control-client.js';
import { socketPathOf } from '../control/socket-path.js';

const EXAMPLES = `
The others keep running; calls to the module wait until its replacement is ready. If that does not start, the old one
is started again. The composition file is not changed: change its line too, or the next start brings the old one back.

Example:
  $ carabiner swap charger.yaml psu AcmePsu
`;

/** `carabiner swap`: replaces one module of a running composition. */
export const registerSwap: RegisterCommand = (program, { io }) => {
  program
    .command('swap')
    .description('replace a module of a running composition by another one')
    .argument('<composition>', 'the file the instance runs')
    .argument('<module-id>', 'the module to replace')
    .argument('<replacement>', 'name of an installed module, or of its package')
    .addHelpText('after', EXAMPLES)
    .action(async (composition: string, moduleId: string, replacement: string) => {
      const client = await ControlClient.open(
        socketPathOf(resolve(io.cwd, composition), io.env),
        composition,
      );
      try {
        const status = await client.request('swap', { moduleId, replacement });
        io.out(`${status.id} is ${status.state}: ${status.module} (${status.package ?? 'no package'})\n`);
      } finally {
        client.close();
      }
    });
};
