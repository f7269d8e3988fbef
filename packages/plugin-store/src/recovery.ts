// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { openDatabase, databaseKey } from './database.js';
import { renameDurably, writeDurably } from './durable-file.js';
import { encodeRecord, salvageRecords, type StoreRecord } from './record.js';

/** What became of a damaged data file. */
export interface Restored {
  readonly reason: string;
  /** Where the damaged file is now. */
  readonly damagedFile: string;
  /** JSON file with all values that could be read. */
  readonly readableFile: string;
  /** How many those are. */
  readonly count: number;
}

/** Creates a data file with `records`, complete or not at all. */
export async function createStore(file: string, records: Iterable<StoreRecord>): Promise<void> {
  const unfinished = `${file}.new`;
  await removeDatabase(unfinished);
  const database = openDatabase(unfinished);
  try {
    database.transactionSync(() => {
      for (const { sequence, key, value } of records) {
        const json = value === undefined ? undefined : JSON.stringify(value);
        database.putSync(databaseKey(key), encodeRecord(sequence, key, json));
      }
    });
  } finally {
    await database.close();
  }
  await renameDurably(unfinished, file);
  await rm(`${unfinished}-lock`, { force: true });
}

/**
 * Writes what can be read of a damaged file beside it, as JSON.
 *
 * @returns the records, removed keys included, and how many values were written
 */
export async function exportReadable(
  file: string,
  target: string,
): Promise<{ records: StoreRecord[]; count: number }> {
  const records = [...salvageRecords(await readFile(file)).values()].sort((a, b) => a.sequence - b.sequence);
  const values = records.flatMap(({ key, value }) => (value === undefined ? [] : [[key, value] as const]));
  await writeDurably(target, `${JSON.stringify(Object.fromEntries(values), null, 2)}\n`);
  return { records, count: values.length };
}

/**
 * Replaces a damaged data file by one with its readable values; the damaged one is kept.
 *
 * A power failure in between leaves either the damaged file, to be restored again, or the complete new one under a
 * name that {@link finishRestoration} looks for.
 *
 * @param now - present time, milliseconds since 1970; part of the names of what is kept
 */
export async function restoreStore(file: string, reason: string, now: number): Promise<Restored> {
  const stamp = new Date(now).toISOString().replace(/[:.]/g, '-');
  const damagedFile = `${file}.damaged-${stamp}`;
  const readableFile = `${file}.damaged-${stamp}.json`;
  const { records, count } = await exportReadable(file, readableFile);
  await createStore(restoredName(file), records);
  await renameDurably(file, damagedFile);
  await finishRestoration(file);
  return { reason, damagedFile, readableFile, count };
}

/** Ends a restoration that was interrupted after the damaged file had been moved away. */
export async function finishRestoration(file: string): Promise<void> {
  if (!existsSync(restoredName(file))) return;
  if (existsSync(file)) {
    await removeDatabase(restoredName(file));
    return;
  }
  // the lock belongs to the file that is gone
  await rm(`${file}-lock`, { force: true });
  await renameDurably(restoredName(file), file);
}

function restoredName(file: string): string {
  return `${file}.restored`;
}

async function removeDatabase(file: string): Promise<void> {
  await rm(file, { force: true });
  await rm(`${file}-lock`, { force: true });
}
