// SPDX-License-Identifier: Apache-2.0
import { Decimal } from '@carabiner/ocmf';
import type { Powermeter } from '../powermeter-types.js';
import type { LiveValues } from './answers.js';
import { UnexpectedAnswer } from './errors.js';
import { toRfc3339 } from './meter-time.js';

const DECIMAL = /^\s*[+-]?\d+(\.\d+)?\s*$/;

/** Watt-hours of a register in kWh: the nearest double of the exact value. */
function wattHours({ RD }: LiveValues, position: number, field: 'RV' | 'WV'): number {
  const kWh = RD[position]?.[field];
  if (typeof kWh !== 'string' || !DECIMAL.test(kWh))
    throw new UnexpectedAnswer(
      'GET /metervalue',
      `RD[${position}].${field}: a decimal number as text was expected, not ${kWh === undefined ? 'nothing' : JSON.stringify(kWh).slice(0, 40)}`,
    );
  return Decimal.parse(kWh).shift(3).toNumber();
}

/**
 * Live values as the interface has them.
 *
 * @param register - `total` registers, or those that begin at zero with each `transaction`
 * @param now - RFC 3339 time to use where the meter's own cannot be read
 * @throws UnexpectedAnswer when a register that is shown is no number
 */
export function toPowermeter(live: LiveValues, register: 'total' | 'transaction', now: string): Powermeter {
  const [first, field] = register === 'total' ? ([0, 'RV'] as const) : ([2, 'WV'] as const);
  return {
    timestamp: toRfc3339(live.TM) ?? now,
    ...(live.MS === undefined ? {} : { meter_id: live.MS }),
    energy_Wh_import: { total: wattHours(live, first, field) },
    energy_Wh_export: { total: wattHours(live, first + 1, field) },
    power_W: { total: live.P },
    voltage_V: { DC: live.U2 },
    current_A: { DC: live.I },
  };
}
