// SPDX-License-Identifier: Apache-2.0

/** A condition that ends a start or stop, with the text for the caller. */
export class TransactionFailure extends Error {
  /** Stable code of this error. */
  readonly code = 'IEM_DCR_TRANSACTION';
  override readonly name = 'TransactionFailure';
}
