// SPDX-License-Identifier: Apache-2.0
import type { RaisedError } from '@carabiner/core';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import type { Powermeter } from '@carabiner/interfaces/types/powermeter';

/** Something a running charger said, reduced to what the scenarios look at. */
export type Observation =
  | { readonly kind: 'session'; readonly evse: string; readonly event: SessionEvent }
  | { readonly kind: 'step'; readonly evse: string; readonly name: string }
  | { readonly kind: 'meter'; readonly evse: string; readonly value: Powermeter }
  | { readonly kind: 'soc'; readonly evse: string; readonly percent: number }
  | { readonly kind: 'error'; readonly error: RaisedError }
  | {
      readonly kind: 'module';
      readonly moduleId: string;
      readonly state: string;
      readonly reason: string | undefined;
    };

/** Notifications of the vehicle's session that mark a phase, by variable name. */
export const SESSION_STEPS: Readonly<Record<string, string>> = {
  start_cable_check: 'cable check begins',
  start_pre_charge: 'pre-charge begins',
  current_demand_started: 'vehicle contactor closed, current demand begins',
  current_demand_finished: 'current demand ends',
  dc_open_contactor: 'vehicle contactor opens',
  dlink_terminate: 'vehicle ends the link',
  dlink_error: 'the link broke off',
  dlink_pause: 'vehicle pauses the link',
};
