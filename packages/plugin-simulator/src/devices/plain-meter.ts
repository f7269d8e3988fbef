// SPDX-License-Identifier: Apache-2.0
import type { Powermeter, TransactionStopResponse } from '@carabiner/interfaces/types/powermeter';

/** What a meter without signatures measures. */
export interface MeterInputs {
  readonly energyWh: number;
  readonly voltageV: number;
  readonly currentA: number;
}

/** Transactions and readings of a meter that cannot sign. */
export class PlainMeter {
  #transactionId: string | undefined;

  constructor(private readonly meterId: string) {}

  startTransaction(transactionId: string): void {
    this.#transactionId = transactionId;
  }

  /** Ends a transaction; `''` ends whatever runs. */
  stopTransaction(transactionId: string): TransactionStopResponse {
    if (transactionId !== '' && transactionId !== this.#transactionId) {
      return { status: 'UNEXPECTED_ERROR', error: `no transaction '${transactionId}' is running` };
    }
    this.#transactionId = undefined;
    return { status: 'OK' };
  }

  /** DC reading at `nowMs` (wall clock). */
  reading(inputs: MeterInputs, nowMs: number): Powermeter {
    return {
      timestamp: new Date(nowMs).toISOString(),
      meter_id: this.meterId,
      energy_Wh_import: { total: inputs.energyWh },
      power_W: { total: inputs.voltageV * inputs.currentA },
      voltage_V: { DC: inputs.voltageV },
      current_A: { DC: inputs.currentA },
    };
  }
}
