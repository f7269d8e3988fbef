// SPDX-License-Identifier: Apache-2.0
import { inject, injectable } from '@carabiner/core';
import { IemDcrClient } from './device/iem-dcr-client.js';
import { MeterTime } from './device/meter-time.js';
import {
  IemDcrBase,
  IemDcrTokens,
  type IemDcrContext,
  type IemDcrImplementations,
} from './generated/IemDcr.js';
import { MeterSession } from './session/meter-session.js';
import type { SessionOutputs } from './session/session-options.js';
import { TransactionJournal, type JournalStore } from './session/transaction-journal.js';

const FAULT = 'powermeter/CommunicationFault';
const FAULT_SUB_TYPE = 'Communication timed out';
const FAULT_MESSAGE = 'This error is raised due to communication timeout';
const TRANSACTION_LOST = 'Transaction ended by the meter';
/** A store that does not answer must not hold up a transaction for long. */
const STORE_TIMEOUT = { timeoutMs: 5000 };

/** Driver of the DC meter Isabellenhütte IEM-DCR. */
@injectable()
export class IemDcr extends IemDcrBase {
  /** The connection to the meter, for diagnosis. Requests of one's own disturb those of the driver. */
  readonly client: IemDcrClient;
  readonly #session: MeterSession;

  override readonly implementations: IemDcrImplementations = {
    main: {
      start_transaction: ({ value }) => this.#session.start(value),
      stop_transaction: ({ transaction_id }) => this.#session.stop(transaction_id),
    },
  };

  /** @throws RangeError when the configuration is not plausible beyond what the manifest checks */
  constructor(@inject(IemDcrTokens.context) context: IemDcrContext) {
    super(context);
    const { config, clock, log, signal } = this;
    const time = new MeterTime({
      timezone: config.timezone,
      handleDst: config.timezone_handle_DST,
      dstZone: config.dst_zone,
      dstNotation: config.dst_notation,
    });
    this.client = new IemDcrClient({
      host: config.ip_address,
      port: config.port_http,
      clock,
      signal,
      connectTimeoutMs: config.connect_timeout_ms,
      requestTimeoutMs: config.request_timeout_ms,
      keepAlive: config.keep_alive,
    });
    const journal = new TransactionJournal(log, this.#store(), this.info.id);
    this.#session = new MeterSession(
      { client: this.client, config, time, clock, log, signal },
      journal,
      this.#outputs(),
    );
  }

  override ready(): void {
    // The session never rejects; it ends with the module's signal.
    void this.#session.run();
  }

  override shutdown(): void {
    this.client.close();
  }

  #outputs(): SessionOutputs {
    const { publish, errors } = this.provides.main;
    return {
      publishPowermeter: (value) => publish.powermeter(value),
      publishPublicKey: (key) => publish.public_key_ocmf(key),
      raiseCommunicationFault: (reason) => {
        if (!errors.isActive(FAULT, FAULT_SUB_TYPE))
          errors.raise({ type: FAULT, subType: FAULT_SUB_TYPE, message: `${FAULT_MESSAGE}: ${reason}` });
      },
      clearCommunicationFault: () => errors.clear(FAULT, FAULT_SUB_TYPE),
      raiseTransactionLost: (message) =>
        errors.raise({ type: 'powermeter/VendorError', subType: TRANSACTION_LOST, message }),
      clearTransactionLost: () => errors.clear('powermeter/VendorError', TRANSACTION_LOST),
    };
  }

  #store(): JournalStore | undefined {
    const { store } = this.requires;
    if (store === undefined) return undefined;
    return {
      load: async (key) => await store.call.load({ key }, STORE_TIMEOUT),
      store: async (key, value) => await store.call.store({ key, value }, STORE_TIMEOUT),
    };
  }
}
