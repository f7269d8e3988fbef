// SPDX-License-Identifier: Apache-2.0
import { Decimal } from '@carabiner/ocmf';
import type { Powermeter } from '../powermeter-types.js';
import type { LiveValues } from './answers.js';
import { toRfc3339 } from './meter-time.js';

/** Watt-hours of a register in kWh: the nearest double of the exact value. */
function wattHours(kWh: string): number {
  return Decimal.parse(kWh).shift(3).toNumber();
}

/**
 * Live values as the interface has them.
 *
 * @param register - `total` registers, or those that begin at zero with each `transaction`
 * @param now - RFC 3339 time to use where the meter's own cannot be read
 */
export function toPowermeter(live: LiveValues, register: 'total' | 'transaction', now: string): Powermeter {
  const [totalImport, totalExport, transactionImport, transactionExport] = live.RD;
  const total = register === 'total';
  return {
    timestamp: toRfc3339(live.TM) ?? now,
    meter_id: live.MS,
    energy_Wh_import: { total: wattHours(total ? totalImport.RV : transactionImport.WV) },
    energy_Wh_export: { total: wattHours(total ? totalExport.RV : transactionExport.WV) },
    power_W: { total: live.P },
    voltage_V: { DC: live.U2 },
    current_A: { DC: live.I },
  };
}
