// SPDX-License-Identifier: Apache-2.0
import { Module } from '@carabiner/core';
import {
  PowermeterInterface,
  type PowermeterProvided,
  type PowermeterProvider,
} from '@carabiner/interfaces/interfaces/powermeter';
import type {
  TransactionReq,
  TransactionStartResponse,
  TransactionStopResponse,
} from '@carabiner/interfaces/types/powermeter';
import { createHarness, type ContractFactory } from '@carabiner/testkit';
import { descriptorOf } from './one-interface-descriptor.js';

export type MeterDefect =
  | 'slow values'
  | 'local time'
  | 'old time'
  | 'counts backwards'
  | 'no error text'
  | 'any id stops'
  | 'unknown id is fine'
  | 'no record'
  | 'no public key'
  | 'last record only'
  | 'forgets records'
  | 'keeps dangling'
  | 'empty id fails'
  | 'starts when lost'
  | 'fault unnoticed'
  | 'hangs when lost'
  | 'fault for ever'
  | 'silent after the fault'
  | 'half supported';

const COMMS = 'powermeter/CommunicationFault';

class Meter {
  connected = true;
}

function meterClass(meter: Meter, defect: MeterDefect | undefined, signs: boolean) {
  return class ReferenceMeter extends Module<
    object,
    object,
    { readonly main: PowermeterProvided },
    object,
    { readonly main: PowermeterProvider }
  > {
    static readonly descriptor = descriptorOf('ReferenceMeter', PowermeterInterface);
    readonly #records = new Map<string, string>();
    #running: TransactionReq | undefined;
    #first: string | undefined;
    #energy_Wh = 0;
    #wasLost = false;

    override readonly implementations = {
      main: {
        start_transaction: async ({
          value,
        }: {
          value: TransactionReq;
        }): Promise<TransactionStartResponse> => {
          if (!signs) return { status: 'NOT_SUPPORTED', error: 'this meter signs nothing' };
          if (!meter.connected && defect === 'hangs when lost') await new Promise(() => undefined);
          if (!meter.connected && defect !== 'starts when lost')
            return { status: 'UNEXPECTED_ERROR', error: 'no answer' };
          if (this.#running !== undefined) return { status: 'UNEXPECTED_ERROR', error: 'one runs already' };
          this.#running = value;
          return { status: 'OK' };
        },
        stop_transaction: ({ transaction_id }: { transaction_id: string }): TransactionStopResponse => {
          if (!signs && defect !== 'half supported')
            return { status: 'NOT_SUPPORTED', error: 'this meter signs nothing' };
          return this.#stop(transaction_id);
        },
      },
    };

    override ready(): void {
      const { publish, errors } = this.provides.main;
      if (signs && defect !== 'no public key') publish.public_key_ocmf('3059…');
      this.clock.setInterval(
        () => {
          if (!meter.connected) {
            this.#wasLost = true;
            if (defect !== 'fault unnoticed') errors.raise({ type: COMMS, message: 'no answer' });
            return;
          }
          if (defect !== 'fault for ever') errors.clear(COMMS);
          if (this.#wasLost && defect === 'silent after the fault') return;
          this.#energy_Wh += defect === 'counts backwards' ? -1 : 1;
          const nowMs = this.clock.now() - (defect === 'old time' ? 3_600_000 : 0);
          const timestamp = new Date(nowMs).toISOString();
          publish.powermeter({
            timestamp: defect === 'local time' ? timestamp.replace('T', ' ').replace('Z', '') : timestamp,
            energy_Wh_import: { total: this.#energy_Wh },
          });
        },
        defect === 'slow values' ? 3_000 : 1_000,
      );
    }

    #stop(id: string): TransactionStopResponse {
      if (id === '') {
        if (defect === 'empty id fails' && this.#running === undefined)
          return { status: 'UNEXPECTED_ERROR', error: 'nothing runs' };
        if (defect !== 'keeps dangling') this.#running = undefined;
        return { status: 'OK' };
      }
      const known = this.#running?.transaction_id === id;
      if (!known && defect === 'unknown id is fine') return { status: 'OK' };
      const stored = this.#records.get(id);
      if (!known && stored !== undefined && defect !== 'forgets records') return answer(stored);
      if (!known && defect === 'any id stops') this.#running = undefined;
      if (!known)
        return {
          status: 'UNEXPECTED_ERROR',
          ...(defect === 'no error text' ? {} : { error: `unknown id ${id}` }),
        };
      const own = `OCMF|{"ID":"${this.#running?.identification_data ?? ''}"}|{}`;
      this.#running = undefined;
      this.#first ??= own;
      const record = defect === 'last record only' ? this.#first : own;
      this.#records.set(id, record);
      return defect === 'no record' ? { status: 'OK' } : answer(record);
    }
  };
}

function answer(record: string): TransactionStopResponse {
  return {
    status: 'OK',
    signed_meter_value: { signed_meter_data: record, signing_method: 'ECDSA', encoding_method: 'OCMF' },
  };
}

export function referenceMeter(defect?: MeterDefect, signs = true): ContractFactory<'powermeter'> {
  return async () => {
    const meter = new Meter();
    const harness = await createHarness(meterClass(meter, defect, signs));
    return {
      client: harness.provides.main,
      clock: harness.clock,
      shutdown: async () => await harness.shutdown(),
      device: {
        loseCommunication: () => void (meter.connected = false),
        restoreCommunication: () => void (meter.connected = true),
      },
    };
  };
}
