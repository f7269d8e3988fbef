// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { RegisterCommand } from '../command.js';
import { ControlClient } from '../control/control-client.js';
import { socketPathOf } from '../control/socket-path.js';

/** `carabiner stop`: ends a running composition as Ctrl-C would. */
export const registerStop: RegisterCommand = (program, { io }) => {
  program
    .command('stop')
    .description('end a running composition and wait until it has ended')
    .argument('<composition>', 'the file the instance runs')
    .action(async (composition: string) => {
      const client = await ControlClient.open(
        socketPathOf(resolve(io.cwd, composition), io.env),
        composition,
      );
      await client.request('stop', {});
      await client.closed;
    });
};
