// SPDX-License-Identifier: Apache-2.0
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

/** What a mistake is shown as. */
export interface Mistake {
  readonly message: string;
  readonly exitCode: number;
}

/**
 * The mistake in an error whose message says all: one of the command line, of the file system, or a typed one of the
 * framework. Undefined for anything else, which is a defect.
 */
export async function mistakeIn(thrown: unknown): Promise<Mistake | undefined> {
  if (thrown instanceof UserError) return thrown;
  // Loaded now only, since most command lines end well.
  const { isCarabinerError } = await import('@carabiner/core');
  return isFileError(thrown) || isCarabinerError(thrown)
    ? { message: thrown.message, exitCode: ExitCode.failed }
    : undefined;
}

/** A file or folder that is missing, occupied or forbidden. */
function isFileError(thrown: unknown): thrown is Error {
  return (
    thrown instanceof Error &&
    'syscall' in thrown &&
    'code' in thrown &&
    ['ENOENT', 'EACCES', 'EEXIST', 'EISDIR', 'ENOTDIR', 'EPERM', 'EROFS'].includes(String(thrown.code))
  );
}
