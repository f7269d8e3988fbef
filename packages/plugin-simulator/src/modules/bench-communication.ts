// SPDX-License-Identifier: Apache-2.0
import type { ISO15118ChargerProvider } from '@carabiner/interfaces/interfaces/ISO15118_charger';
import type { SlacProvider } from '@carabiner/interfaces/interfaces/slac';
import type { HlcReports } from '../vehicle/dc-session.js';
import type { Bench } from './bench.js';

/** Power line modem. */
export function powerLineModem(bench: Bench): SlacProvider {
  return {
    reset: () => bench.slac.end(),
    enter_bcd: () => undefined,
    leave_bcd: () => bench.slac.end(),
    dlink_terminate: () => bench.slac.end(),
    dlink_error: () => bench.slac.end(),
    dlink_pause: () => undefined,
  };
}

/** What the vehicle's session tells the charger, as variables of the communication controller. */
export function hlcReports(bench: Bench): HlcReports {
  const { publish } = bench.provides.hlc;
  return {
    evccId: (mac) => {
      publish.selected_protocol('DIN70121');
      publish.evcc_id(mac);
    },
    requireAuthEim: () => {
      bench.inputs.authorized = 'pending';
      publish.require_auth_eim();
    },
    maximumLimits: (limits) =>
      publish.dc_ev_maximum_limits({
        dc_ev_maximum_voltage_limit: limits.maximumVoltageV,
        dc_ev_maximum_current_limit: limits.maximumCurrentA,
        dc_ev_maximum_power_limit: limits.maximumPowerW,
      }),
    status: (socPercent) =>
      publish.dc_ev_status({
        dc_ev_ready: true,
        dc_ev_error_code: 'NO_ERROR',
        dc_ev_ress_soc: Math.floor(socPercent),
      }),
    target: ({ voltageV, currentA }) =>
      publish.dc_ev_target_voltage_current({
        dc_ev_target_voltage: voltageV,
        dc_ev_target_current: currentA,
      }),
    remainingTime: (seconds) => {
      const at = new Date(bench.clock.now() + seconds * 1000).toISOString();
      publish.dc_ev_remaining_time({ ev_remaining_time_to_full_soc: at });
    },
    startCableCheck: () => publish.start_cable_check(),
    startPreCharge: () => publish.start_pre_charge(),
    v2gSetupFinished: () => publish.v2g_setup_finished(),
    currentDemandStarted: () => publish.current_demand_started(),
    currentDemandFinished: () => publish.current_demand_finished(),
    dcOpenContactor: () => publish.dc_open_contactor(),
    sessionFailed: () => bench.log.info('the vehicle gave up the session'),
    linkEnded: (how) => {
      if (how === 'terminate') publish.dlink_terminate();
      else if (how === 'pause') publish.dlink_pause();
      else publish.dlink_error();
    },
  };
}

/** Communication controller: takes what the charger says and wakes the session that waits for it. */
export function communicationController(bench: Bench): ISO15118ChargerProvider {
  const { inputs, condition, vehicle } = bench;
  const nothing = (): undefined => undefined;
  const tell = (change: Partial<Bench['inputs']>): void => {
    Object.assign(inputs, change);
    condition.notify();
  };
  return {
    setup: nothing,
    set_charging_parameters: nothing,
    session_setup: nothing,
    bpt_setup: nothing,
    set_powersupply_capabilities: ({ capabilities }) =>
      tell({
        offer: {
          maximumVoltageV: capabilities.max_export_voltage_V,
          maximumCurrentA: inputs.offer.maximumCurrentA,
          maximumPowerW: inputs.offer.maximumPowerW,
        },
      }),
    authorization_response: ({ authorization_status }) =>
      tell({ authorized: authorization_status === 'Accepted' ? 'accepted' : 'rejected' }),
    ac_contactor_closed: nothing,
    dlink_ready: ({ value }) => vehicle.onLink(value),
    cable_check_finished: ({ status }) => tell({ cableCheck: status ? 'passed' : 'failed' }),
    receipt_is_required: nothing,
    stop_charging: ({ stop }) => tell({ stop }),
    pause_charging: ({ pause }) => tell({ pause }),
    no_energy_pause_charging: nothing,
    update_supported_app_protocols: () => true,
    update_energy_transfer_modes: nothing,
    update_ac_max_current: nothing,
    update_ac_parameters: nothing,
    update_ac_maximum_limits: nothing,
    update_ac_minimum_limits: nothing,
    update_ac_target_values: nothing,
    update_ac_present_power: nothing,
    update_dc_maximum_limits: ({ maximum_limits }) =>
      tell({
        offer: {
          maximumVoltageV: maximum_limits.evse_maximum_voltage_limit,
          maximumCurrentA: maximum_limits.evse_maximum_current_limit,
          maximumPowerW: maximum_limits.evse_maximum_power_limit,
        },
      }),
    update_dc_minimum_limits: nothing,
    update_isolation_status: nothing,
    update_dc_present_values: ({ present_voltage_current }) =>
      tell({
        presentVoltageV: present_voltage_current.evse_present_voltage,
        presentCurrentA: present_voltage_current.evse_present_current ?? 0,
      }),
    update_meter_info: nothing,
    send_error: ({ error }) => {
      if (error === 'Error_EmergencyShutdown' || error === 'Error_UtilityInterruptEvent')
        tell({ emergency: true });
    },
    reset_error: () => tell({ emergency: false }),
  };
}
