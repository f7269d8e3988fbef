// SPDX-License-Identifier: Apache-2.0
import type {
  ProvidedIdToken,
  StopTransactionReason,
  TransactionReq,
  TransactionStartResponse,
  TransactionStopResponse,
} from '../interface-types.js';
import type { Reservation, Session } from './session.js';
import type { SessionEvents } from './session-events.js';
import { transactionRequest } from './transaction-request.js';

/** What {@link Transactions} needs from around it. */
export interface TransactionPorts {
  readonly hasMeter: boolean;
  readonly hasStore: boolean;
  readonly evseId: string;
  readonly failOnMeterErrors: boolean;
  start(request: TransactionReq): Promise<TransactionStartResponse>;
  stop(transactionId: string): Promise<TransactionStopResponse>;
  /** Keeps the id of the open transaction where a power failure cannot reach it. */
  keep(transactionId: string): Promise<void>;
  /** Forgets the kept id as soon as the store lets it. */
  forget(): void;
  /** Runs a continuation in the kernel's queue and evaluates the machines afterwards. */
  resume(task: () => void): void;
  /** True while the charger still waits for the transaction to begin. */
  stillWanted(): boolean;
  startFailed(message: string): void;
  log(message: string, fields: object): void;
}

const isSamePerson = (a: ProvidedIdToken, b: ProvidedIdToken): boolean =>
  a.id_token.value === b.id_token.value && a.id_token.type === b.id_token.type;

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The transaction from the meter's start to its stop. Nothing waits for meter or store: while they work the session is
 * in the phases `starting` and `closing`, in which relays stay open.
 */
export class Transactions {
  constructor(
    private readonly session: Session,
    private readonly events: SessionEvents,
    private readonly reservation: Reservation,
    private readonly ports: TransactionPorts,
  ) {}

  /** Asks the meter to start; once for each authorisation. */
  start(): void {
    const { session, ports } = this;
    const { token } = session;
    if (session.startAttempted || token === undefined) return;
    session.prepareTransaction();
    const id = session.id;
    if (!ports.hasMeter) {
      this.#persist(id, token);
      return;
    }
    const request = transactionRequest(ports.evseId, id, token, session.validation);
    ports.start(request).then(
      (answer) => ports.resume(() => this.#started(id, token, answer)),
      (error: unknown) =>
        ports.resume(() => this.#started(id, token, { status: 'UNEXPECTED_ERROR', error: text(error) })),
    );
  }

  /** Closes the transaction: meter, store, events. The relays are open already. */
  stop(): void {
    const { session, ports } = this;
    if (session.transaction !== 'active') return;
    session.transaction = 'closing';
    if (!ports.hasMeter) {
      this.#close();
      return;
    }
    ports.stop(session.id).then(
      (answer) => ports.resume(() => this.#stopped(answer)),
      (error: unknown) =>
        ports.resume(() => this.#stopped({ status: 'UNEXPECTED_ERROR', error: text(error) })),
    );
  }

  /** Reason for the end, as told in TransactionFinished. */
  get #reason(): StopTransactionReason {
    return this.session.stopReason ?? 'EVDisconnected';
  }

  #started(id: string, token: ProvidedIdToken, answer: TransactionStartResponse): void {
    const { session, ports } = this;
    if (answer.status !== 'OK') {
      ports.log('meter did not start the transaction', { status: answer.status, error: answer.error });
      if (ports.failOnMeterErrors) {
        session.transaction = 'none';
        ports.startFailed(`the meter answered ${answer.status} to the start of the transaction`);
        return;
      }
    }
    session.signedStart = answer.signed_meter_value;
    if (ports.stillWanted()) this.#persist(id, token);
    else this.#drop(id);
  }

  #persist(id: string, token: ProvidedIdToken): void {
    const { ports } = this;
    if (!ports.hasStore) {
      this.#begin(id, token);
      return;
    }
    ports.keep(id).then(
      () => ports.resume(() => (ports.stillWanted() ? this.#begin(id, token) : this.#drop(id))),
      (error: unknown) => ports.resume(() => this.#notPersisted(id, token, text(error))),
    );
  }

  #notPersisted(id: string, token: ProvidedIdToken, error: string): void {
    const { ports } = this;
    ports.log('open transaction could not be stored', { error });
    if (!ports.failOnMeterErrors && ports.stillWanted()) {
      this.#begin(id, token);
      return;
    }
    this.#drop(id);
    if (ports.failOnMeterErrors) ports.startFailed('the open transaction could not be stored');
  }

  /** @param token - whom the meter was told of */
  #begin(id: string, token: ProvidedIdToken): void {
    const { session } = this;
    if (session.token !== undefined && !isSamePerson(session.token, token)) {
      this.#beginAnew(id);
      return;
    }
    session.transaction = 'active';
    const reserved = this.reservation.id;
    this.reservation.end();
    if (session.token !== undefined) this.events.transactionStarted(session.token, reserved);
  }

  /** Somebody else was authorised while the meter was starting: its record would name the wrong one. */
  #beginAnew(id: string): void {
    const { session, ports } = this;
    const again = (): void =>
      ports.resume(() => {
        session.transaction = 'none';
        session.startAttempted = false;
      });
    if (ports.hasStore) ports.forget();
    if (!ports.hasMeter) {
      again();
      return;
    }
    ports.stop(id).then(again, (error: unknown) => {
      ports.log('meter did not stop an abandoned transaction', { error: text(error) });
      again();
    });
  }

  /** The session ended while the meter was starting: what runs there is ended, and nobody was told of it. */
  #drop(id: string): void {
    const { session, ports } = this;
    session.transaction = 'none';
    if (ports.hasStore) ports.forget();
    if (!ports.hasMeter) return;
    ports.stop(id).then(
      () => undefined,
      (error: unknown) => ports.log('meter did not stop an abandoned transaction', { error: text(error) }),
    );
  }

  #stopped(answer: TransactionStopResponse): void {
    const { session, ports } = this;
    if (answer.status === 'OK') {
      session.signedStop = answer.signed_meter_value;
      session.signedStart ??= answer.start_signed_meter_value;
    } else {
      ports.log('meter did not stop the transaction', { status: answer.status, error: answer.error });
    }
    this.#close();
  }

  #close(): void {
    const { session, events } = this;
    events.emit('ChargingFinished');
    session.protocol = 'Unknown';
    events.transactionFinished({
      reason: this.#reason,
      token: session.stopToken,
      signedStart: session.signedStart,
      signedStop: session.signedStop,
    });
    // Only now: a process that is killed in between says it again rather than never.
    if (this.ports.hasStore) this.ports.forget();
    session.transaction = 'none';
  }
}
