// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import type { CliIo } from './cli-io.js';
import type { ExitCode } from './exit-codes.js';

/** What a command's action gets. */
export interface CommandContext {
  readonly io: CliIo;
  /** Sets what the process ends with; default `ok`. */
  readonly exitWith: (code: ExitCode) => void;
}

/** Adds one command (or a family of them) to the program. */
export type RegisterCommand = (program: Command, context: CommandContext) => void;
