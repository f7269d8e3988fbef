// SPDX-License-Identifier: Apache-2.0
import type { ChargerState } from '../charger/view.js';
import { performEffect } from './effects.js';
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
 * Takes power away at once when blocking errors appear or become more urgent, in every state in which power could flow
 * or the EV has to be told.
 */
export function shutDown(kernel: Kernel): void {
  const { kind } = kernel.errors;
  if (kind !== kernel.shutdown) {
    kernel.shutdown = kind;
    if (kernel.charger.state === 'Idle') kernel.authorisation.withdrawAdvance();
    if (kind === 'none') kernel.shutdownDone = 'none';
  }
  if (kind === 'none' || kind === kernel.shutdownDone) return;
  const { relaysClosed, permitted } = kernel.pilot.state;
  const live = relaysClosed || permitted || kernel.output.supply.isOn;
  if (live || SIGNALLING.has(kernel.charger.state)) performShutdown(kernel);
}

/** What an earlier process of this module switched on and never switched off: it has gone on since. */
export function switchOffUnseen({ ports, dc }: Kernel): void {
  if (dc) ports.send('powersupply_DC', 'setMode', { mode: 'Off', phase: 'Other' });
  ports.send('bsp', 'allow_power_on', { value: { allow_power_on: false, reason: 'PowerOff' } });
}

/** Power supply, isolation monitor, relays, then a word to the EV; in an emergency PWM goes first. */
export function performShutdown(kernel: Kernel): void {
  const { kind } = kernel.errors;
  kernel.shutdownDone = kind;
  if (kind === 'emergency' && kernel.pilot.state.pwmRunning) kernel.signalX1();
  if (kernel.dc) kernel.dcSession.supplyOff();
  kernel.pilot.step({ type: 'forbid' });
  kernel.charger.memory.hlcAllowsPower = false;
  if (kernel.hlc.present) kernel.ports.send('hlc', 'send_error', { error: 'Error_EmergencyShutdown' });
  const { state, memory } = kernel.charger;
  // A session that rests already does not enter its pause again.
  if (state === 'ChargingPausedEVSE' && !kernel.dc && !memory.hlcActive) performEffect(kernel, 'faultPulse');
}
