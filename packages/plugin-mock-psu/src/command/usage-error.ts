// SPDX-License-Identifier: Apache-2.0

/** The command was called wrongly; the message tells what to give instead. Ends the command with 2. */
export class UsageError extends Error {
  readonly code = 'MOCK_USAGE';
  override readonly name = 'UsageError';
}
