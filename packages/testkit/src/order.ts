// SPDX-License-Identifier: Apache-2.0
import { AssertionError } from 'chai';
import type { Entry } from './journal.js';

/** Members that an entry must have, or a function that decides. Members of nested objects may be left out as well. */
export type EntryPattern = { readonly [member: string]: unknown } | ((entry: Entry) => boolean);

/** True when the entry has all that the pattern asks for. */
export function matches(entry: Entry, pattern: EntryPattern): boolean {
  return typeof pattern === 'function' ? pattern(entry) : contains(entry, pattern);
}

/**
 * Asserts that entries for all patterns occur in this order; others may lie between them.
 *
 * @returns the entries found, one for each pattern
 * @throws AssertionError that names the first pattern without an entry and lists what happened instead
 */
export function expectOrder(entries: readonly Entry[], patterns: readonly EntryPattern[]): readonly Entry[] {
  const found: Entry[] = [];
  let next = 0;
  for (const [number, pattern] of patterns.entries()) {
    const index = entries.findIndex((entry, position) => position >= next && matches(entry, pattern));
    const entry = entries[index];
    if (entry === undefined) {
      const earlier = entries.slice(0, next).some((each) => matches(each, pattern));
      throw new AssertionError(
        `step ${number + 1} of ${patterns.length}, ${show(pattern)}, ${earlier ? 'came too early' : 'did not happen'}; there were:\n${listing(entries)}`,
      );
    }
    found.push(entry);
    next = index + 1;
  }
  return found;
}

/**
 * Asserts that nothing like `pattern` happened.
 *
 * @throws AssertionError with the entry
 */
export function expectNone(entries: readonly Entry[], pattern: EntryPattern): void {
  const entry = entries.find((each) => matches(each, pattern));
  if (entry !== undefined) throw new AssertionError(`unexpected: ${line(entry)}`);
}

/** One line for each entry, for messages. */
export function listing(entries: readonly Entry[]): string {
  return entries.length === 0 ? '  (nothing)' : entries.map((entry) => `  ${line(entry)}`).join('\n');
}

function line({ at, kind, ...rest }: Entry): string {
  return `${at.toFixed(0).padStart(7)} ms  ${kind.padEnd(15)} ${text(rest)}`;
}

function show(pattern: EntryPattern): string {
  return typeof pattern === 'function' ? pattern.toString() : text(pattern);
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (each instanceof Error ? each.message : each));
}

function contains(value: unknown, pattern: unknown): boolean {
  if (Object.is(value, pattern)) return true;
  if (pattern instanceof RegExp) return typeof value === 'string' && pattern.test(value);
  if (!isObject(value) || !isObject(pattern)) return false;
  if (Array.isArray(pattern) && (!Array.isArray(value) || value.length !== pattern.length)) return false;
  return Object.entries(pattern).every(([key, expected]) => contains(Reflect.get(value, key), expected));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
