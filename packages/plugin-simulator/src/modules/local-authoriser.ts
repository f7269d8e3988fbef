// SPDX-License-Identifier: Apache-2.0
import { inject, injectable } from '@carabiner/core';
import type { Timer } from '@carabiner/clock';
import type { EvseManagerClient } from '@carabiner/interfaces/interfaces/evse_manager';
import type { ProvidedIdToken, ValidationResult } from '@carabiner/interfaces/types/authorization';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import {
  LocalAuthoriserBase,
  LocalAuthoriserTokens,
  type LocalAuthoriserContext,
  type LocalAuthoriserImplementations,
} from '../generated/LocalAuthoriser.js';
import { TokenList } from './token-list.js';

interface Place {
  readonly client: EvseManagerClient;
  /** Asked for authorisation and has not got one. */
  waiting: boolean;
  /** A session runs. */
  inSession: boolean;
  inTransaction: boolean;
  token: string | undefined;
  connectionTimer: Timer | undefined;
}

/** Authorises tokens from a list and leads them to the EVSE that waits. */
@injectable()
export class LocalAuthoriser extends LocalAuthoriserBase {
  readonly #places: Place[] = [];
  #tokens = new TokenList('', undefined);
  #connectionTimeoutS: number;
  #masterGroup = '';

  constructor(@inject(LocalAuthoriserTokens.context) context: LocalAuthoriserContext) {
    super(context);
    this.#connectionTimeoutS = this.config.connection_timeout_s;
  }

  override readonly implementations: LocalAuthoriserImplementations = {
    main: {
      set_connection_timeout: ({ connection_timeout }) => {
        this.#connectionTimeoutS = connection_timeout;
      },
      set_master_pass_group_id: ({ master_pass_group_id }) => {
        this.#masterGroup = master_pass_group_id;
      },
      withdraw_authorization: async ({ request }) => {
        const places = this.#places.filter(
          (place, index) =>
            place.token !== undefined &&
            (request.evse_id === undefined || request.evse_id === this.#evseId(place, index)) &&
            (request.id_token === undefined || request.id_token.value === place.token),
        );
        for (const place of places) await this.#withdraw(place);
        return places.length > 0 ? 'Accepted' : 'AuthorizationNotFound';
      },
    },
    validator: {
      validate_token: ({ provided_token }) => this.#validate(provided_token),
    },
    reader: {
      present_token: async ({ id_token }) =>
        await this.#handle({
          id_token: { value: id_token, type: 'ISO14443' },
          authorization_type: 'RFID',
        }),
    },
  };

  override init(): void {
    const { tokens, validity_s } = this.config;
    this.#tokens = new TokenList(tokens, validity_s > 0 ? this.clock.now() + validity_s * 1000 : undefined);
    for (const client of this.requires.evse) {
      const place: Place = {
        client,
        waiting: false,
        inSession: false,
        inTransaction: false,
        token: undefined,
        connectionTimer: undefined,
      };
      this.#places.push(place);
      client.subscribe.session_event((event) => this.#onSessionEvent(place, event));
    }
    for (const provider of this.requires.token_provider) {
      provider.subscribe.provided_token(async (token) => {
        await this.#handle(token);
      });
    }
  }

  #evseId(place: Place, index: number): number {
    return place.client.connection.mapping?.evse ?? index + 1;
  }

  #onSessionEvent(place: Place, event: SessionEvent): void {
    switch (event.event) {
      case 'SessionStarted':
        place.inSession = true;
        // An EVSE that was started again begins anew; what it had been given before is gone with it.
        if (event.session_started?.reason === 'EVConnected') {
          place.token = undefined;
          place.inTransaction = false;
        }
        // Also when the vehicle left while the answer was on its way.
        if (event.session_started?.reason === 'Authorized') this.#expectVehicle(place);
        break;
      case 'AuthRequired':
        place.connectionTimer?.cancel();
        place.waiting = place.token === undefined;
        if (place.waiting) this.#presentLater(place);
        break;
      case 'TransactionStarted':
        place.inTransaction = true;
        place.waiting = false;
        place.connectionTimer?.cancel();
        break;
      case 'TransactionFinished':
        place.inTransaction = false;
        place.token = undefined;
        break;
      case 'Deauthorized':
        place.token = undefined;
        break;
      case 'SessionFinished':
        place.inSession = false;
        place.waiting = false;
        place.inTransaction = false;
        place.token = undefined;
        place.connectionTimer?.cancel();
        break;
      default:
    }
  }

  #presentLater(place: Place): void {
    const token = this.config.present_token;
    if (token === '') return;
    const timer = this.clock.setTimeout(() => {
      if (!place.waiting) return;
      this.#handle({ id_token: { value: token, type: 'ISO14443' }, authorization_type: 'RFID' }, place).catch(
        (error: unknown) => {
          this.log.warn('the token could not be presented', { error });
        },
      );
    }, this.config.present_after_ms);
    this.context.onUnload(() => timer.cancel());
  }

  #validate(token: ProvidedIdToken): ValidationResult {
    const status =
      token.prevalidated === true
        ? 'Accepted'
        : this.#tokens.statusOf(token.id_token.value, this.clock.now());
    const result: ValidationResult = { authorization_status: status, tariff_messages: [] };
    return this.#masterGroup !== '' && token.parent_id_token?.value === this.#masterGroup
      ? { ...result, parent_id_token: token.parent_id_token }
      : result;
  }

  /** @returns true when an EVSE took the token */
  async #handle(token: ProvidedIdToken, wanted?: Place): Promise<boolean> {
    const value = token.id_token.value;
    this.#status(token, 'Processing');
    const validation = this.#validate(token);
    const owner = this.#places.find((place) => place.token === value);
    if (owner !== undefined) {
      if (owner.inTransaction) {
        await owner.client.call.stop_transaction({ request: { reason: 'Local', id_tag: token } });
        this.#status(token, 'UsedToStop');
        return true;
      }
      if (!owner.inSession || owner.waiting) {
        await this.#withdraw(owner);
        this.#status(token, 'Withdrawn');
        return true;
      }
    }
    const place = wanted ?? this.#choose(token);
    if (place === undefined) {
      this.log.info('no EVSE waits for a token', { status: validation.authorization_status });
      this.#status(token, 'Rejected');
      return false;
    }
    const accepted = validation.authorization_status === 'Accepted';
    if (accepted) {
      place.token = value;
      place.waiting = false;
      if (!place.inSession) this.#expectVehicle(place);
    }
    await place.client.call.authorize_response({ provided_token: token, validation_result: validation });
    this.#status(token, accepted ? 'Accepted' : 'Rejected');
    return accepted;
  }

  /** An EVSE that waits for a token; else one that is free. */
  #choose(token: ProvidedIdToken): Place | undefined {
    const allowed = this.#places.filter(
      (place, index) =>
        token.connectors === undefined || token.connectors.includes(this.#evseId(place, index)),
    );
    return (
      allowed.find((place) => place.waiting) ??
      allowed.find((place) => !place.inSession && place.token === undefined)
    );
  }

  #expectVehicle(place: Place): void {
    place.connectionTimer?.cancel();
    place.connectionTimer = this.clock.setTimeout(() => {
      if (place.inTransaction) return;
      this.#withdraw(place).catch((error: unknown) => {
        this.log.warn('the authorisation could not be withdrawn', { error });
      });
    }, this.#connectionTimeoutS * 1000);
  }

  async #withdraw(place: Place): Promise<void> {
    place.token = undefined;
    place.connectionTimer?.cancel();
    await place.client.call.withdraw_authorization();
  }

  #status(
    token: ProvidedIdToken,
    status: 'Processing' | 'Accepted' | 'Rejected' | 'UsedToStop' | 'Withdrawn',
  ): void {
    this.provides.main.publish.token_validation_status({ token, status });
  }
}
