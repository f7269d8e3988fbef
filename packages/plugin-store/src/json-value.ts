// SPDX-License-Identifier: Apache-2.0
import { StoreValueError } from './store-errors.js';

/** A value that can be kept exactly. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/**
 * Serialises a value.
 *
 * `JSON.stringify` alone would silently turn `NaN` into null and leave members out, and the value read back would be
 * another one than was stored.
 *
 * @throws StoreValueError when the value would not come back as it is
 */
export function serialise(key: string, value: unknown): string {
  check(key, value, '', new Set());
  // JSON has no sign for zero; -0 comes back as 0, which is equal
  return JSON.stringify(value);
}

function check(key: string, value: unknown, path: string, above: Set<object>): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw new StoreValueError(key, path, String(value));
      return;
    case 'object':
      break;
    default:
      throw new StoreValueError(key, path, value === undefined ? 'undefined' : `a ${typeof value}`);
  }
  if (value === null) return;
  if (above.has(value)) throw new StoreValueError(key, path, 'part of itself');
  above.add(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      check(key, value[index], `${path}/${String(index)}`, above);
  } else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new StoreValueError(key, path, 'an instance of a class');
    }
    for (const [member, child] of Object.entries(value)) check(key, child, `${path}/${member}`, above);
  }
  above.delete(value);
}
