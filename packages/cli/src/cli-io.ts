// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';

/** Everything a command touches besides its arguments, so that tests can stand in for the terminal. */
export interface CliIo {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** True when standard output is a terminal that can redraw a line. */
  readonly isTerminal: boolean;
  /** Width of the terminal in columns. */
  readonly columns: number;
  readonly clock: Clock;
  out(text: string): void;
  err(text: string): void;
  /** Calls `handler` at SIGINT and SIGTERM. Returns the undo. */
  onSignal(handler: (signal: string) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
}

/** The process's own terminal. A reader that goes away (`… | head`) counts as a request to stop. */
export function processIo(): CliIo {
  const handlers = new Set<(signal: string) => void>();
  let readerGone = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (readerGone) return;
    readerGone = true;
    if (handlers.size === 0) process.exit(0);
    for (const handler of handlers) handler('SIGPIPE');
  });
  return {
    cwd: process.cwd(),
    env: process.env,
    isTerminal: process.stdout.isTTY,
    columns: process.stdout.columns || 80,
    clock: systemClock,
    out: (text) => {
      if (!readerGone) process.stdout.write(text);
    },
    err: (text) => void process.stderr.write(text),
    onSignal: (handler) => {
      const signals = ['SIGINT', 'SIGTERM'] as const;
      handlers.add(handler);
      for (const signal of signals) process.on(signal, handler);
      return () => {
        handlers.delete(handler);
        for (const signal of signals) process.off(signal, handler);
      };
    },
    exit: (code) => {
      process.exit(code);
    },
  };
}
