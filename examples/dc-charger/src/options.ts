// SPDX-License-Identifier: Apache-2.0
import { BROKERS, type BrokerName } from './distributed.js';
import type { MeterAddress } from './meter-device.js';
import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';

/** Options of the command. */
export interface RunOptions {
  readonly scenario: string;
  readonly composition: string | undefined;
  readonly link: 'udp' | 'packet';
  /** Seconds of charging in the charger's own time; undefined until the battery has enough. */
  readonly duration: number | undefined;
  readonly timeFactor: number;
  /** Broker over which the modules talk, each in a process of its own; undefined has them in one process. */
  readonly distributed?: BrokerName | undefined;
  readonly json: boolean;
  /** Folder of the store, kept after the run; undefined for one that is thrown away. */
  readonly storeFolder: string | undefined;
  /** A simulated meter of another process. */
  readonly meter: MeterAddress | undefined;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('must be a number above 0');
  return value;
}

function meterAddress(text: string): MeterAddress {
  const match = /^(\d+):(\d+)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('must be <port>:<control port>');
  return { port: Number(match[1]), controlPort: Number(match[2]) };
}

function existingFile(path: string): string {
  if (!existsSync(path)) throw new InvalidArgumentError('there is no such file');
  return path;
}

/**
 * Parses the command line; prints help or a usage error and ends the process where that is asked for.
 *
 * @param scenarios - name and description of each scenario, for the help text
 */
export function parseOptions(
  argv: readonly string[],
  scenarios: readonly { readonly name: string; readonly description: string }[],
): RunOptions {
  const list = scenarios.map(({ name, description }) => `  ${name.padEnd(24)}${description}`).join('\n');
  const program = new Command('dc-charger')
    .description(
      'A complete DC charger without hardware: plug in, charge, stop, and a verified signed record.',
    )
    .addOption(
      new Option('--scenario <name>', 'what happens')
        .choices(scenarios.map(({ name }) => name))
        .default('charge'),
    )
    .option('--composition <file>', 'another composition than the scenario has', existingFile)
    .addOption(
      new Option('--link <link>', 'how GOOSE frames travel; packet needs root and makes a veth pair')
        .choices(['udp', 'packet'])
        .default('udp'),
    )
    .option('--duration <seconds>', "stop charging after this time of the charger's own clock", positive)
    .option('--time-factor <factor>', "how much faster the charger's clock runs", positive, 10)
    .option('--store-folder <folder>', 'keep the store there, so that another run finds it')
    .option(
      '--meter <ports>',
      'use a simulated meter of another process: <port>:<control port>',
      meterAddress,
    )
    .addOption(
      new Option('--distributed [broker]', 'every module in a process of its own')
        .choices(BROKERS)
        .preset('embedded'),
    )
    .option('--json', 'one JSON object per line', false)
    .addOption(
      new Option('--log-level <level>', 'log of the modules, on standard error')
        .choices(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
        .default('silent'),
    )
    .addHelpText(
      'after',
      `\nScenarios:\n${list}\n\nExit code: 0 when everything went as expected, 1 when not, 2 for a wrong option.`,
    )
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    })
    .parse([...argv], { from: 'user' });
  const options = program.opts<RunOptions>();
  return { ...options };
}
