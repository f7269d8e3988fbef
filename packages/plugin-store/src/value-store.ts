// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { databaseKey, openDatabase, type Database } from './database.js';
import { makeFolder } from './make-folder.js';
import { findDamage } from './file-check.js';
import { serialise, type JsonValue } from './json-value.js';
import { decodeRecord, encodeRecord, type StoreRecord } from './record.js';
import { createStore, exportReadable, finishRestoration, restoreStore, type Restored } from './recovery.js';
import { StoreAccessError, StoreClosedError, StoreDamagedError, StoreError } from './store-errors.js';

/** How to open a store. */
export interface ValueStoreOptions {
  /** Data file; created with its folder when it does not exist. */
  readonly file: string;
  /** What to do with a damaged file: fail with {@link StoreDamagedError}, or go on with what can be read. */
  readonly onDamage: 'stop' | 'restore';
  /** Present time in milliseconds since 1970, for the names of files set aside. */
  readonly now: () => number;
}

/** Marks of removed keys that are kept; older ones are dropped when the store is opened. */
const REMOVED_KEYS_KEPT = 10_000;

/**
 * JSON values under string keys, in one file.
 *
 * A write is on disk when its promise resolves: it survives the end of the process and of the power. Several writes at
 * the same time share one commit.
 */
export class ValueStore {
  #open = true;

  private constructor(
    readonly file: string,
    private readonly database: Database,
    private sequence: number,
    /** Set when a damaged file was replaced on opening. */
    readonly restored: Restored | undefined,
  ) {}

  /**
   * Opens a store, or creates it.
   *
   * @throws StoreDamagedError when the file is damaged and `onDamage` is `stop`
   * @throws StoreAccessError when the file cannot be opened or created
   */
  static async open(options: ValueStoreOptions): Promise<ValueStore> {
    const file = resolve(options.file);
    try {
      await makeFolder(dirname(file));
      await finishRestoration(file);
      let restored: Restored | undefined;
      if (!existsSync(file)) await createStore(file, []);
      else {
        const reason = await findDamage(file);
        if (reason !== undefined) restored = await handleDamage(file, reason, options);
      }
      const database = openDatabase(file);
      return new ValueStore(file, database, await prepare(file, database), restored);
    } catch (error) {
      throw error instanceof StoreError ? error : new StoreAccessError(file, 'open', error);
    }
  }

  /**
   * The value under `key`, null when there is none.
   *
   * @throws StoreDamagedError when the value was damaged since the store was opened
   */
  get(key: string): JsonValue {
    return this.read(key)?.value ?? null;
  }

  /** Whether there is a value under `key`; a stored null is one. */
  has(key: string): boolean {
    return this.read(key)?.value !== undefined;
  }

  /**
   * Writes `value` under `key`; resolves when it is on disk.
   *
   * @throws StoreValueError when the value is not JSON
   * @throws StoreAccessError when it cannot be written, for instance because the disk is full
   */
  async set(key: string, value: unknown): Promise<void> {
    await this.write(key, serialise(key, value));
  }

  /**
   * Removes `key`; resolves when that is on disk. Not having it is no error.
   *
   * @throws StoreAccessError when it cannot be written
   */
  async delete(key: string): Promise<void> {
    this.assertOpen();
    await this.write(key, undefined);
  }

  /** Waits for writes under way and closes the file. */
  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.database.close();
  }

  private read(key: string): StoreRecord | undefined {
    this.assertOpen();
    const bytes = this.database.get(databaseKey(key));
    if (bytes === undefined) return undefined;
    const record = decodeRecord(bytes);
    if (record?.key !== key) throw new StoreDamagedError(this.file, `the value of ${key} fails its check`);
    return record;
  }

  private async write(key: string, json: string | undefined): Promise<void> {
    this.assertOpen();
    this.sequence += 1;
    try {
      await this.database.put(databaseKey(key), encodeRecord(this.sequence, key, json));
    } catch (error) {
      throw new StoreAccessError(this.file, 'write to', await reasonOf(error));
    }
  }

  private assertOpen(): void {
    if (!this.#open) throw new StoreClosedError(this.file);
  }
}

async function handleDamage(file: string, reason: string, options: ValueStoreOptions): Promise<Restored> {
  if (options.onDamage === 'restore') return await restoreStore(file, reason, options.now());
  const readable = `${file}.readable.json`;
  const { count } = await exportReadable(file, readable);
  throw new StoreDamagedError(file, reason, readable, count);
}

/** Finds the last sequence number and drops old marks of removed keys. */
async function prepare(file: string, database: Database): Promise<number> {
  let last = 0;
  const removed: StoreRecord[] = [];
  for (const { key, value } of database.getRange()) {
    const record = decodeRecord(value);
    if (record === undefined)
      throw new StoreDamagedError(file, `the value of ${key.slice(1)} fails its check`);
    last = Math.max(last, record.sequence);
    if (record.value === undefined) removed.push(record);
  }
  const old = removed.filter(({ sequence }) => sequence <= last - REMOVED_KEYS_KEPT);
  await Promise.all(old.map(async ({ key }) => await database.remove(databaseKey(key))));
  return last;
}

/** The database says in a promise of its own why a commit failed; left alone it would count as unhandled. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { readonly commitError?: Promise<never> };
  return await (commitError ?? Promise.reject(error as Error)).catch((reason: unknown) => reason);
}
