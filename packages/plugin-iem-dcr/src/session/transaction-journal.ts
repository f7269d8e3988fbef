// SPDX-License-Identifier: Apache-2.0
import { matchTransaction, parseRecord, type OcmfRecord } from '@carabiner/ocmf';
import type { Logger } from '@carabiner/core';
import * as z from 'zod';

/** Where the journal survives a power failure. A value is on disk when `store` has resolved. */
export interface JournalStore {
  load(key: string): Promise<unknown>;
  store(key: string, value: Record<string, unknown>): Promise<void>;
}

const openSchema = z.object({
  transactionId: z.string(),
  /** What the record must say. */
  ID: z.string(),
  CI: z.string(),
  MS: z.string().optional(),
  /** Begin by the meter's clock, ms since 1970. */
  startedMs: z.number().optional(),
  /** Page of the last record before it. */
  afterPG: z.string().optional(),
});

const keptSchema = z.object({
  /** Empty when it is not known whose record it is. */
  transactionId: z.string(),
  record: z.string(),
  publicKey: z.string(),
  PG: z.string().optional(),
  MS: z.string().optional(),
});

const journalSchema = z.object({
  open: openSchema.optional(),
  kept: z.array(keptSchema),
  /** Transactions of which the meter has no record. */
  lost: z.array(z.string()),
});

/** A transaction that was begun and whose record was not fetched. */
export type OpenTransaction = z.output<typeof openSchema>;
/** A record that was fetched, untouched. */
export type KeptRecord = z.output<typeof keptSchema>;

/** Records at hand without asking the store. */
const KEPT = 32;

/** Remembers the open transaction and every record fetched, in memory and in a store where there is one. */
export class TransactionJournal {
  #open: OpenTransaction | undefined;
  #kept: KeptRecord[] = [];
  #lost: string[] = [];

  /** The store has told what it holds; until then its journal is not written over. */
  #loaded = false;
  #unsaved = false;
  readonly #prefix: string;

  /** @param owner - name of the module instance, part of every key */
  constructor(
    private readonly log: Logger,
    private readonly store: JournalStore | undefined,
    owner: string,
  ) {
    this.#prefix = `iem_dcr.${keyPart(owner)}`;
  }

  /** The open transaction. */
  get open(): OpenTransaction | undefined {
    return this.#open;
  }

  /** False while a store has not told yet what an earlier run has left. */
  get complete(): boolean {
    return this.store === undefined || this.#loaded;
  }

  /** Page of the last record that was fetched from the meter with this serial. */
  lastPageOf(MS: string | undefined): string | undefined {
    return this.#kept.findLast((entry) => entry.MS === MS)?.PG;
  }

  /**
   * Reads what an earlier run has left. What happened before it could be read counts as well, and is written then.
   *
   * @throws what the store throws: nothing is known then, and nothing that it holds was touched
   */
  async load(): Promise<void> {
    if (this.store === undefined || this.#loaded) return;
    const value = await this.store.load(`${this.#prefix}.journal`);
    this.#loaded = true;
    if (value !== null && value !== undefined) {
      const { success, data, error } = journalSchema.safeParse(value);
      if (success) this.#addEarlier(data);
      else
        this.log.error('the transaction journal cannot be read; it begins anew', { reason: error.message });
    }
    if (this.#unsaved) await this.#save();
  }

  /** Remembers that a transaction is about to begin. An id that was used before is from now on that of the new one. */
  async begin(transaction: OpenTransaction): Promise<void> {
    const { transactionId } = transaction;
    this.#open = transaction;
    this.#kept = this.#kept.map((entry) =>
      entry.transactionId === transactionId ? { ...entry, transactionId: '' } : entry,
    );
    this.#lost = this.#lost.filter((id) => id !== transactionId);
    await this.#save();
  }

  /** Forgets the open transaction: it was not begun after all. */
  async forget(): Promise<void> {
    if (this.#open === undefined) return;
    this.#open = undefined;
    await this.#save();
  }

  /** Remembers that there is no record of the open transaction. */
  async lose(): Promise<void> {
    if (this.#open === undefined) return;
    this.#lost = [...this.#lost, this.#open.transactionId].slice(-KEPT);
    await this.forget();
  }

  /** Whether it is known that the meter has no record of a transaction. */
  isLost(transactionId: string): boolean {
    return this.#lost.includes(transactionId);
  }

  /** The record of a transaction; undefined when it was not fetched. */
  recordOf(transactionId: string): KeptRecord | undefined {
    return this.#kept.findLast((entry) => entry.transactionId === transactionId);
  }

  /** Whose record it is; empty when it was kept without knowing, undefined when it was not fetched before. */
  ownerOf(record: OcmfRecord): string | undefined {
    return this.#kept.findLast((entry) => entry.record === record.text)?.transactionId;
  }

  /**
   * Keeps a record, and forgets the open transaction if it is its.
   *
   * @param transactionId - empty when it is not known
   */
  async keep(record: OcmfRecord, publicKey: string, transactionId: string): Promise<void> {
    const closes = transactionId !== '' && this.#open?.transactionId === transactionId;
    if (closes) this.#open = undefined;
    const known = this.#kept.find((entry) => entry.record === record.text);
    if (known !== undefined && (known.transactionId !== '' || transactionId === '')) {
      if (closes) await this.#save();
      return;
    }
    const { PG, MS } = record.payload;
    const entry: KeptRecord = {
      transactionId,
      record: record.text,
      publicKey,
      ...(PG === undefined ? {} : { PG }),
      ...(MS === undefined ? {} : { MS }),
    };
    this.#kept = [...this.#kept.filter((other) => other !== known), entry].slice(-KEPT);
    // Its own key is never written again: every record ever fetched stays.
    await this.#write(`${this.#prefix}.record.${keyPart(MS ?? 'meter')}.${keyPart(PG ?? 'page')}`, entry);
    await this.#save();
  }

  /** Puts what an earlier run has left before what this one knows. */
  #addEarlier({ open, kept, lost }: z.output<typeof journalSchema>): void {
    const used = new Set(this.#kept.map(({ transactionId }) => transactionId));
    if (this.#open !== undefined) used.add(this.#open.transactionId);
    const owners = new Map(kept.map(({ record, transactionId }) => [record, transactionId]));
    this.#kept = this.#kept.map((entry) => {
      const owner = owners.get(entry.record) ?? '';
      return entry.transactionId !== '' || used.has(owner) ? entry : { ...entry, transactionId: owner };
    });
    const lostNow = open === undefined || used.has(open.transactionId) ? [] : this.#addOpen(open);
    const records = new Set(this.#kept.map(({ record }) => record));
    const earlier = kept
      .filter(({ record }) => !records.has(record))
      .map((entry) => (used.has(entry.transactionId) ? { ...entry, transactionId: '' } : entry));
    this.#kept = [...earlier, ...this.#kept].slice(-KEPT);
    this.#lost = [...lost.filter((id) => !used.has(id)), ...lostNow, ...this.#lost].slice(-KEPT);
  }

  /**
   * Takes over the open transaction of an earlier run: its record may have been kept in this one without knowing whose it
   * is.
   *
   * @returns its id when its record cannot be had any more
   */
  #addOpen(open: OpenTransaction): string[] {
    const record = this.#kept.find(
      (entry) => entry.transactionId === '' && matchTransaction(parseRecord(entry.record), open).length === 0,
    );
    if (record !== undefined)
      this.#kept = this.#kept.map((entry) =>
        entry === record ? { ...entry, transactionId: open.transactionId } : entry,
      );
    else if (this.#open === undefined) this.#open = open;
    else return [open.transactionId];
    return [];
  }

  async #save(): Promise<void> {
    this.#unsaved = !this.#loaded;
    if (this.#unsaved) return;
    await this.#write(`${this.#prefix}.journal`, {
      ...(this.#open === undefined ? {} : { open: this.#open }),
      kept: this.#kept,
      lost: this.#lost,
    });
  }

  async #write(key: string, value: Record<string, unknown>): Promise<void> {
    try {
      await this.store?.store(key, value);
    } catch (error) {
      this.log.error('the transaction journal cannot be written', { key, reason: (error as Error).message });
    }
  }
}

/** A text as part of a key, which takes letters, digits, underscore and dot. Different texts stay different. */
function keyPart(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, (character) => `_${character.charCodeAt(0).toString(16)}_`);
}
