// SPDX-License-Identifier: Apache-2.0
import type { Capabilities, ExternalDerating } from '../interface-types.js';
import { limitsWithoutGrant, type EvseLimits } from './set-point.js';

function derive(
  limit: { current?: number | undefined; power?: number | undefined },
  presentVoltageV: number | undefined,
): { current: number | undefined; power: number | undefined } {
  const { current, power } = limit;
  if (presentVoltageV === undefined || presentVoltageV <= 0) return { current, power };
  return {
    current: current ?? (power === undefined ? undefined : power / presentVoltageV),
    power: power ?? (current === undefined ? undefined : current * presentVoltageV),
  };
}

const lower = (own: number, outside: number | undefined): number =>
  outside === undefined ? own : Math.min(own, outside);

/** Capabilities of the power supply under external derating. */
export function derate(
  capabilities: Capabilities,
  derating: ExternalDerating,
  presentVoltageV: number | undefined,
): Capabilities {
  const exported = derive(
    { current: derating.max_export_current_A, power: derating.max_export_power_W },
    presentVoltageV,
  );
  const imported = derive(
    { current: derating.max_import_current_A, power: derating.max_import_power_W },
    presentVoltageV,
  );
  return {
    ...capabilities,
    max_export_current_A: lower(capabilities.max_export_current_A, exported.current),
    max_export_power_W: lower(capabilities.max_export_power_W, exported.power),
    ...(capabilities.max_import_current_A === undefined
      ? {}
      : { max_import_current_A: lower(capabilities.max_import_current_A, imported.current) }),
    ...(capabilities.max_import_power_W === undefined
      ? {}
      : { max_import_power_W: lower(capabilities.max_import_power_W, imported.power) }),
  };
}

/** What DC limits are worked out from. */
export interface DcGrant {
  /** Power granted in W; negative feeds back. */
  readonly powerW: number;
  /** This session has a way to feed back. */
  readonly feedbackPossible: boolean;
  readonly targetVoltageV: number;
  readonly presentVoltageV: number;
  readonly capabilities: Capabilities;
}

/** A target voltage above it is one that the EV means, in V. */
export const MEANINGFUL_V = 10;

function currentFor(powerW: number, grant: DcGrant): number {
  if (grant.targetVoltageV <= MEANINGFUL_V) return Number.POSITIVE_INFINITY;
  const voltage = grant.presentVoltageV > MEANINGFUL_V ? grant.presentVoltageV : grant.targetVoltageV;
  return powerW / voltage;
}

/** Limits of the EVSE under a grant. */
export function dcLimits(grant: DcGrant): EvseLimits {
  const c = grant.capabilities;
  const bounds = limitsWithoutGrant(c);
  if (grant.powerW >= 0) {
    return {
      ...bounds,
      maximumCurrentA: Math.min(currentFor(grant.powerW, grant), c.max_export_current_A),
      maximumPowerW: Math.min(grant.powerW, c.max_export_power_W),
    };
  }
  if (!grant.feedbackPossible) return { ...bounds, dischargeCurrentA: 0, dischargePowerW: 0 };
  const powerW = Math.min(-grant.powerW, c.max_import_power_W ?? 0);
  return {
    ...bounds,
    feedback: true,
    dischargePowerW: powerW,
    dischargeCurrentA: Math.min(currentFor(powerW, grant), c.max_import_current_A ?? 0),
  };
}

const CAPABILITY_STEP = 0.1;
const POWER_STEP_W = 0.1;
const TARGET_STEP_V = 0.1;
const PRESENT_STEP_V = 1;

/** True when `next` differs so much from `before` that limits are to be worked out again. */
export function grantDiffers(
  before: DcGrant & { currentA: number },
  next: DcGrant & { currentA: number },
): boolean {
  if (before.feedbackPossible !== next.feedbackPossible) return true;
  if (Math.abs(before.powerW - next.powerW) >= POWER_STEP_W) return true;
  if (Math.abs(before.currentA - next.currentA) >= POWER_STEP_W) return true;
  if (Math.abs(before.targetVoltageV - next.targetVoltageV) >= TARGET_STEP_V) return true;
  if (Math.abs(before.presentVoltageV - next.presentVoltageV) > PRESENT_STEP_V) return true;
  return capabilitiesDiffer(before.capabilities, next.capabilities);
}

function capabilitiesDiffer(a: Capabilities, b: Capabilities): boolean {
  if (a.bidirectional !== b.bidirectional) return true;
  const numbers = (c: Capabilities): (number | undefined)[] => [
    c.max_export_voltage_V,
    c.min_export_voltage_V,
    c.max_export_current_A,
    c.min_export_current_A,
    c.max_export_power_W,
    c.max_import_voltage_V,
    c.min_import_voltage_V,
    c.max_import_current_A,
    c.min_import_current_A,
    c.max_import_power_W,
    c.current_regulation_tolerance_A,
    c.peak_current_ripple_A,
  ];
  const left = numbers(a);
  return numbers(b).some((value, index) => {
    const other = left[index];
    return value === undefined || other === undefined
      ? value !== other
      : Math.abs(value - other) >= CAPABILITY_STEP;
  });
}
