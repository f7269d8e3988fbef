// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { FusionChargeError } from '@carabiner/fusioncharge';
import { EthernetLinkError } from '@carabiner/goose';
import { Command, CommanderError, Option } from 'commander';
import { FAULTS } from '../faults/fault-catalogue.js';
import type { MockLog } from '../mock-log.js';
import { generateCertificates } from './certificates.js';
import { runMock } from './run.js';
import { ENVIRONMENT, readSettings, type CommandOptions } from './settings.js';
import { UsageError } from './usage-error.js';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** What the command needs of its surroundings. */
export interface Surroundings {
  readonly console: Console;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Ends the command in the ordinary way. */
  readonly signal: AbortSignal;
}

/** Where the command writes. */
export interface Console {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** One line for each event: time, text, values. */
function consoleLog({ out, err }: Console, clock: Clock): MockLog {
  const line = (message: string, fields: object = {}): string => {
    const values = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
    return `${new Date(clock.now()).toISOString()} ${message}${values}\n`;
  };
  return {
    info: (message, fields) => out(line(message, fields)),
    warn: (message, fields) => err(line(message, fields)),
  };
}

function list(entries: readonly (readonly [string, string])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n');
}

function describeFaults(): string {
  return list(
    Object.entries(FAULTS).map(([name, kind]) => {
      const takes = [
        'value' in kind ? `value: ${kind.value.meaning}, default ${kind.value.default}` : '',
        'target' in kind ? `target: ${kind.target.meaning}` : '',
        'perConnector' in kind ? 'connector' : '',
      ].filter((text) => text !== '');
      return [name, `${kind.description}${takes.length === 0 ? '' : ` (${takes.join('; ')})`}`] as const;
    }),
  );
}

function buildCommand({ console, environment, clock, signal }: Surroundings): Command {
  const command = new Command('fusion-charger-mock')
    .description('A Huawei FusionCharge power unit without hardware, for dispensers to talk to.')
    .argument('[certificates]', 'folder with dispenser_ca.crt.pem, psu.crt.pem and psu.key.pem: mutual TLS')
    .option('--link <kind>', 'how GOOSE frames travel: packet (CAP_NET_RAW) or udp (loopback)', 'packet')
    .option('--key <policy>', 'HMAC key of a session: constant as the reference, or random', 'constant')
    .addOption(
      new Option(
        '--fault <fault>',
        'name[=value][,connector=N][,target=T][,after=S][,for=S]; may be repeated',
      )
        .argParser((value: string, previous: string[]) => [...previous, value])
        .default([], 'none'),
    )
    .option('--reply-delay <ms>', 'pause before the reply to a placeholder request', '3')
    .option('--period <ms>', 'pause between rounds of Modbus requests', '5000')
    .option('--peer-name <name>', 'name that the certificate of a dispenser must have; default any')
    .option('--keep-running', 'do not end when the last dispenser has been gone for 10 s')
    .addHelpText(
      'after',
      () => `\nEnvironment:\n${list(Object.entries(ENVIRONMENT))}\n\nFaults:\n${describeFaults()}`,
    )
    .exitOverride()
    .configureOutput({ writeOut: (text) => console.out(text), writeErr: (text) => console.err(text) })
    .action(async (certificates: string | undefined, options: CommandOptions) => {
      const settings = readSettings(certificates, options, environment);
      await runMock(settings, clock, consoleLog(console, clock), signal);
    });
  command
    .command('generate-certificates <folder>')
    .description('make certificates for both sides, for tests')
    .action(async (folder: string) => {
      for (const file of await generateCertificates(folder, clock)) console.out(`${file}\n`);
    });
  return command;
}

/**
 * The command `fusion-charger-mock`.
 *
 * @param args - without program and script
 * @returns the exit code: 0 done, 1 failed, 2 called wrongly
 */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { console } = surroundings;
  try {
    await buildCommand(surroundings).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    if (error instanceof UsageError || isSetting(error)) {
      console.err(`fusion-charger-mock: ${error.message}\n`);
      return EXIT_USAGE;
    }
    console.err(`fusion-charger-mock: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_FAILED;
  }
}

/** An interface, port, folder or permission that the user chose and that does not work. */
function isSetting(error: unknown): error is Error {
  return error instanceof EthernetLinkError || error instanceof FusionChargeError;
}
