// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { open, type RootDatabase } from 'lmdb';

/** The embedded database that holds the records. */
export type Database = RootDatabase<Buffer, string>;

/** LMDB bounds keys to 1,978 bytes; anything near it goes under a digest, the record has the key itself. */
const LONGEST_PLAIN_KEY = 1000;

/**
 * Opens the database file.
 *
 * A commit is on disk before its promise resolves: the data pages are synced first, then the page that makes them
 * valid is written through. That is what `overlappingSync: false` stands for; with it on, LMDB would resolve after the
 * write and sync later.
 *
 * @param options - `temporary`: the file is thrown away anyway, do not sync
 */
export function openDatabase(
  file: string,
  options: { readonly temporary?: boolean; readonly readOnly?: boolean } = {},
): Database {
  return open<Buffer, string>({
    path: file,
    noSubdir: true,
    encoding: 'binary',
    overlappingSync: false,
    // its promise for a whole batch is in nobody's hands: when the disk is full it would end the process
    eventTurnBatching: false,
    noSync: options.temporary ?? false,
    readOnly: options.readOnly ?? false,
  });
}

/** Where a key's record lies. */
export function databaseKey(key: string): string {
  return Buffer.byteLength(key) <= LONGEST_PLAIN_KEY
    ? `k${key}`
    : `h${createHash('sha256').update(key).digest('hex')}`;
}
