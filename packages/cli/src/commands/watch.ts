// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { RegisterCommand } from '../command.js';
import { ControlClient } from '../control/control-client.js';
import { socketPathOf } from '../control/socket-path.js';
import { eventLine, eventMatches, type EventFilter } from '../event-line.js';

const EXAMPLES = `
Examples:
  $ carabiner watch charger.yaml                       everything
  $ carabiner watch charger.yaml --module meter psu    two modules
  $ carabiner watch charger.yaml --kind error          errors only
  $ carabiner watch charger.yaml --json | jq .         for programs
`;

/** `carabiner watch`: what a running composition publishes and raises, live. */
export const registerWatch: RegisterCommand = (program, { io }) => {
  program
    .command('watch')
    .description('show variables, errors and states of a running composition as they change')
    .argument('<composition>', 'the file the instance runs')
    .option('-m, --module <id...>', 'only of these modules')
    .option('-k, --kind <kind...>', 'only these: variable, error, module, runtime')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(async (composition: string, options: EventFilter & { readonly json?: boolean }) => {
      const client = await ControlClient.open(
        socketPathOf(resolve(io.cwd, composition), io.env),
        composition,
      );
      client.onEvent((event) => {
        if (!eventMatches(event, options)) return;
        const now = new Date(io.clock.now());
        io.out(
          options.json === true
            ? `${JSON.stringify({ time: now.toISOString(), ...event })}\n`
            : `${eventLine(event, now)}\n`,
        );
      });
      const unregister = io.onSignal(() => client.close());
      const status = await client.request('watch', {});
      if (options.json !== true)
        for (const error of status.activeErrors)
          io.out(`${eventLine({ kind: 'error', error }, new Date(error.timestamp))}\n`);
      await client.closed;
      unregister();
    });
};
