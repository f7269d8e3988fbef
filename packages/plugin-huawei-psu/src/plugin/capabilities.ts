// SPDX-License-Identifier: Apache-2.0
import { portRegisters, type Register, type RegisterBank } from '@carabiner/fusioncharge';
import type { Capabilities } from '@carabiner/interfaces/types/power_supply_DC';
import type { ConnectorSettings } from '../device/dispenser-bank.js';
import type { OutputLimits } from '../device/set-point.js';

const LIMIT_REGISTERS = [
  portRegisters.maxVoltage,
  portRegisters.maxCurrent,
  portRegisters.ratedPower,
] as const;

/** Whether the power unit has written maxima of voltage, current and power since the connection was set up. */
export function limitsComplete(bank: RegisterBank, connector: number): boolean {
  return LIMIT_REGISTERS.every((register) => bank.written(register, connector));
}

/** What the output of a connector can do, by the power unit and by configuration; 0 for what is not written yet. */
export function outputLimits(
  bank: RegisterBank,
  connector: number,
  settings: ConnectorSettings,
): OutputLimits {
  const value = (register: Register<number>): number => {
    const read = bank.get(register, connector);
    return Number.isFinite(read) && read > 0 ? read : 0;
  };
  return {
    minVoltage: value(portRegisters.minVoltage),
    maxVoltage: value(portRegisters.maxVoltage),
    minCurrent: value(portRegisters.minCurrent),
    maxCurrent: Math.fround(Math.min(value(portRegisters.maxCurrent), settings.maxCurrent)),
    maxPower: Math.fround(Math.min(value(portRegisters.ratedPower) * 1000, settings.maxPower)),
  };
}

/** The limits as the interface has them. All values are of single precision, as on the wire. */
export function capabilitiesOf(limits: OutputLimits, settings: ConnectorSettings): Capabilities {
  return {
    bidirectional: false,
    current_regulation_tolerance_A: 1,
    peak_current_ripple_A: 0.5,
    conversion_efficiency_import: Math.fround(0.85),
    conversion_efficiency_export: Math.fround(0.9),
    max_export_voltage_V: limits.maxVoltage,
    min_export_voltage_V: limits.minVoltage,
    max_export_current_A: limits.maxCurrent,
    min_export_current_A: limits.minCurrent,
    max_export_power_W: limits.maxPower,
    nominal_max_export_current_A: Math.fround(settings.maxCurrent),
    nominal_max_export_power_W: Math.fround(settings.maxPower),
    max_import_voltage_V: 0,
    min_import_voltage_V: 0,
    max_import_current_A: 0,
    min_import_current_A: 0,
    max_import_power_W: 0,
  };
}
