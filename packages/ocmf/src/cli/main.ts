// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { OcmfError } from '../errors.js';
import { billCommand } from './bill-command.js';
import { readKey, readRecords, type CliInput } from './input.js';
import { EXIT, printable, type CliIo } from './io.js';
import { showCommand } from './show-command.js';
import { verifyCommand } from './verify-command.js';

const USAGE = `ocmf: Open Charge Metering Format records

Usage
  ocmf verify [--key <text|file>] [--json] <file|->   is the signature right?
  ocmf show   [--json] <file|->                        what does the record say?
  ocmf bill   [--key <text|file>] [--json] <file|->   may it be billed, and how much?

Input is one or more records as text, the <values> XML of the transparency software, or JSON with OCPP's signed
meter values (2.0.1 as objects, 1.6 as text in the value of a sampled value). Several records are taken as those of
one transaction by "bill".

  --key    public key of the meter, or the name of a file with it: SubjectPublicKeyInfo, point or bare X and Y,
           in hex, Base64 or PEM. Without it the key in the container is used, which proves only that record and
           container belong together. "bill" without any key judges the contents alone; where one record has a
           key, every record must verify.
  --json   one JSON document on standard output

Exit code: 0 valid (bill: may be billed), 1 not valid, 2 the input cannot be read`;

const isKeyOption = (arg: string | undefined): boolean => arg === '--key' || arg === '-k';
const isPem = (arg: string | undefined): arg is string => arg?.startsWith('-----BEGIN') === true;

const COMMANDS = { verify: verifyCommand, show: showCommand, bill: billCommand };

function isCommand(name: string | undefined): name is keyof typeof COMMANDS {
  return name !== undefined && Object.hasOwn(COMMANDS, name);
}

/** `--key "$(cat key.pem)"`: parseArgs takes a value that begins with a dash only behind an equals sign. */
function joinPemKey(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const next = args[index + 1];
    if (isKeyOption(args[index - 1]) && isPem(arg)) return [];
    return isKeyOption(arg) && isPem(next) ? [`--key=${next}`] : [arg];
  });
}

async function run(args: readonly string[], io: CliIo): Promise<number> {
  const terminal = printable(io);
  const { values, positionals } = parseArgs({
    args: joinPemKey(args),
    allowPositionals: true,
    options: {
      key: { type: 'string', short: 'k' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [command, file, ...rest] = positionals;
  if (values.help) {
    for (const line of USAGE.split('\n')) terminal.out(line);
    return EXIT.valid;
  }
  if (!isCommand(command) || file === undefined || rest.length > 0) {
    for (const line of USAGE.split('\n')) terminal.err(line);
    return EXIT.cannotRead;
  }
  const bytes = file === '-' ? await io.readStdin() : io.readFile(file);
  const input: CliInput = {
    records: readRecords(bytes),
    ...(values.key === undefined ? {} : { key: readKey(values.key, io) }),
  };
  return COMMANDS[command](input, values.json, values.json ? io : terminal);
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
    const text = `ocmf: ${error instanceof Error ? error.message : String(error)}${code}`;
    // Those of parseArgs have several lines.
    for (const line of text.split('\n')) printable(io).err(line);
    return EXIT.cannotRead;
  }
}
