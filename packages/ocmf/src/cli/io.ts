// SPDX-License-Identifier: Apache-2.0

/** Exit codes of the `ocmf` command. */
export const EXIT = { valid: 0, notValid: 1, cannotRead: 2 } as const;

/** Where the command reads and writes; tests give their own. */
export interface CliIo {
  /** Reads standard input to its end. */
  readStdin(): Promise<Uint8Array>;
  readFile(path: string): Uint8Array;
  fileExists(path: string): boolean;
  out(line: string): void;
  err(line: string): void;
}

/** The same input, with lines that are for people. Control characters of a record must not reach a terminal. */
export function printable(io: CliIo): CliIo {
  const clean = (line: string): string => line.replace(/\p{Cc}/gu, '�');
  return { ...io, out: (line) => io.out(clean(line)), err: (line) => io.err(clean(line)) };
}
