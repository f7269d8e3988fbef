// SPDX-License-Identifier: Apache-2.0
import type { Battery } from '../plant/battery.js';

/** What a vehicle accepts. */
export interface VehicleLimits {
  readonly maximumVoltageV: number;
  readonly maximumCurrentA: number;
  readonly maximumPowerW: number;
}

/** What a charger offers at the moment. */
export interface OfferedLimits {
  readonly maximumVoltageV: number;
  readonly maximumCurrentA: number;
  readonly maximumPowerW: number;
}

/** What a vehicle asks for. */
export interface ChargingTarget {
  readonly voltageV: number;
  readonly currentA: number;
}

/**
 * The vehicle's next wish: constant current until the terminal voltage reaches the end-of-charge voltage, then a current
 * that just holds it. Rounded to 0.1 A as the protocols do.
 */
export function nextTarget(battery: Battery, vehicle: VehicleLimits, offer: OfferedLimits): ChargingTarget {
  const endV = Math.min(battery.chargeEndVoltageV, vehicle.maximumVoltageV, offer.maximumVoltageV);
  const holdA = Math.max(0, (endV - battery.openCircuitVoltageV) / battery.options.internalResistanceOhm);
  const presentV = Math.max(1, battery.openCircuitVoltageV);
  const currentA = Math.min(
    holdA,
    vehicle.maximumCurrentA,
    offer.maximumCurrentA,
    vehicle.maximumPowerW / presentV,
    offer.maximumPowerW / presentV,
  );
  return { voltageV: Math.round(endV * 10) / 10, currentA: Math.max(0, Math.round(currentA * 10) / 10) };
}
