// SPDX-License-Identifier: Apache-2.0
import type { OcmfRecord } from '@carabiner/ocmf';
import { isErrorFree, type Gateway, type UserData } from '../device/answers.js';
import { MeterRefusal, MeterUnreachable } from '../device/errors.js';
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

/** A request that failed after so long has met silence, not a lost telegram. */
const SILENCE_MS = 500;

/** What a repetition does about a meter that is silent. */
type OnSilence = 'repeat' | 'give-up';

/** Refusals after which a record is taken to be lost. */
const GIVE_UP_AFTER = 5;

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Begins and ends transactions. The caller sees to it that nothing else talks to the meter meanwhile. */
export class TransactionControl {
  /** Id of a stop that the meter could not be told; empty when it was to end whatever runs. */
  #stopOwedTo: string | undefined;
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

  /**
   * `stop_transaction`; an empty id ends whatever runs.
   *
   * @param deadlineMs - until when a meter that is away is waited for, by the monotonic clock
   */
  async stop(transactionId: string, deadlineMs: number): Promise<TransactionStopResponse> {
    const { open } = this.journal;
    if (transactionId === '' || open?.transactionId === transactionId) this.#begun = false;
    this.outputs.clearTransactionLost();
    try {
      const value = this.#records.recall(transactionId) ?? (await this.#stop(transactionId, deadlineMs));
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
    if (running === true && this.#stopOwedTo !== undefined) {
      await this.#end('give-up');
      this.#recordOwedTo = this.#stopOwedTo;
      await this.context.clock.sleep(SETTLE_MS, this.context.signal);
    }
    if (this.link.running !== false) return;
    if (this.#begun) {
      this.#begun = false;
      this.outputs.raiseTransactionLost(
        `the meter has ended transaction ${this.journal.open?.transactionId ?? ''} by itself`,
      );
    }
    if (this.#stopOwedTo !== '') this.#recordOwedTo ??= this.#stopOwedTo;
    this.#stopOwedTo = undefined;
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
    this.#checkGateway(await client.getGateway());
    if (this.link.running === undefined) await this.#repeat(() => this.link.readLive());
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
    this.#stopOwedTo = undefined;
  }

  /** The record of a meter that has lost its CT, or kept the CI of an earlier configuration, would name a wrong place. */
  #checkGateway({ CT, CI = '' }: Gateway): void {
    const wanted = this.context.config.CI;
    if (CT === undefined)
      throw new TransactionFailure(
        'the answer of the meter to GET /gw has no CT; see that ip_address is that of an IEM-DCR',
      );
    if (CT === '') {
      this.link.initialised = false;
      throw new TransactionFailure('Init seems to be missing. Re-Init triggered. Please try again later.');
    }
    if (CI !== '' && CI !== wanted)
      throw new TransactionFailure(
        `the meter signs for CI ${JSON.stringify(CI)}, and ${JSON.stringify(wanted)} is configured; ` +
          'it takes another one only after its power-up: switch its power off and on',
      );
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
    const owner = this.#stopOwedTo ?? '';
    this.#recordOwedTo = owner;
    this.#stopOwedTo = undefined;
    await this.#records.keep(await this.#fetchEnded(), owner);
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
  async #fetchEnded(onSilence?: OnSilence): Promise<OcmfRecord> {
    const { client } = this.context;
    try {
      return await this.#repeat(() => client.getReceipt(), onSilence);
    } catch (error) {
      if (!(error instanceof MeterRefusal)) throw error;
      return await client.getLastTransaction();
    }
  }

  /** The meter may have begun although its answer was lost; then it refuses the repetition. */
  async #begin(): Promise<void> {
    await this.#repeat(async () => {
      // What was known before says nothing about a begin whose answer is lost.
      this.link.running = undefined;
      try {
        await this.context.client.begin();
      } catch (error) {
        if ((await this.#isRunning()) !== true) throw error;
      }
    });
  }

  /** Ends the running transaction. A failure counts as success when the meter is idle: it has ended all the same. */
  async #end(onSilence?: OnSilence): Promise<void> {
    await this.#repeat(async () => {
      try {
        await this.context.client.end();
      } catch (error) {
        if ((await this.#isRunning()) !== false) throw error;
      }
    }, onSilence);
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
  async #repeat<T>(attempt: () => Promise<T>, onSilence: OnSilence = 'repeat'): Promise<T> {
    const { config, clock, signal } = this.context;
    for (let left = config.resilience_transaction_request_retries; ; left--) {
      const startedMs = clock.monotonic();
      try {
        return await attempt();
      } catch (error) {
        const silent = error instanceof MeterUnreachable && clock.monotonic() - startedMs > SILENCE_MS;
        if (left <= 0 || (silent && onSilence === 'give-up')) throw this.#withCurrent(error);
        await clock.sleep(config.resilience_transaction_request_retry_delay, signal);
      }
    }
  }

  /** The likeliest reason of a refused begin or end, for the person who reads the message. */
  #withCurrent(error: unknown): unknown {
    const current = this.link.live?.I ?? 0;
    if (!(error instanceof MeterRefusal) || !/^POST .*\/receipt$/.test(error.endpoint) || current === 0)
      return error;
    return new TransactionFailure(
      `${error.message}; the meter measures ${current} A, which may be above its threshold`,
      {
        cause: error,
      },
    );
  }

  /** Ends and fetches, however often the meter is lost on the way, for a bounded time. */
  async #stop(transactionId: string, deadlineMs: number): Promise<SignedMeterValue | undefined> {
    for (;;) {
      await this.#reconnect(transactionId, deadlineMs);
      try {
        return await this.#endAndFetch(transactionId);
      } catch (error) {
        if (!(error instanceof MeterUnreachable)) throw error;
        this.link.initialised = false;
        await this.#pauseOrOwe(error, transactionId, deadlineMs);
      }
    }
  }

  /** Undefined when there was nothing to end and there is no record at all, which only an empty id may meet. */
  async #endAndFetch(transactionId: string): Promise<SignedMeterValue | undefined> {
    const { clock, signal } = this.context;
    if (this.link.running === undefined) await this.#repeat(() => this.link.readLive(), 'give-up');
    const { open } = this.journal;
    if (this.link.running === true) {
      if (transactionId !== '' && open !== undefined && open.transactionId !== transactionId)
        throw new TransactionFailure(
          `transaction ${transactionId} is not known; the meter runs ${open.transactionId}, which goes on`,
        );
      await this.#end('give-up');
      this.#recordOwedTo = transactionId === '' ? (this.#stopOwedTo ?? '') : transactionId;
      await clock.sleep(SETTLE_MS, signal);
      return await this.#deliver(await this.#fetchEnded('give-up'), transactionId);
    }
    let record: OcmfRecord;
    try {
      record = await this.context.client.getLastTransaction();
    } catch (error) {
      if (error instanceof MeterUnreachable) throw error;
      if (transactionId === '' && error instanceof MeterRefusal) return undefined;
      throw new TransactionFailure(`${textOf(error)} Maybe no transaction to return?`, { cause: error });
    }
    return await this.#deliver(record, transactionId);
  }

  async #deliver(record: OcmfRecord, transactionId: string): Promise<SignedMeterValue> {
    const owedTo = this.#recordOwedTo ?? this.#stopOwedTo ?? '';
    this.#recordOwedTo = undefined;
    this.#stopOwedTo = undefined;
    return transactionId === ''
      ? await this.#records.keep(record, owedTo)
      : await this.#records.deliver(record, transactionId);
  }

  /** Tries until the deadline to reach a meter that is away. What cannot be done now is done when it is back. */
  async #reconnect(transactionId: string, deadlineMs: number): Promise<void> {
    while (!this.link.initialised) {
      try {
        await this.link.initialise();
        await this.link.readLive();
        // Reading live values may have found a power cycle; once initialised that is no news.
        this.link.initialised = true;
      } catch (error) {
        await this.#pauseOrOwe(error, transactionId, deadlineMs);
      }
    }
  }

  /**
   * Pauses before another attempt to reach the meter.
   *
   * @throws TransactionFailure when there is no time for it; then the stop is owed
   */
  async #pauseOrOwe(error: unknown, transactionId: string, deadlineMs: number): Promise<void> {
    const { clock, signal } = this.context;
    if (clock.monotonic() + RECONNECT_PAUSE_MS > deadlineMs) {
      const { open } = this.journal;
      if (transactionId === '' || open === undefined || open.transactionId === transactionId)
        this.#stopOwedTo ||= transactionId;
      throw new TransactionFailure(`Init of communication not finished yet. ${textOf(error)}`, {
        cause: error,
      });
    }
    await clock.sleep(RECONNECT_PAUSE_MS, signal);
  }
}
