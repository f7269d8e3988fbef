// SPDX-License-Identifier: Apache-2.0
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import { reportRecord } from '../../../dist/signed-records.js';
import { BROKER, type Disturbances } from './disturbances.js';

/** What a record needs: the meter, its driver, and the way between them and the manager of the EVSE. */
const METERING = ['meter_1', 'meter_device_1'];
/** Around the end of a transaction, whoever takes part in it must have been undisturbed for so long, ms. */
const MARGIN_MS = 2_000;

interface Transaction {
  readonly startedMs: number | undefined;
  readonly resumed: boolean;
  readonly ends: { readonly atMs: number; readonly event: SessionEvent }[];
}

/** Every transaction that is announced is finished exactly once, with its signed record. */
export class TransactionInvariant {
  readonly #transactions = new Map<string, Transaction>();
  readonly #starts = new Map<string, string>();
  #publicKeys = new Set<string>();
  #records = 0;

  constructor(
    private readonly disturbances: Disturbances,
    private readonly violated: (what: string) => void,
  ) {}

  get summary(): string {
    const all = [...this.#transactions.values()];
    const resumed = all.filter((one) => one.resumed).length;
    return `${all.length} transactions, ${resumed} recovered after a restart, ${this.#records} verified records`;
  }

  /** Transactions without an end. */
  get open(): readonly string[] {
    return [...this.#transactions].filter(([, { ends }]) => ends.length === 0).map(([id]) => id);
  }

  publicKey(key: string): void {
    this.#publicKeys.add(key);
  }

  event(event: SessionEvent, atMs: number): void {
    const { uuid } = event;
    const known = this.#transactions.get(uuid);
    switch (event.event) {
      case 'TransactionStarted':
        // A broker that is killed between taking a message and saying so gets it again: the same one, to the letter.
        if (this.#starts.get(uuid) === event.timestamp) break;
        if (known?.startedMs !== undefined) this.violated(`transaction ${uuid} was started twice`);
        this.#starts.set(uuid, event.timestamp);
        this.#transactions.set(uuid, { startedMs: atMs, resumed: false, ends: known?.ends ?? [] });
        break;
      case 'SessionResumed':
        this.#transactions.set(uuid, {
          startedMs: known?.startedMs,
          resumed: true,
          ends: known?.ends ?? [],
        });
        break;
      case 'TransactionFinished':
        this.#finished(event, atMs, known);
        break;
      default:
    }
  }

  /** At the end, when nothing is disturbed any more. */
  finish(): void {
    for (const id of this.open) this.violated(`transaction ${id} was lost`);
  }

  #finished(event: SessionEvent, atMs: number, known: Transaction | undefined): void {
    const { uuid, timestamp } = event;
    if (known === undefined) {
      // The start may be among the messages that a broker took to its grave.
      if (!this.disturbances.any([BROKER, 'evse_1'], atMs - 30_000, atMs))
        this.violated(`transaction ${uuid} was finished and never started`);
      this.#transactions.set(uuid, { startedMs: undefined, resumed: false, ends: [{ atMs, event }] });
      return;
    }
    if (known.ends.some((end) => end.event.timestamp === timestamp)) return;
    const [first] = known.ends;
    // A process that is killed between the message and its mark in the store says it once more rather than never.
    const between = [BROKER, 'evse_1', 'store_1'];
    if (
      first !== undefined &&
      !(known.resumed && this.disturbances.any(between, first.atMs - MARGIN_MS, first.atMs + MARGIN_MS))
    )
      this.violated(
        `transaction ${uuid} was finished twice: ${first.event.transaction_finished?.reason ?? ''}, and ` +
          `${event.transaction_finished?.reason ?? ''} ${Math.round(atMs - first.atMs)} ms later`,
      );
    known.ends.push({ atMs, event });
    if (known.ends.length === 1) this.#record(event, atMs, known);
  }

  #record(event: SessionEvent, atMs: number, known: Transaction): void {
    const signed = event.transaction_finished?.signed_meter_value;
    if (signed === undefined) {
      const from = (known.startedMs ?? atMs - 30_000) - MARGIN_MS;
      const meterWasAway =
        this.disturbances.any(METERING, from, atMs) ||
        this.disturbances.any([BROKER, 'evse_1'], atMs - MARGIN_MS - 2_000, atMs) ||
        known.startedMs === undefined;
      if (!meterWasAway) this.violated(`transaction ${event.uuid} has no signed record`);
      return;
    }
    const reasons = [undefined, ...this.#publicKeys].map((key) => reportRecord('evse_1', event, key));
    if (reasons.some((report) => report?.verified === true)) this.#records += 1;
    else this.violated(`the record of ${event.uuid} is not valid: ${reasons[0]?.reason ?? ''}`);
  }
}
