// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@carabiner/core';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** One line the module logged. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: object;
  /** Milliseconds since the harness was made. */
  readonly at: number;
}

/** A logger that keeps what it is given. */
export class RecordedLog implements Logger {
  constructor(
    private readonly nowMs: () => number,
    readonly lines: LogLine[] = [],
    private readonly bindings: object = {},
  ) {}

  trace(message: string, fields?: object): void {
    this.#add('trace', message, fields);
  }

  debug(message: string, fields?: object): void {
    this.#add('debug', message, fields);
  }

  info(message: string, fields?: object): void {
    this.#add('info', message, fields);
  }

  warn(message: string, fields?: object): void {
    this.#add('warn', message, fields);
  }

  error(message: string, fields?: object): void {
    this.#add('error', message, fields);
  }

  child(fields: object): Logger {
    return new RecordedLog(this.nowMs, this.lines, { ...this.bindings, ...fields });
  }

  #add(level: LogLevel, message: string, fields: object = {}): void {
    this.lines.push({ level, message, fields: { ...this.bindings, ...fields }, at: this.nowMs() });
  }
}
