// SPDX-License-Identifier: Apache-2.0
import type { ChargerState } from '../charger/view.js';
import type { Kernel } from './kernel.js';

/** States in which an error shutdown is signalled to the EV even when no power can flow. */
const SIGNALLING: ReadonlySet<ChargerState> = new Set([
  'WaitingForAuthentication',
  'PrepareCharging',
  'Charging',
  'ChargingPausedEVSE',
  'StepEF',
  'StepX1',
  'SwitchPhases',
]);

/**
 * Takes power away at once when blocking errors appear or become more urgent, in every state: power supply, isolation
 * monitor, relays, then a word to the EV. With an emergency PWM goes first.
 */
export function shutDown(kernel: Kernel): void {
  const { kind } = kernel.errors;
  if (kind === kernel.shutdown) return;
  kernel.shutdown = kind;
  const { state } = kernel.charger;
  if (state === 'Idle') kernel.authorisation.withdrawAdvance();
  if (kind === 'none') return;
  const live = kernel.pilot.state.relaysClosed || kernel.pilot.state.permitted || kernel.output.supply.isOn;
  if (!live && !SIGNALLING.has(state)) return;
  if (kind === 'emergency' && kernel.pilot.state.pwmRunning) kernel.signalX1();
  if (kernel.dc) kernel.dcSession.supplyOff();
  kernel.pilot.step({ type: 'forbid' });
  kernel.charger.memory.hlcAllowsPower = false;
  if (kernel.hlc.present) kernel.ports.send('hlc', 'send_error', { error: 'Error_EmergencyShutdown' });
}
