// SPDX-License-Identifier: Apache-2.0
import type { ConnectorPhase } from '@carabiner/fusioncharge';
import type { ChargingPhase, Mode } from '@carabiner/interfaces/types/power_supply_DC';

/** A mode and the charging phase it belongs to. */
export interface ModeAndPhase {
  readonly mode: Mode;
  readonly phase: ChargingPhase;
}

/**
 * The phase that a `setMode` counts with: switching off out of a cable check belongs to the cable check, whatever the
 * caller says.
 */
export function adjustedPhase(former: ModeAndPhase, wanted: ModeAndPhase): ChargingPhase {
  const endsCableCheck = former.mode === 'Export' && former.phase === 'CableCheck' && wanted.mode === 'Off';
  return endsCableCheck ? 'CableCheck' : wanted.phase;
}

const EXPORT_PHASES: Readonly<Record<ChargingPhase, ConnectorPhase | undefined>> = {
  CableCheck: 'ExportCableCheck',
  PreCharge: 'ExportPrecharge',
  Charging: 'ExportCharging',
  Other: undefined,
};

/** What a connector is asked for by mode and (adjusted) phase; undefined when nothing changes. */
export function connectorPhaseOf({ mode, phase }: ModeAndPhase): ConnectorPhase | undefined {
  switch (mode) {
    case 'Off':
      return phase === 'CableCheck' ? 'OffCableCheck' : 'Off';
    case 'Export':
      return EXPORT_PHASES[phase];
    case 'Import': // This power unit cannot draw power.
    case 'Fault': // A mode the device can be in, not one it can be sent to.
      return undefined;
  }
}
