// SPDX-License-Identifier: Apache-2.0
import { JsonNumber, type JsonValue } from './exact-json.js';

/** A place where a record leaves the letter of the format. The record can still be read and verified. */
export interface Deviation {
  /** Path of the field, such as `RD[1].RV`. */
  readonly path: string;
  /** What was found there. */
  readonly message: string;
}

/** Reads a text field; a number becomes its characters and a deviation. */
export function readText(
  value: JsonValue | undefined,
  path: string,
  deviations: Deviation[],
): string | undefined {
  if (typeof value === 'string' || value === undefined) return value;
  if (value instanceof JsonNumber) {
    deviations.push({ path, message: 'a number stands where the format has a text' });
    return value.text;
  }
  deviations.push({ path, message: 'no text' });
  return undefined;
}
