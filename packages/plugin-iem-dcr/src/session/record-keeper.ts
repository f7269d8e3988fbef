// SPDX-License-Identifier: Apache-2.0
import { bill, matchTransaction, verifyRecord, type Mismatch, type OcmfRecord } from '@carabiner/ocmf';
import type { SignedMeterValue } from '../powermeter-types.js';
import type { MeterLink } from './meter-link.js';
import type { SessionContext } from './session-options.js';
import { TransactionFailure } from './transaction-failure.js';
import type { TransactionJournal } from './transaction-journal.js';

function describeMismatch(mismatches: readonly Mismatch[]): string {
  return mismatches.map(({ field, expected, found }) => `${field} is ${found}, not ${expected}`).join('; ');
}

/** The record as it came from the meter. */
function signedValue(record: string, publicKey: string): SignedMeterValue {
  return { signed_meter_data: record, signing_method: '', encoding_method: 'OCMF', public_key: publicKey };
}

/** Decides whose a record is, keeps it, and hands it on to the one it belongs to. */
export class RecordKeeper {
  constructor(
    private readonly context: SessionContext,
    private readonly link: MeterLink,
    private readonly journal: TransactionJournal,
  ) {}

  /**
   * The record of a transaction that was fetched before; undefined when the meter has to be asked.
   *
   * @throws TransactionFailure when it is known that there is none
   */
  recall(transactionId: string): SignedMeterValue | undefined {
    if (transactionId === '') return undefined;
    if (this.journal.isLost(transactionId))
      throw new TransactionFailure(`the meter has no record of transaction ${transactionId}`);
    const kept = this.journal.recordOf(transactionId);
    return kept === undefined ? undefined : signedValue(kept.record, kept.publicKey);
  }

  /**
   * Keeps a record that nobody waits for: for the open transaction if it is its, else for `otherwise`. An open transaction
   * whose record it is not is lost, since the meter has only this one.
   *
   * @param otherwise - transaction to keep it for when none is open; empty when that is not known
   */
  async keep(record: OcmfRecord, otherwise: string): Promise<SignedMeterValue> {
    const { open } = this.journal;
    const mismatches = open === undefined ? [] : matchTransaction(record, open);
    if (open !== undefined && mismatches.length > 0) {
      this.context.log.error('the record in the meter is not that of the open transaction', {
        transaction: open.transactionId,
        reason: describeMismatch(mismatches),
      });
      await this.journal.lose();
    }
    const publicKey = await this.#keyFor(record);
    // A record that was kept before is not that of somebody who asked later.
    const known = this.journal.ownerOf(record) !== undefined;
    const owner =
      open === undefined ? (known ? '' : otherwise) : mismatches.length === 0 ? open.transactionId : '';
    await this.journal.keep(record, publicKey, owner);
    return signedValue(record.text, publicKey);
  }

  /**
   * Keeps a record and hands it on to the transaction that asks for it.
   *
   * @throws TransactionFailure when it is that of another one
   */
  async deliver(record: OcmfRecord, transactionId: string): Promise<SignedMeterValue> {
    const { open } = this.journal;
    const own = open?.transactionId === transactionId;
    const mismatches = open === undefined ? [] : matchTransaction(record, open);
    let owner = this.journal.ownerOf(record);
    if (open !== undefined && !own && mismatches.length === 0) owner ||= open.transactionId;
    const misfits = own && mismatches.length > 0;
    const publicKey = await this.#keyFor(record);
    if (misfits || (owner !== undefined && owner !== transactionId)) {
      await this.journal.keep(record, publicKey, misfits ? '' : (owner ?? ''));
      const whose = owner === '' || owner === undefined ? 'an unknown one' : owner;
      const reason = misfits ? describeMismatch(mismatches) : `it is that of ${whose}`;
      throw new TransactionFailure(
        `the last record of the meter is not that of transaction ${transactionId}: ${reason}`,
      );
    }
    if (!own)
      this.context.log.warn('a record is given for a transaction that was not begun by this driver', {
        transaction: transactionId,
      });
    await this.journal.keep(record, publicKey, transactionId);
    return signedValue(record.text, publicKey);
  }

  /** Key for a record, with a check of the record on the way. Findings are reported beside it; it is never withheld. */
  async #keyFor(record: OcmfRecord): Promise<string> {
    let { publicKey } = this.link;
    try {
      if (publicKey === '') publicKey = await this.link.readPublicKey();
    } catch (error) {
      this.context.log.warn('the public key could not be read', { reason: (error as Error).message });
    }
    this.#check(record, publicKey);
    return publicKey;
  }

  #check(record: OcmfRecord, publicKey: string): void {
    const { log } = this.context;
    const { verdict, error } = verifyRecord(record, publicKey === '' ? undefined : publicKey);
    if (verdict === 'invalid')
      log.error('the signature of the record is not right', { reason: error?.message ?? 'wrong signature' });
    const findings = bill([record]).findings.filter(({ severity }) => severity === 'error');
    if (findings.length > 0)
      log.warn('the record may not be fit for billing', { findings: findings.map(({ code }) => code) });
  }
}
