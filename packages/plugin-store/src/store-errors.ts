// SPDX-License-Identifier: Apache-2.0

/** Base of what can go wrong in a store; `code` is stable. */
export abstract class StoreError extends Error {
  abstract readonly code: string;
}

/** The data file is damaged. Its readable values have been written beside it. */
export class StoreDamagedError extends StoreError {
  readonly code = 'STORE_DAMAGED';
  override readonly name = 'StoreDamagedError';

  /**
   * @param file - the data file
   * @param reason - what is wrong with it
   * @param readable - where the readable values were written, undefined for a single damaged value
   * @param count - how many those are
   */
  constructor(
    readonly file: string,
    readonly reason: string,
    readonly readable?: string,
    readonly count = 0,
  ) {
    super(
      `The store ${file} is damaged: ${reason}.` +
        (readable === undefined
          ? ' Restart the module to have the whole file checked.'
          : ` ${String(count)} values could be read, some perhaps in an older state, and are in ${readable};` +
            ' the file itself was left as it is.' +
            ' Set on_damage to "restore" to go on with these values, or move the file away to begin with none.'),
    );
  }
}

/** The data file cannot be opened, created or written. */
export class StoreAccessError extends StoreError {
  readonly code = 'STORE_ACCESS';
  override readonly name = 'StoreAccessError';

  /**
   * @param file - the data file
   * @param action - what was tried
   * @param cause - why it failed
   */
  constructor(
    readonly file: string,
    action: string,
    cause: unknown,
  ) {
    super(
      `Cannot ${action} the store ${file}: ${cause instanceof Error ? cause.message : String(cause)}.` +
        ' Check path, permissions and free space.',
      { cause },
    );
  }
}

/** The value cannot be kept, for it is not JSON. */
export class StoreValueError extends StoreError {
  readonly code = 'STORE_VALUE';
  override readonly name = 'StoreValueError';

  /**
   * @param key - the key the value was meant for
   * @param path - where in the value, as a JSON pointer
   * @param found - what was found there
   */
  constructor(
    readonly key: string,
    readonly path: string,
    found: string,
  ) {
    super(
      `The value for ${key} cannot be stored: ${path === '' ? 'it' : path} is ${found};` +
        ' allowed are null, string, finite number, boolean, array and object.',
    );
  }
}

/** The store was used after it had been closed. */
export class StoreClosedError extends StoreError {
  readonly code = 'STORE_CLOSED';
  override readonly name = 'StoreClosedError';

  constructor(readonly file: string) {
    super(`The store ${file} is closed.`);
  }
}
