// SPDX-License-Identifier: Apache-2.0
import type { ChargerState } from '../charger/view.js';
import type { Capabilities, HardwareCapabilities, Powermeter } from '../interface-types.js';

/** State of the EVSE in the words of the energy tree. */
export type EvseState =
  | 'Unplugged'
  | 'WaitForAuth'
  | 'PrepareCharging'
  | 'PausedEV'
  | 'PausedEVSE'
  | 'Charging'
  | 'Finished'
  | 'Disabled';

const EVSE_STATE: { readonly [S in ChargerState]: EvseState } = {
  Disabled: 'Disabled',
  Idle: 'Unplugged',
  WaitingForAuthentication: 'WaitForAuth',
  PrepareCharging: 'PrepareCharging',
  Charging: 'Charging',
  ChargingPausedEV: 'PausedEV',
  ChargingPausedEVSE: 'PausedEVSE',
  StoppingCharging: 'Finished',
  Finished: 'Finished',
  StepEF: 'PrepareCharging',
  StepX1: 'PrepareCharging',
  SwitchPhases: 'Charging',
};

/** What an energy request is made of. */
export interface EnergyRequestFacts {
  readonly uuid: string;
  readonly state: ChargerState;
  /** False before the EVSE is ready: it reports Disabled then. */
  readonly running: boolean;
  readonly dc: boolean;
  readonly priority: boolean;
  readonly gridMeter: Powermeter | undefined;
  readonly carMeter: Powermeter | undefined;
  /** Undefined before board support told them. */
  readonly hardware: HardwareCapabilities | undefined;
  readonly activePhases: number;
  readonly supply: Capabilities;
  readonly cableRatingA: number | undefined;
  readonly zeroPowerInIdle: boolean;
  /** The EV may feed back. */
  readonly exportPossible: boolean;
  /** The pause has another reason than missing energy. */
  readonly pausedForOtherReason: boolean;
  readonly nowMs: number;
}

interface WithSource {
  value: number;
  source: string;
}

interface LimitsRequest {
  total_power_W?: WithSource;
  ac_max_current_A?: WithSource;
  ac_min_current_A?: WithSource;
  ac_max_phase_count?: WithSource;
  ac_min_phase_count?: WithSource;
  ac_supports_changing_phases_during_charging?: boolean;
  ac_number_of_active_phases?: number;
}

/** One entry of a schedule of an energy request. */
export interface ScheduleEntry {
  timestamp: string;
  limits_to_root: LimitsRequest;
  limits_to_leaves: LimitsRequest;
  conversion_efficiency?: number;
}

/** Leaf of the energy tree as it asks for energy. */
export interface EnergyFlowRequest {
  uuid: string;
  node_type: 'Evse';
  children: [];
  priority_request: boolean;
  evse_state: EvseState;
  energy_usage_root?: Powermeter;
  energy_usage_leaves?: Powermeter;
  schedule_import: ScheduleEntry[];
  schedule_export: ScheduleEntry[];
  schedule_setpoints: [];
}

/** True when the EV needs energy now, or when it is requested at all times. */
export function wantsEnergy(facts: EnergyRequestFacts): boolean {
  if (!facts.zeroPowerInIdle) return true;
  switch (facts.state) {
    case 'Charging':
    case 'PrepareCharging':
    case 'WaitingForAuthentication':
    case 'ChargingPausedEV':
      return true;
    case 'ChargingPausedEVSE':
      return !facts.pausedForOtherReason;
    default:
      return false;
  }
}

function rootLimits(facts: EnergyRequestFacts, direction: 'import' | 'export'): LimitsRequest {
  const hardware = facts.hardware;
  const source = `${facts.uuid}/evse_board_support_caps`;
  const imported = direction === 'import';
  const minimumA = (imported ? hardware?.min_current_A_import : hardware?.min_current_A_export) ?? 0;
  let maximumA = (imported ? hardware?.max_current_A_import : hardware?.max_current_A_export) ?? 0;
  let maximumSource = source;
  const pausedByEv = facts.state === 'ChargingPausedEV' && facts.running;
  if (pausedByEv && (!imported || facts.zeroPowerInIdle)) {
    maximumA = minimumA;
    maximumSource = `${source}_pause`;
  }
  if (imported && !facts.dc && facts.cableRatingA !== undefined && facts.cableRatingA < maximumA) {
    maximumA = facts.cableRatingA;
    maximumSource = `${facts.uuid}/pp_ampacity`;
  }
  const maximumPhases = imported ? (hardware?.max_phase_count_import ?? 1) : hardware?.max_phase_count_export;
  const minimumPhases = imported ? hardware?.min_phase_count_import : hardware?.min_phase_count_export;
  return {
    ac_max_current_A: { value: maximumA, source: maximumSource },
    ac_min_current_A: { value: minimumA, source },
    ac_max_phase_count: { value: maximumPhases ?? 0, source },
    ac_min_phase_count: { value: minimumPhases ?? 0, source },
    ac_supports_changing_phases_during_charging: hardware?.supports_changing_phases_during_charging ?? false,
    // The interface knows 1 to 3 phases; none are known before board support reported.
    ...(facts.activePhases > 0 ? { ac_number_of_active_phases: facts.activePhases } : {}),
  };
}

function leafLimits(
  facts: EnergyRequestFacts,
  direction: 'import' | 'export',
  wanted: boolean,
): LimitsRequest {
  if (!wanted) {
    const idle = { value: 0, source: 'Idle' };
    return facts.dc ? { total_power_W: idle } : { ac_max_current_A: idle };
  }
  if (direction === 'import') {
    return facts.dc
      ? {
          total_power_W: {
            value: facts.supply.max_export_power_W,
            source: `${facts.uuid} update_max_watt_limit`,
          },
        }
      : {
          ac_max_current_A: {
            value: facts.hardware?.max_current_A_import ?? 0,
            source: `${facts.uuid} update_max_current_limit`,
          },
        };
  }
  if (facts.exportPossible) {
    return facts.dc
      ? {
          total_power_W: {
            value: facts.supply.max_import_power_W ?? 0,
            source: `${facts.uuid} update_max_watt_limit`,
          },
        }
      : {
          ac_max_current_A: {
            value: facts.hardware?.max_current_A_export ?? 0,
            source: `${facts.uuid} update_max_current_limit`,
          },
        };
  }
  const none = { value: 0, source: `${facts.uuid} set_zero_discharge_limit` };
  return facts.dc ? { total_power_W: none } : { ac_max_current_A: none, total_power_W: none };
}

const HOUR_MS = 3_600_000;

/** The request that this leaf of the energy tree makes now. */
export function energyRequest(facts: EnergyRequestFacts): EnergyFlowRequest {
  const wanted = wantsEnergy(facts);
  const at = wanted ? facts.nowMs : Math.floor(facts.nowMs / HOUR_MS) * HOUR_MS;
  const { conversion_efficiency_export, conversion_efficiency_import } = facts.supply;
  const entry = (direction: 'import' | 'export'): ScheduleEntry => {
    // What the station imports, its power supply exports.
    const efficiency = direction === 'import' ? conversion_efficiency_export : conversion_efficiency_import;
    return {
      timestamp: new Date(at).toISOString(),
      limits_to_root: rootLimits(facts, direction),
      limits_to_leaves: leafLimits(facts, direction, wanted),
      ...(facts.dc && efficiency !== undefined ? { conversion_efficiency: efficiency } : {}),
    };
  };
  return {
    uuid: facts.uuid,
    node_type: 'Evse',
    children: [],
    priority_request: facts.priority,
    evse_state: facts.running ? EVSE_STATE[facts.state] : 'Disabled',
    ...(facts.gridMeter === undefined ? {} : { energy_usage_root: facts.gridMeter }),
    ...(facts.carMeter === undefined ? {} : { energy_usage_leaves: facts.carMeter }),
    schedule_import: [entry('import')],
    schedule_export: [entry('export')],
    schedule_setpoints: [],
  };
}
