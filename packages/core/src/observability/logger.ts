// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { pino, type DestinationStream, type Level, type Logger as Pino } from 'pino';
import type * as Pretty from 'pino-pretty';
import { correlationId } from '../containment/activity.js';
import type { Logger } from '../contract/index.js';

/** From nothing to everything. */
export type LogLevel = 'silent' | Exclude<Level, 'fatal'>;

/** How a runtime logs. */
export interface LogOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** `auto` (default) is `pretty` on a terminal and `json` otherwise. */
  readonly format?: 'auto' | 'pretty' | 'json';
  /** Where lines go; default standard output. */
  readonly destination?: DestinationStream;
}

/** The logs of a runtime: one for each module, each with a level of its own that can change at run time. */
export class LogBook {
  readonly #root: Pino;
  readonly #modules = new Map<string, Pino>();
  /** The host's own log. */
  readonly host: Logger;

  constructor(options: LogOptions = {}) {
    const { level = 'info', format = 'auto', destination } = options;
    const pretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY && !destination);
    const stream = pretty
      ? prettyLines(destination ?? process.stdout)
      : (destination ?? pino.destination({ dest: 1, sync: true }));
    this.#root = pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        mixin: () => {
          const id = correlationId();
          return id === undefined ? {} : { correlation: id };
        },
      },
      stream,
    );
    this.host = new PinoLogger(this.#root.child({ module: 'carabiner' }));
  }

  /** The log of a module. */
  of(moduleId: string): Logger {
    return new PinoLogger(this.#pinoOf(moduleId));
  }

  /** Level of a module's log, children included. */
  level(moduleId: string): LogLevel {
    return this.#pinoOf(moduleId).level as LogLevel;
  }

  /** Sets the level of one module, or of the host and all modules. */
  setLevel(level: LogLevel, moduleId?: string): void {
    if (moduleId !== undefined) {
      this.#pinoOf(moduleId).level = level;
      return;
    }
    this.#root.level = level;
    for (const child of this.#modules.values()) child.level = level;
  }

  #pinoOf(moduleId: string): Pino {
    let logger = this.#modules.get(moduleId);
    if (logger === undefined) {
      logger = this.#root.child({ module: moduleId });
      this.#modules.set(moduleId, logger);
    }
    return logger;
  }
}

/** Turns lines of JSON into lines for people. */
function prettyLines(destination: { write(text: string): unknown }): DestinationStream {
  // Loaded when it is used: processes start without a terminal more often than with one.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof Pretty;
  const format = prettyFactory({
    colorize: destination === process.stdout && process.stdout.isTTY,
    ignore: 'pid,hostname,module',
    messageFormat: '{module}: {msg}',
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => void destination.write(format(line)) };
}

class PinoLogger implements Logger {
  constructor(private readonly pino: Pino) {}

  trace(message: string, fields?: object): void {
    this.pino.trace(fields ?? {}, message);
  }

  debug(message: string, fields?: object): void {
    this.pino.debug(fields ?? {}, message);
  }

  info(message: string, fields?: object): void {
    this.pino.info(fields ?? {}, message);
  }

  warn(message: string, fields?: object): void {
    this.pino.warn(fields ?? {}, message);
  }

  error(message: string, fields?: object): void {
    this.pino.error(fields ?? {}, message);
  }

  child(fields: object): Logger {
    return new PinoLogger(this.pino.child(fields));
  }
}
