// SPDX-License-Identifier: Apache-2.0
import type { OcmfRecord } from '@carabiner/ocmf';
import { isErrorFree, type UserData } from '../device/answers.js';
import { MeterRefusal } from '../device/errors.js';
import type {
  SignedMeterValue,
  TransactionReq,
  TransactionStartResponse,
  TransactionStopResponse,
} from '../powermeter-types.js';
import type { MeterLink } from './meter-link.js';
import { RecordKeeper } from './record-keeper.js';
import type { SessionContext, SessionOutputs } from './session-options.js';
import { TransactionFailure } from './transaction-failure.js';
import type { TransactionJournal } from './transaction-journal.js';

/** Time the meter needs to sign, and to be ready for the next request, after a transaction ended. */
const SETTLE_MS = 250;
/** Pause between attempts to reach a meter that `stop_transaction` waits for. */
const RECONNECT_PAUSE_MS = 500;

/** Refusals after which a record is taken to be lost. */
const GIVE_UP_AFTER = 5;

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Begins and ends transactions. The caller sees to it that nothing else talks to the meter meanwhile. */
export class TransactionControl {
  /** Whether a stop was asked for that the meter could not be told. */
  #stopOwed = false;
  /** Id of a transaction that was ended and whose record was not fetched; empty when it is not known. */
  #recordOwedTo: string | undefined;
  /** Whether a transaction was begun in this run that nobody has asked to stop yet. */
  #begun = false;
  /** Refusals in a row of the record that is owed. */
  #refusals = 0;
  readonly #records: RecordKeeper;

  constructor(
    private readonly context: SessionContext,
    private readonly link: MeterLink,
    private readonly journal: TransactionJournal,
    private readonly outputs: SessionOutputs,
  ) {
    this.#records = new RecordKeeper(context, link, journal);
  }

  /** `start_transaction` */
  async start(request: TransactionReq): Promise<TransactionStartResponse> {
    const { config, log } = this.context;
    if (request.evse_id !== '' && request.evse_id !== config.CI)
      return { status: 'NOT_SUPPORTED', error: 'config: CI does not match evse_id. This is not allowed.' };
    try {
      await this.#start(request);
      return { status: 'OK' };
    } catch (error) {
      log.error('the transaction could not be started', {
        transaction: request.transaction_id,
        reason: textOf(error),
      });
      return { status: 'UNEXPECTED_ERROR', error: textOf(error) };
    }
  }

  /** `stop_transaction`; an empty id ends whatever runs. */
  async stop(transactionId: string): Promise<TransactionStopResponse> {
    const { open } = this.journal;
    if (transactionId === '' || open?.transactionId === transactionId) this.#begun = false;
    this.outputs.clearTransactionLost();
    try {
      const value = this.#records.recall(transactionId) ?? (await this.#stop(transactionId));
      return value === undefined ? { status: 'OK' } : { status: 'OK', signed_meter_value: value };
    } catch (error) {
      this.context.log.error('the transaction could not be stopped', {
        transaction: transactionId,
        reason: textOf(error),
      });
      return { status: 'UNEXPECTED_ERROR', error: textOf(error) };
    }
  }

  /** Does what is owed: ends a transaction that should have been stopped, fetches a record that was left in the meter. */
  async settleDebts(): Promise<void> {
    const { running } = this.link;
    if (running === true && this.#stopOwed) {
      await this.#end();
      await this.context.clock.sleep(SETTLE_MS, this.context.signal);
    }
    if (this.link.running !== false) return;
    if (this.#begun) {
      this.#begun = false;
      this.outputs.raiseTransactionLost(
        `the meter has ended transaction ${this.journal.open?.transactionId ?? ''} by itself`,
      );
    }
    this.#stopOwed = false;
    if (this.journal.open === undefined && this.#recordOwedTo === undefined) return;
    let record: OcmfRecord | undefined;
    try {
      record = await this.context.client.getLastTransaction();
    } catch (error) {
      // A meter that is idle and has no record will never have this one.
      if (!(error instanceof MeterRefusal) || ++this.#refusals < GIVE_UP_AFTER) throw error;
      this.context.log.error('the meter has no record of the open transaction', { reason: error.message });
      await this.journal.lose();
    }
    if (record !== undefined) await this.#records.keep(record, this.#recordOwedTo ?? '');
    this.#refusals = 0;
    this.#recordOwedTo = undefined;
  }

  async #start(request: TransactionReq): Promise<void> {
    const { client, config, clock, signal } = this.context;
    if (!this.link.initialised)
      throw new TransactionFailure('Init of communication not finished yet. Please try again later.');
    const words = this.link.live?.XC ?? '';
    if (!isErrorFree(words)) throw new TransactionFailure(`IEM-DCR is in error state. XC: ${words}`);
    if ((await client.getGateway()).CT === '') {
      this.link.initialised = false;
      throw new TransactionFailure('Init seems to be missing. Re-Init triggered. Please try again later.');
    }
    const ended = await this.#endBeforeStart();
    await clock.sleep(SETTLE_MS, signal);
    if (ended) await this.#collectEnded();
    else if (!this.journal.complete) await this.#collectLast();
    const user = this.#userOf(request);
    await this.#repeat(() => client.postUser(user));
    const startedMs = this.link.meterNowMs;
    const MS = this.link.live?.MS;
    const afterPG = this.journal.lastPageOf(MS);
    await this.journal.begin({
      transactionId: request.transaction_id,
      ID: user.ID,
      CI: config.CI,
      ...(MS === undefined ? {} : { MS }),
      ...(startedMs === undefined ? {} : { startedMs }),
      ...(afterPG === undefined ? {} : { afterPG }),
    });
    try {
      await this.#begin();
    } catch (error) {
      // An idle meter has not begun; of one that cannot be asked it is not known.
      if (this.link.running === false) await this.journal.forget();
      throw error;
    }
    this.link.running = true;
    this.#begun = true;
    this.outputs.clearTransactionLost();
    this.#stopOwed = false;
  }

  #userOf(request: TransactionReq): UserData {
    const { config } = this.context;
    const assigned = request.identification_status === 'ASSIGNED';
    const fallback = assigned ? config.identification_level_fallback : 'NONE';
    const data = request.identification_data ?? '';
    const tariff = request.tariff_text ?? '';
    return {
      IS: assigned,
      IL: request.identification_level ?? fallback,
      IF: request.identification_flags,
      IT: request.identification_type,
      ID: data === '' ? request.transaction_id : data,
      US: config.US,
      ...(tariff === '' ? {} : { TT: tariff }),
    };
  }

  /** Ends what runs. True when something was ended. */
  async #endBeforeStart(): Promise<boolean> {
    if (this.link.running === true) {
      await this.#end();
      return true;
    }
    try {
      await this.context.client.end();
    } catch {
      // An idle meter refuses; that is the ordinary case.
      return false;
    }
    this.context.log.warn('a transaction was running in the meter and was ended');
    return true;
  }

  /** Fetches the record of a transaction ended by a start: once the next one begins, the meter gives it no more. */
  async #collectEnded(): Promise<void> {
    this.#recordOwedTo = '';
    await this.#records.keep(await this.#fetchEnded(), '');
    this.#recordOwedTo = undefined;
  }

  /** Fetches the last record: it may be that of a transaction that only the store remembers, which is away. */
  async #collectLast(): Promise<void> {
    try {
      await this.#records.keep(await this.#repeat(() => this.context.client.getLastTransaction()), '');
    } catch (error) {
      // A meter without a record refuses.
      if (!(error instanceof MeterRefusal)) throw error;
    }
  }

  /** The signed record right after an end; from the place of the last record when the meter does not give it. */
  async #fetchEnded(): Promise<OcmfRecord> {
    const { client } = this.context;
    try {
      return await this.#repeat(() => client.getReceipt());
    } catch (error) {
      if (!(error instanceof MeterRefusal)) throw error;
      return await client.getLastTransaction();
    }
  }

  /** The meter may have begun although its answer was lost; then it refuses the repetition. */
  async #begin(): Promise<void> {
    await this.#repeat(async () => {
      try {
        await this.context.client.begin();
      } catch (error) {
        if ((await this.#isRunning()) !== true) throw error;
      }
    });
  }

  /** Ends the running transaction. A failure counts as success when the meter is idle: it has ended all the same. */
  async #end(): Promise<void> {
    await this.#repeat(async () => {
      try {
        await this.context.client.end();
      } catch (error) {
        if ((await this.#isRunning()) !== false) throw error;
      }
    });
    this.link.running = false;
  }

  /** Whether a transaction runs; undefined when the meter cannot be asked. */
  async #isRunning(): Promise<boolean | undefined> {
    try {
      return (await this.link.readLive()).XT;
    } catch (error) {
      this.context.log.debug('the state of the meter cannot be read', { reason: textOf(error) });
      return undefined;
    }
  }

  /** Up to 1 + `resilience_transaction_request_retries` attempts with a pause between them. */
  async #repeat<T>(attempt: () => Promise<T>): Promise<T> {
    const { config, clock, signal } = this.context;
    for (let left = config.resilience_transaction_request_retries; ; left--) {
      try {
        return await attempt();
      } catch (error) {
        if (left <= 0) throw this.#withCurrent(error);
        await clock.sleep(config.resilience_transaction_request_retry_delay, signal);
      }
    }
  }

  /** The likeliest reason of a refusal, for the person who reads the message. */
  #withCurrent(error: unknown): unknown {
    const current = this.link.live?.I ?? 0;
    if (!(error instanceof MeterRefusal) || !error.endpoint.endsWith('/receipt') || current === 0)
      return error;
    return new TransactionFailure(
      `${error.message}; the meter measures ${current} A, which may be above its threshold`,
      {
        cause: error,
      },
    );
  }

  /** Undefined when there was nothing to end and there is no record at all, which only an empty id may meet. */
  async #stop(transactionId: string): Promise<SignedMeterValue | undefined> {
    const { clock, signal } = this.context;
    await this.#reconnect(transactionId);
    if (this.link.running === undefined) await this.#repeat(() => this.link.readLive());
    const { open } = this.journal;
    if (this.link.running === true) {
      if (transactionId !== '' && open !== undefined && open.transactionId !== transactionId)
        throw new TransactionFailure(
          `transaction ${transactionId} is not known; the meter runs ${open.transactionId}, which goes on`,
        );
      await this.#end();
      this.#recordOwedTo = transactionId;
      await clock.sleep(SETTLE_MS, signal);
      return await this.#deliver(await this.#fetchEnded(), transactionId);
    }
    let record: OcmfRecord;
    try {
      record = await this.context.client.getLastTransaction();
    } catch (error) {
      if (transactionId === '' && error instanceof MeterRefusal) return undefined;
      throw new TransactionFailure(`${textOf(error)} Maybe no transaction to return?`, { cause: error });
    }
    return await this.#deliver(record, transactionId);
  }

  async #deliver(record: OcmfRecord, transactionId: string): Promise<SignedMeterValue> {
    this.#recordOwedTo = undefined;
    return await this.#records.deliver(record, transactionId);
  }

  /** Tries for a bounded time to reach a meter that is away. What cannot be done now is done when it is back. */
  async #reconnect(transactionId: string): Promise<void> {
    const { config, clock, signal } = this.context;
    const deadlineMs = clock.monotonic() + config.stop_reconnect_timeout_ms;
    while (!this.link.initialised) {
      try {
        await this.link.initialise();
        await this.link.readLive();
        // Reading live values may have found a power cycle; once initialised that is no news.
        this.link.initialised = true;
      } catch (error) {
        if (clock.monotonic() + RECONNECT_PAUSE_MS > deadlineMs) {
          const { open } = this.journal;
          this.#stopOwed ||=
            transactionId === '' || open === undefined || open.transactionId === transactionId;
          throw new TransactionFailure(`Init of communication not finished yet. ${textOf(error)}`, {
            cause: error,
          });
        }
        await clock.sleep(RECONNECT_PAUSE_MS, signal);
      }
    }
  }
}
