// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Logger } from '@carabiner/core';
import type { IemDcrClient } from '../device/iem-dcr-client.js';
import type { MeterTime } from '../device/meter-time.js';
import type { Powermeter } from '../powermeter-types.js';

/** Configuration of the driver beyond the connection; names as in the manifest. */
export interface SessionConfig {
  readonly CT: string;
  readonly CI: string;
  readonly TT_initial: string;
  readonly US: boolean;
  readonly datetime_resync_interval: number;
  readonly resilience_initial_connection_retry_delay: number;
  readonly resilience_transaction_request_retries: number;
  readonly resilience_transaction_request_retry_delay: number;
  readonly energy_register: 'total' | 'transaction';
  readonly identification_level_fallback: string;
  readonly stop_reconnect_timeout_ms: number;
}

/** What the parts of a session share. */
export interface SessionContext {
  readonly client: IemDcrClient;
  readonly config: SessionConfig;
  readonly time: MeterTime;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborted when the driver stops. */
  readonly signal: AbortSignal;
}

/** What a session tells the world. Raising what is raised, and clearing what is not, does nothing. */
export interface SessionOutputs {
  publishPowermeter(value: Powermeter): void;
  publishPublicKey(key: string): void;
  raiseCommunicationFault(reason: string): void;
  clearCommunicationFault(): void;
  /** The meter has ended a transaction by itself: what flows now is not measured for anybody. */
  raiseTransactionLost(message: string): void;
  clearTransactionLost(): void;
}
