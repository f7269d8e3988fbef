// SPDX-License-Identifier: Apache-2.0
import { parseArgs } from 'node:util';
import { ScaledClock, systemClock, type Clock } from '@carabiner/clock';
import { LogBook, toError, type LogLevel } from '@carabiner/core';
import { readModuleSettings, type ModuleOptions } from './module-settings.js';
import { runModule } from './run-module.js';

/** What a module process is told by its command line beside the options of EVerest's modules. */
export interface ModuleProcessArguments extends ModuleOptions {
  /** npm package or module name. */
  readonly target: string | undefined;
  /** Folder from which packages are looked for. */
  readonly folder: string | undefined;
  readonly logLevel: string | undefined;
  readonly logFormat: string | undefined;
  /** What the manager has read in the module's manifest, as a digest. */
  readonly declared: string | undefined;
}

/** Options of EVerest's own modules that mean nothing here; they are taken and ignored, as there. */
const IGNORED = ['prefix', 'log_config', 'config'] as const;

/**
 * Reads a command line: EVerest's options in its own spelling (`--module`, `--mqtt_broker_host` …) or in that of this
 * project (`--module-id`, `--mqtt-broker-host` …).
 *
 * @throws TypeError for an unknown option
 */
export function parseModuleArguments(args: readonly string[]): ModuleProcessArguments {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: args.map((arg) => arg.replace(/^--[^=]+/, (name) => `--${name.slice(2).replaceAll('-', '_')}`)),
    allowPositionals: true,
    options: {
      module: text,
      module_id: text,
      mqtt_broker_host: text,
      mqtt_broker_port: text,
      mqtt_broker_socket_path: text,
      mqtt_everest_prefix: text,
      mqtt_external_prefix: text,
      generation: text,
      folder: text,
      log_level: text,
      log_format: text,
      declared: text,
      dontvalidateschema: { type: 'boolean' },
      ...Object.fromEntries(IGNORED.map((name) => [name, text] as const)),
    },
  });
  return {
    target: positionals[0],
    moduleId: values.module_id ?? values.module,
    brokerHost: values.mqtt_broker_host,
    brokerPort: values.mqtt_broker_port,
    brokerSocketPath: values.mqtt_broker_socket_path,
    everestPrefix: values.mqtt_everest_prefix,
    externalPrefix: values.mqtt_external_prefix,
    generation: values.generation,
    folder: values.folder,
    logLevel: values.log_level,
    logFormat: values.log_format,
    declared: values.declared,
  };
}

const LEVELS: readonly LogLevel[] = ['silent', 'error', 'warn', 'info', 'debug', 'trace'];

/**
 * A process that is one module: until the manager, a signal, or the end of its standard input (when
 * `CARABINER_PARENT_PIPE` says that its parent holds the other end) stops it.
 *
 * @returns the exit code
 */
export async function runModuleProcess(
  { target, folder, logLevel, logFormat, declared, ...options }: ModuleProcessArguments,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<number> {
  // Which of the many is which, for those who look at the machine's list of processes.
  process.title = `carabiner ${options.moduleId ?? env['EV_MODULE'] ?? target ?? ''}`.trim();
  const book = new LogBook({
    level: LEVELS.find((level) => level === (logLevel ?? env['CARABINER_LOG_LEVEL'])) ?? 'info',
    format: logFormat === 'pretty' || logFormat === 'json' ? logFormat : 'auto',
  });
  const orphaned = new AbortController();
  if (env['CARABINER_PARENT_PIPE'] === '1') {
    // A parent that was killed cannot say so; its end of the pipe closes all the same.
    process.stdin.on('end', () => {
      book.host.warn('the parent process is gone: shutting down');
      orphaned.abort();
    });
    process.stdin.on('error', () => orphaned.abort());
    process.stdin.resume();
  }
  try {
    return await runModule({
      settings: readModuleSettings(options, env),
      target,
      declared,
      log: book,
      signal: orphaned.signal,
      clock: processClock(env),
      ...(folder === undefined ? {} : { folder }),
    });
  } catch (thrown) {
    book.host.error('the module cannot run', { err: toError(thrown) });
    return 1;
  }
}

/** Environment variables by which the processes of a simulated station share a time that runs faster. */
export const TIME_VARIABLES = { factor: 'CARABINER_TIME_FACTOR', epoch: 'CARABINER_TIME_EPOCH_MS' } as const;

function processClock(env: Readonly<Record<string, string | undefined>>): Clock {
  const factor = Number(env[TIME_VARIABLES.factor] ?? 1);
  const epochMs = Number(env[TIME_VARIABLES.epoch] ?? Number.NaN);
  if (!(factor > 0) || factor === 1) return systemClock;
  return new ScaledClock(systemClock, factor, ...(Number.isFinite(epochMs) ? [epochMs] : []));
}

/** {@link runModuleProcess} for a file that is started by `node`: ends the process. */
export async function main(args: readonly string[] = process.argv.slice(2)): Promise<void> {
  process.exit(await runModuleProcess(parseModuleArguments(args)));
}
