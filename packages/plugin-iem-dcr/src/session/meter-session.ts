// SPDX-License-Identifier: Apache-2.0
import type {
  TransactionReq,
  TransactionStartResponse,
  TransactionStopResponse,
} from '../powermeter-types.js';
import { Exclusive } from './exclusive.js';
import { LiveLoop } from './live-loop.js';
import { MeterLink } from './meter-link.js';
import type { SessionContext, SessionOutputs } from './session-options.js';
import { TransactionControl } from './transaction-control.js';
import type { TransactionJournal } from './transaction-journal.js';

const PAUSE_AFTER_DEFECT_MS = 1000;

/** A meter in use: cyclic work and transactions, never two requests at a time. */
export class MeterSession {
  readonly #exclusive = new Exclusive();
  readonly #link: MeterLink;
  readonly #transactions: TransactionControl;
  readonly #loop: LiveLoop;
  #loaded: Promise<void> | undefined;

  constructor(
    private readonly context: SessionContext,
    private readonly journal: TransactionJournal,
    outputs: SessionOutputs,
  ) {
    this.#link = new MeterLink(context);
    this.#transactions = new TransactionControl(context, this.#link, journal, outputs);
    this.#loop = new LiveLoop(context, this.#link, this.#transactions, outputs);
  }

  /** Works until the signal aborts. Never rejects. */
  async run(): Promise<void> {
    const { clock, signal, log } = this.context;
    // A slow store holds back transactions, not the live values.
    void this.#load();
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      let pauseMs = PAUSE_AFTER_DEFECT_MS;
      try {
        pauseMs = await this.#exclusive.run(() => this.#loop.turn());
      } catch (error) {
        log.error('a turn of the live values failed', { reason: String(error) });
      }
      const elapsedMs = clock.monotonic() - startedMs;
      await clock.sleep(Math.max(pauseMs - elapsedMs, 0), signal).catch(() => undefined);
    }
  }

  /** `start_transaction` */
  async start(request: TransactionReq): Promise<TransactionStartResponse> {
    return await this.#transact(() => this.#transactions.start(request));
  }

  /** `stop_transaction` */
  async stop(transactionId: string): Promise<TransactionStopResponse> {
    return await this.#transact(() => this.#transactions.stop(transactionId));
  }

  async #transact<T>(work: () => Promise<T>): Promise<T> {
    await this.#load();
    return await this.#exclusive.run(work);
  }

  async #load(): Promise<void> {
    await (this.#loaded ??= this.journal.load());
  }
}
