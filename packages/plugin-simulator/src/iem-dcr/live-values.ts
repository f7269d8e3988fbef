// SPDX-License-Identifier: Apache-2.0
import { formatKwh, type RegisterState } from './energy-registers.js';

/** What live values are made of. */
export interface LiveState {
  readonly serial: string;
  readonly TM: string;
  readonly EF: string;
  readonly ST: string;
  readonly running: boolean;
  /** Total registers, Wh. */
  readonly total: RegisterState;
  /** Registers of the transaction, Wh. */
  readonly transaction: RegisterState;
  readonly voltageV: number;
  readonly currentA: number;
  readonly errorWords: string;
}

/** Status word of a meter at rest, as seen on a real one; its meaning is not known. */
const STATUS_WORD = '0x0000004000000004';

/** Answer to `GET /metervalue`, fields in the order of the meter. */
export function liveValues(state: LiveState): object {
  const { total, transaction, voltageV, currentA } = state;
  const unit = { RU: 'kWh', RT: 'DC' };
  const transactionUnit = { WU: 'kWh', WT: 'DC' };
  return {
    MS: state.serial,
    TM: state.TM,
    EF: state.EF,
    ST: state.ST,
    XT: state.running,
    RD: [
      { RV: formatKwh(total.import), RI: '1-b:1.8.e', ...unit },
      { RV: formatKwh(total.export), RI: '1-b:2.8.e', ...unit },
      { WV: formatKwh(transaction.import), WI: 'transaction_1-b:1.8.e', ...transactionUnit },
      { WV: formatKwh(transaction.export), WI: 'transaction_1-b:2.8.e', ...transactionUnit },
    ],
    U1: 0,
    U2: Number(voltageV.toFixed(3)),
    U3: 0,
    U4: 0,
    I: Number(currentA.toFixed(3)),
    P: Number((voltageV * currentA).toFixed(1)),
    XS: STATUS_WORD,
    XC: state.errorWords,
  };
}
