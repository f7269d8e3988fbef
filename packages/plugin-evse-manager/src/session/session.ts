// SPDX-License-Identifier: Apache-2.0
import type { TransactionPhase } from '../charger/view.js';
import type {
  ProvidedIdToken,
  SignedMeterValue,
  StopTransactionReason,
  StopTransactionRequest,
  ValidationResult,
} from '../interface-types.js';

/** Facts of the session that is going on, if one is. Plain state; what happens to it is decided elsewhere. */
export class Session {
  /** Empty between sessions. Kept while a transaction is open. */
  id = '';
  active = false;
  authorised = false;
  plugAndCharge = false;
  token: ProvidedIdToken | undefined;
  validation: ValidationResult | undefined;
  /** A stop was asked for: later authorisations do not revive this session. */
  cancelled = false;
  userPause = false;
  transaction: TransactionPhase = 'none';
  /** The meter was asked to start for the present authorisation. */
  startAttempted = false;
  stopReason: StopTransactionReason | undefined;
  stopToken: ProvidedIdToken | undefined;
  signedStart: SignedMeterValue | undefined;
  signedStop: SignedMeterValue | undefined;
  /** Name of the protocol in use, for information. */
  protocol = 'Unknown';

  begin(id: string): void {
    this.id = id;
    this.active = true;
    this.authorised = false;
    this.plugAndCharge = false;
    this.cancelled = false;
    this.startAttempted = false;
    this.protocol = 'IEC61851-1';
  }

  end(): void {
    this.active = false;
    this.authorised = false;
    this.plugAndCharge = false;
    this.token = undefined;
    this.validation = undefined;
    this.cancelled = false;
    this.userPause = false;
    this.startAttempted = false;
    this.protocol = 'Unknown';
  }

  authorise(token: ProvidedIdToken, validation: ValidationResult): void {
    this.token = token;
    this.validation = validation;
    this.authorised = true;
    this.plugAndCharge = token.authorization_type === 'PlugAndCharge';
    this.startAttempted = false;
  }

  deauthorise(): void {
    this.authorised = false;
    this.plugAndCharge = false;
  }

  /** Forgets how the transaction before ended. */
  prepareTransaction(): void {
    this.startAttempted = true;
    this.transaction = 'starting';
    this.stopReason = undefined;
    this.stopToken = undefined;
    this.signedStart = undefined;
    this.signedStop = undefined;
  }

  /** Ends the authorisation because of a stop request. */
  cancel(request: StopTransactionRequest): void {
    this.deauthorise();
    this.cancelled = true;
    this.stopReason = request.reason;
    this.stopToken = request.id_tag;
  }

  /** True while a transaction was announced and not yet closed. */
  get hasTransaction(): boolean {
    return this.transaction === 'active' || this.transaction === 'closing';
  }
}

/** A reservation of this EVSE; ids below 0 stand for one without id. */
export class Reservation {
  #id: number | undefined;

  /** The id, -1 without one; undefined when not reserved. */
  get id(): number | undefined {
    return this.#id;
  }

  /**
   * @returns `new` when it is to be announced, `known` when the same id is there already, undefined when another
   *   reservation stands
   */
  reserve(id: number): 'new' | 'known' | undefined {
    const wanted = id < 0 ? -1 : id;
    if (this.#id !== undefined && this.#id >= 0) {
      if (wanted !== this.#id) return undefined;
      return 'known';
    }
    this.#id = wanted;
    return 'new';
  }

  /** @returns true when there was one */
  end(): boolean {
    const was = this.#id !== undefined;
    this.#id = undefined;
    return was;
  }
}
