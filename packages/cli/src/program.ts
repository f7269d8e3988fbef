// SPDX-License-Identifier: Apache-2.0
import { Command, CommanderError } from 'commander';
import type { CliIo } from './cli-io.js';
import type { CommandContext } from './command.js';
import { COMMANDS } from './commands/index.js';
import { ExitCode } from './exit-codes.js';
import { mistakeIn } from './user-error.js';
import { version } from './version.js';

const EXAMPLES = `
Examples:
  $ carabiner check charger.yaml            find every mistake before anything runs
  $ carabiner run charger.yaml              run the composition until Ctrl-C
  $ carabiner watch charger.yaml            see what its modules publish (in a second terminal)
  $ carabiner new plugin acme-psu --provides power_supply_DC

Exit codes:
  0 done   1 errors found, or the call failed   2 wrong command line   3 nothing runs   70 defect of this program
  130, 143 ended by a second SIGINT (Ctrl-C) or SIGTERM
`;

/** The whole command line. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('carabiner')
    .description('Composes drivers into a charger, checks the composition and runs it.')
    .version(version(), '-V, --version')
    .addHelpText('after', EXAMPLES)
    .showSuggestionAfterError(true)
    .configureHelp({ helpWidth: context.io.columns, showGlobalOptions: false });
  for (const register of COMMANDS) register(program, context);
  prepare(program, context.io);
  return program;
}

/** No command of the tree writes to or ends the process by itself. */
function prepare(command: Command, io: CliIo): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.out(text),
    writeErr: (text) => io.err(text),
    getOutHelpWidth: () => io.columns,
    getErrHelpWidth: () => io.columns,
  });
  for (const child of command.commands) prepare(child, io);
}

/**
 * Runs one command line.
 *
 * @param args - without the names of program and interpreter
 * @returns what the process should end with
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  let exitCode: number = ExitCode.ok;
  const program = buildProgram({ io, exitWith: (code) => (exitCode = code) });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    const mistake = await mistakeIn(thrown);
    if (mistake !== undefined) {
      io.err(`carabiner: ${mistake.message}\n`);
      return mistake.exitCode;
    }
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    io.err(`carabiner: internal error: ${error.stack ?? error.message}\n`);
    return ExitCode.internal;
  }
}
