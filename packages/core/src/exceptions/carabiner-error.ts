// SPDX-License-Identifier: Apache-2.0

/** The same symbol in every copy of this package, so that errors are told by brand and not by `instanceof`. */
const BRAND = Symbol.for('carabiner.error');

/** Base of every error this package throws. Callers test {@link CarabinerError.code}, never the text. */
export abstract class CarabinerError extends Error {
  /** Stable name of the kind of error. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** True for errors of this package, also those of another copy of it. */
export function isCarabinerError(value: unknown): value is CarabinerError {
  return value instanceof Error && (value as { readonly [BRAND]?: unknown })[BRAND] === true;
}

/** The thrown value as an error; what is no error becomes the `cause` of one. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(typeof thrown === 'string' ? thrown : `thrown value: ${describe(thrown)}`, {
    cause: thrown,
  });
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return 'an object';
  }
}
