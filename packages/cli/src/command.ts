// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import type { CliIo } from './cli-io.js';

/** What a command's action gets. */
export interface CommandContext {
  readonly io: CliIo;
  /** Sets what the process ends with, one of `ExitCode`; default `ok`. */
  readonly exitWith: (code: number) => void;
}

/** Adds one command (or a family of them) to the program. */
export type RegisterCommand = (program: Command, context: CommandContext) => void;
