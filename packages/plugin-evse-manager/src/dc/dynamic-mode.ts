// SPDX-License-Identifier: Apache-2.0
import type { DcChargeDynamicModeValues } from '../interface-types.js';
import type { EvseLimits, SetPoint } from './set-point.js';

/**
 * Set point of ISO 15118-20 dynamic mode, in which the EVSE decides within what the EV allows.
 *
 * @returns undefined when the EV's least power exceeds its largest
 */
export function dynamicRequest(
  values: DcChargeDynamicModeValues,
  evse: EvseLimits,
  presentVoltageV: number | undefined,
  discharging: boolean,
): SetPoint | undefined {
  if (discharging) {
    const power = Math.min(values.max_discharge_power ?? 0, evse.dischargePowerW ?? 0);
    const voltage = Math.max(values.min_voltage, evse.minimumVoltageV);
    const limit = Math.min(values.max_discharge_current ?? 0, evse.dischargeCurrentA ?? 0);
    return { voltage, current: currentFor(power, presentVoltageV ?? voltage, limit) };
  }
  const power = Math.min(values.max_charge_power, evse.maximumPowerW);
  const least = Math.max(values.min_charge_power, 0);
  if (values.min_charge_power > values.max_charge_power) return undefined;
  if (least > power && power > 0) return undefined;
  const limit = Math.min(values.max_charge_current, evse.maximumCurrentA);
  return {
    voltage: values.max_voltage,
    current: currentFor(power, presentVoltageV ?? values.max_voltage, limit),
  };
}

function currentFor(powerW: number, voltageV: number, limitA: number): number {
  return voltageV > 0 ? Math.min(powerW / voltageV, limitA) : 0;
}
