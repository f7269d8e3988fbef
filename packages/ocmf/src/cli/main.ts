// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { OcmfError } from '../errors.js';
import { billCommand } from './bill-command.js';
import { readKey, readRecords, type CliInput } from './input.js';
import { EXIT, type CliIo } from './io.js';
import { showCommand } from './show-command.js';
import { verifyCommand } from './verify-command.js';

const USAGE = `ocmf: Open Charge Metering Format records

Usage
  ocmf verify [--key <text|file>] [--json] <file|->   is the signature right?
  ocmf show   [--json] <file|->                        what does the record say?
  ocmf bill   [--key <text|file>] [--json] <file|->   may it be billed, and how much?

Input is one or more records as text, the <values> XML of the transparency software, or JSON with OCPP's signed
meter values. Several records are taken as those of one transaction by "bill".

  --key    public key of the meter, or the name of a file with it: SubjectPublicKeyInfo, point or bare X and Y,
           in hex, Base64 or PEM. Without it the key in the container is used, which proves only that record and
           container belong together.
  --json   one JSON document on standard output

Exit code: 0 valid (bill: may be billed), 1 not valid, 2 the input cannot be read`;

const COMMANDS = { verify: verifyCommand, show: showCommand, bill: billCommand };

function isCommand(name: string | undefined): name is keyof typeof COMMANDS {
  return name !== undefined && Object.hasOwn(COMMANDS, name);
}

async function run(args: readonly string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      key: { type: 'string', short: 'k' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [command, file, ...rest] = positionals;
  if (values.help) {
    io.out(USAGE);
    return EXIT.valid;
  }
  if (!isCommand(command) || file === undefined || rest.length > 0) {
    io.err(USAGE);
    return EXIT.cannotRead;
  }
  const bytes = file === '-' ? await io.readStdin() : io.readFile(file);
  const input: CliInput = {
    records: readRecords(bytes),
    ...(values.key === undefined ? {} : { key: readKey(values.key, io) }),
  };
  return COMMANDS[command](input, values.json, io);
}

/**
 * The `ocmf` command.
 *
 * @param args - arguments after the command's name
 * @returns the exit code, see {@link EXIT}
 */
export async function main(args: readonly string[], io: CliIo): Promise<number> {
  try {
    return await run(args, io);
  } catch (error) {
    const code = error instanceof OcmfError ? ` (${error.code})` : '';
    io.err(`ocmf: ${error instanceof Error ? error.message : String(error)}${code}`);
    return EXIT.cannotRead;
  }
}
