// SPDX-License-Identifier: Apache-2.0
// Written by carabiner-codegen. Do not edit.
export * as authorization from './authorization.js';
export * as board_support_common from './board_support_common.js';
export * as dc_external_derate from './dc_external_derate.js';
export * as dc_power_output from './dc_power_output.js';
export * as energy from './energy.js';
export * as energy_price_information from './energy_price_information.js';
export * as ev_board_support from './ev_board_support.js';
export * as evse_board_support from './evse_board_support.js';
export * as evse_manager from './evse_manager.js';
export * as fault_injection from './fault_injection.js';
export * as grid_support from './grid_support.js';
export * as iso15118 from './iso15118.js';
export * as isolation_monitor from './isolation_monitor.js';
export * as network from './network.js';
export * as power_supply_DC from './power_supply_DC.js';
export * as powermeter from './powermeter.js';
export * as reservation from './reservation.js';
export * as slac from './slac.js';
export * as system from './system.js';
export * as temperature from './temperature.js';
export * as text_message from './text_message.js';
export * as uk_random_delay from './uk_random_delay.js';
export * as units from './units.js';
export * as units_signed from './units_signed.js';
