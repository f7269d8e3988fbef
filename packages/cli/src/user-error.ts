// SPDX-License-Identifier: Apache-2.0
import { isCarabinerError } from '@carabiner/core';
import { ExitCode } from './exit-codes.js';

/** A mistake of the user: shown as one line without a stack. */
export class UserError extends Error {
  readonly code: string = 'CLI_USER_ERROR';
  override readonly name = 'UserError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = ExitCode.failed,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** True for errors whose message says all: those of the command line, and the typed ones of the framework. */
export function isUserMistake(thrown: unknown): thrown is Error & { readonly exitCode?: ExitCode } {
  return thrown instanceof UserError || isCarabinerError(thrown) || isFileError(thrown);
}

/** A file or folder that is missing, occupied or forbidden. */
function isFileError(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'syscall' in thrown &&
    'code' in thrown &&
    ['ENOENT', 'EACCES', 'EEXIST', 'EISDIR', 'ENOTDIR', 'EPERM', 'EROFS'].includes(String(thrown.code))
  );
}
