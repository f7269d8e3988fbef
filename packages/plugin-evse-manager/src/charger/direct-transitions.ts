// SPDX-License-Identifier: Apache-2.0
import type { ChargerState } from './view.js';

/** State changes that an input makes at once, beside the table; for the diagram. */
export const DIRECT_TRANSITIONS: readonly {
  readonly from: ChargerState;
  readonly to: ChargerState;
  readonly when: string;
}[] = [
  { from: 'PrepareCharging', to: 'ChargingPausedEVSE', when: 'EV back in B' },
  { from: 'Charging', to: 'SwitchPhases', when: 'AC: other number of phases granted' },
  { from: 'WaitingForAuthentication', to: 'StepEF', when: 'SLAC asks for its error routine' },
  { from: 'PrepareCharging', to: 'StepEF', when: 'SLAC asks for its error routine' },
  { from: 'PrepareCharging', to: 'StepX1', when: 'link broken at 5 %' },
  { from: 'Charging', to: 'StepX1', when: 'link broken at 5 %' },
  { from: 'StoppingCharging', to: 'StepX1', when: 'link broken at 5 %, transaction goes on' },
  { from: 'ChargingPausedEV', to: 'StepX1', when: 'link broken at 5 %' },
  { from: 'WaitingForAuthentication', to: 'StepX1', when: 'link broken at 5 %' },
  { from: 'StepX1', to: 'StepEF', when: 'walk after a broken link' },
];
