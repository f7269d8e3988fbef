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
