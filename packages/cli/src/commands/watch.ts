// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { RuntimeEvent } from '@carabiner/core';
import { Option } from 'commander';
import type { RegisterCommand } from '../command.js';
import { ControlClient } from '../control/control-client.js';
import { socketPathOf } from '../control/socket-path.js';
import { EVENT_KINDS, eventLine, eventMatches, type EventFilter } from '../event-line.js';

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
    .addOption(new Option('-k, --kind <kind...>', 'only these').choices(EVENT_KINDS))
    .option('--json', 'one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(async (composition: string, options: EventFilter & { readonly json?: boolean }) => {
      const client = await ControlClient.open(
        socketPathOf(resolve(io.cwd, composition), io.env),
        composition,
      );
      const show = (event: RuntimeEvent, at: Date): void => {
        if (!eventMatches(event, options)) return;
        io.out(
          options.json === true
            ? `${JSON.stringify({ time: at.toISOString(), ...event })}\n`
            : `${eventLine(event, at)}\n`,
        );
      };
      client.onEvent((event) => show(event, new Date(io.clock.now())));
      const unregister = io.onSignal(() => client.close());
      const status = await client.request('watch', {});
      const known = status.modules.map(({ id }) => id);
      // Errors of modules in other processes are seen here as well, so this may be what is wanted.
      for (const id of options.module ?? []) if (!known.includes(id)) io.err(await unknownModule(id, known));
      for (const error of status.activeErrors) show({ kind: 'error', error }, new Date(error.timestamp));
      await client.closed;
      unregister();
    });
};

async function unknownModule(id: string, known: readonly string[]): Promise<string> {
  const { nearestName } = await import('@carabiner/dialect');
  const nearest = nearestName(id, known);
  const hint = nearest === undefined ? `there are: ${known.join(', ')}` : `did you mean ${nearest}?`;
  return `carabiner: there is no module ${id} in this process; ${hint}\n`;
}
