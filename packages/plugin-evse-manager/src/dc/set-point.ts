// SPDX-License-Identifier: Apache-2.0
import type { Capabilities } from '../interface-types.js';

/** Voltage in V and current in A that are asked of the power supply. */
export interface SetPoint {
  readonly voltage: number;
  readonly current: number;
}

/** Limits of the EV as far as it told them. */
export interface EvLimits {
  readonly maximumCurrentA: number | undefined;
  readonly maximumVoltageV: number | undefined;
  readonly minimumVoltageV: number | undefined;
}

/** An EV that told nothing yet. */
export const NO_EV_LIMITS: EvLimits = {
  maximumCurrentA: undefined,
  maximumVoltageV: undefined,
  minimumVoltageV: undefined,
};

/** Limits of the EVSE that are in force. */
export interface EvseLimits {
  readonly maximumCurrentA: number;
  readonly maximumPowerW: number;
  readonly maximumVoltageV: number;
  readonly minimumCurrentA: number;
  readonly minimumVoltageV: number;
  readonly minimumPowerW: number;
  /** What could be fed back, undefined where the power supply cannot. */
  readonly dischargeCurrentA: number | undefined;
  readonly dischargePowerW: number | undefined;
  /** The grant asks to feed back. */
  readonly feedback: boolean;
}

/** EVSE limits before the first grant: no power, the bounds of the power supply. */
export function limitsWithoutGrant(capabilities: Capabilities): EvseLimits {
  return {
    maximumCurrentA: 0,
    maximumPowerW: 0,
    maximumVoltageV: capabilities.max_export_voltage_V,
    minimumCurrentA: capabilities.min_export_current_A,
    minimumVoltageV: capabilities.min_export_voltage_V,
    minimumPowerW: capabilities.min_export_current_A * capabilities.min_export_voltage_V,
    dischargeCurrentA: capabilities.max_import_current_A,
    dischargePowerW: capabilities.max_import_power_W,
    feedback: false,
  };
}

/** What {@link clampTarget} looks at. */
export interface ClampContext {
  readonly ev: EvLimits;
  readonly evse: EvseLimits;
  /** The voltage asked for before; used when the EV sends 0 because it changes the current only. */
  readonly previousVoltageV: number;
  /** Last measurement of the session, undefined when there was none. */
  readonly presentVoltageV: number | undefined;
  /** The protocol tells charging and feeding back apart by the sign; the magnitude counts. */
  readonly unsigned: boolean;
}

/**
 * Brings an EV's request within all limits: its own, the EVSE's current and voltage, and the EVSE's power. The current is
 * a magnitude; whether it flows out of the EV or into it is the grant's.
 */
export function clampTarget(request: SetPoint, context: ClampContext): SetPoint {
  const { ev, evse } = context;
  const [evseA, evseW] = evse.feedback
    ? [evse.dischargeCurrentA ?? 0, evse.dischargePowerW ?? 0]
    : [evse.maximumCurrentA, evse.maximumPowerW];
  let voltage = request.voltage === 0 ? context.previousVoltageV : request.voltage;
  voltage = Math.min(voltage, ev.maximumVoltageV ?? voltage, evse.maximumVoltageV);
  const asked = evse.feedback || context.unsigned ? Math.abs(request.current) : Math.max(0, request.current);
  let current = Math.min(asked, ev.maximumCurrentA ?? asked, evseA);
  const powerVoltage = context.presentVoltageV ?? voltage;
  if (powerVoltage > 0 && current * powerVoltage > evseW) current = evseW / powerVoltage;
  return { voltage, current };
}

/** True for requests that the Enyaq makes at first and that must be passed over. */
export function isEnyaqGlitch(request: SetPoint): boolean {
  return request.voltage < 300 || request.current < 0;
}

/**
 * Current after one step of the ramp. Falling current is never delayed.
 *
 * @param elapsedMs - since the current was set last
 */
export function rampCurrent(
  presentA: number,
  wantedA: number,
  elapsedMs: number,
  slopeAPerS: number,
): number {
  if (wantedA <= presentA || slopeAPerS <= 0) return wantedA;
  return Math.min(wantedA, presentA + (elapsedMs / 1000) * slopeAPerS);
}

/** The limit instead of an integral request less than 1 A below it. */
export function roundUpToLimit(currentA: number, limitA: number): number {
  const difference = limitA - Math.floor(currentA);
  return difference > 0 && difference < 1 ? limitA : currentA;
}
