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

/** A transaction waits so long for the journal of earlier runs, then it goes on without. */
const JOURNAL_WAIT_MS = 6000;

/** Pause before the store is asked again for the journal. */
const JOURNAL_RETRY_MS = 1000;

/** A meter in use: cyclic work and transactions, never two requests at a time. */
export class MeterSession {
  readonly #exclusive = new Exclusive();
  readonly #link: MeterLink;
  readonly #transactions: TransactionControl;
  readonly #loop: LiveLoop;
  #journalWait: Promise<void> | undefined;

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
    void this.#loadJournal();
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
    const { clock, config } = this.context;
    // What the stop has to wait for before its turn counts as well.
    const deadlineMs = clock.monotonic() + config.stop_reconnect_timeout_ms;
    return await this.#transact(() => this.#transactions.stop(transactionId, deadlineMs));
  }

  async #transact<T>(work: () => Promise<T>): Promise<T> {
    await this.#journalWait;
    return await this.#exclusive.run(work);
  }

  /** Asks the store until it answers. */
  async #loadJournal(): Promise<void> {
    const { clock, signal, log } = this.context;
    const loaded = new AbortController();
    this.#journalWait = clock
      .sleep(JOURNAL_WAIT_MS, AbortSignal.any([signal, loaded.signal]))
      .catch(() => undefined);
    for (let told = false; !loaded.signal.aborted; told = true) {
      try {
        await this.journal.load();
        loaded.abort();
      } catch (error) {
        if (signal.aborted) return;
        if (!told)
          log.error('the transaction journal cannot be loaded; the store is asked again until it answers', {
            reason: String(error),
          });
        await clock.sleep(JOURNAL_RETRY_MS, signal).catch(() => undefined);
      }
    }
  }
}
