// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { databaseKey, openDatabase, type Database } from './database.js';
import { decodeRecord } from './record.js';

/** What writing fails with on a full disk: ENOSPC, or EIO where only a part of a page could be written. */
const NO_ROOM: ReadonlySet<unknown> = new Set([constants.errno.ENOSPC, constants.errno.EIO]);

/**
 * Reads a data file and rewrites its copy. Ends with exit code 0 when all of it is intact, else with a reason on
 * standard error, or by a signal.
 *
 * It runs in a process of its own: the database maps its file into memory, and a page that is cut off or nonsense ends
 * the process that touches it. A charger must not be that process.
 */
function probe(file: string, isCopy: boolean): void {
  const database = openDatabase(file, isCopy ? { temporary: true } : { readOnly: true });
  const keys = readAll(database);
  if (isCopy) rewrite(database, keys);
}

function readAll(database: Database): string[] {
  const keys: string[] = [];
  for (const { key, value } of database.getRange()) {
    const record = decodeRecord(value);
    if (record === undefined || databaseKey(record.key) !== key) {
      throw new Error(`the value of ${key.slice(1)} fails its check`);
    }
    keys.push(key);
  }
  // a walk over the entries may pass over a broken page where a search stumbles, and the other way round
  const { entryCount } = database.getStats() as { readonly entryCount: number };
  if (keys.length !== entryCount) {
    throw new Error(`${String(keys.length)} of ${String(entryCount)} entries can be reached`);
  }
  const lost = keys.find((key) => database.get(key) === undefined);
  if (lost !== undefined) throw new Error(`the value of ${lost.slice(1)} cannot be found`);
  return keys;
}

/** Touches the pages that reading does not: the list of free ones. */
function rewrite(database: Database, keys: readonly string[]): void {
  try {
    for (let round = 0; round < 3; round++) {
      database.transactionSync(() => {
        for (const key of keys) {
          const value = database.get(key);
          if (value !== undefined) database.putSync(key, Buffer.from(value));
        }
      });
    }
  } catch (error) {
    // no room for the copy to grow says nothing about the file
    if (!NO_ROOM.has((error as { readonly code?: unknown }).code)) throw error;
  }
}

const [file, what] = process.argv.slice(2);
try {
  if (file === undefined) throw new Error('usage: probe <file> copy|original');
  probe(file, what === 'copy');
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
