// SPDX-License-Identifier: Apache-2.0
import { databaseKey, openDatabase, type Database } from './database.js';
import { decodeRecord } from './record.js';

/**
 * Reads and rewrites a copy of a data file. Ends with exit code 0 when all of it is intact, else with a reason on
 * standard error, or by a signal.
 *
 * It runs in a process of its own: the database maps its file into memory, and a page that is cut off or nonsense ends
 * the process that touches it. A charger must not be that process.
 */
async function probe(copy: string): Promise<void> {
  const database = openDatabase(copy, { temporary: true });
  const keys = readAll(database);
  await rewrite(database, keys);
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
async function rewrite(database: Database, keys: readonly string[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await database.transaction(() => {
      for (const key of keys) {
        const value = database.get(key);
        if (value !== undefined) void database.put(key, Buffer.from(value));
      }
    });
  }
  await database.put('probe', Buffer.alloc(1));
}

const [file] = process.argv.slice(2);
try {
  if (file === undefined) throw new Error('usage: probe <file>');
  await probe(file);
  process.exit(0);
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
