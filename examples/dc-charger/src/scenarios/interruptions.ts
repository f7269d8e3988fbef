// SPDX-License-Identifier: Apache-2.0
import {
  chargingScript,
  expectCount,
  expectOrder,
  isActive,
  onlyEvse,
  REACTION_LIMIT_MS,
  SESSION_LIMIT_MS,
  type Scenario,
  type Stage,
} from './scenario.js';

/** Charging runs this long before something happens, in the charger's own time. */
const UNDISTURBED_MS = 60_000;

async function chargeForAWhile(stage: Stage): Promise<string> {
  const { charger, narrator } = stage;
  const evse = onlyEvse(charger);
  narrator.action('a vehicle is plugged in');
  await charger.vehicle(evse, chargingScript());
  await charger.untilEvent(evse, 'ChargingStarted', SESSION_LIMIT_MS);
  await charger.clock.sleep(stage.chargeForS === undefined ? UNDISTURBED_MS : stage.chargeForS * 1000);
  return evse;
}

async function unplug({ charger, narrator }: Stage, evse: string): Promise<void> {
  narrator.action('the vehicle is unplugged');
  await charger.vehicle(evse, 'unplug');
  await charger.untilEvent(evse, 'SessionFinished', REACTION_LIMIT_MS);
  expectCount(charger, evse, 'TransactionFinished', 1);
}

/** Waits until the charger has paused because of an error, in the session's events from number `from` on. */
async function pausedByError({ charger }: Stage, evse: string, from: number): Promise<void> {
  await charger.until('a pause because of an error', REACTION_LIMIT_MS, () =>
    charger
      .sessionEvents(evse)
      .slice(from)
      .some(({ charging_paused_evse }) => charging_paused_evse?.reasons.includes('Error') === true),
  );
}

export const emergencyStop: Scenario = {
  name: 'emergency-stop',
  description: 'the emergency stop is pressed while charging, released, and the vehicle unplugged',
  composition: 'dc-charger.yaml',
  play: async (stage) => {
    const { charger, narrator } = stage;
    const evse = await chargeForAWhile(stage);
    const before = charger.sessionEvents(evse).length;
    narrator.action('the emergency stop button is pressed');
    await charger.vehicle(evse, 'emergency_stop');
    await pausedByError(stage, evse, before);
    await charger.until('evse_manager/Inoperative', REACTION_LIMIT_MS, () =>
      isActive(charger, 'evse_manager/Inoperative'),
    );
    await unplug(stage, evse);
    narrator.action('the button is released');
    await charger.vehicle(evse, 'release_emergency_stop');
    await charger.until(
      'the charger to be operative again',
      REACTION_LIMIT_MS,
      () => !isActive(charger, 'evse_manager/Inoperative'),
    );
    expectOrder(charger, evse, [
      'ChargingStarted',
      'StoppingCharging',
      'ChargingPausedEVSE',
      'TransactionFinished',
      'SessionFinished',
    ]);
  },
};

export const isolationFault: Scenario = {
  name: 'isolation-fault',
  description: 'the insulation breaks down while charging',
  composition: 'dc-charger.yaml',
  play: async (stage) => {
    const { charger, narrator } = stage;
    const evse = await chargeForAWhile(stage);
    const before = charger.sessionEvents(evse).length;
    narrator.action('the insulation resistance falls to 10 kOhm');
    await charger.vehicle(evse, 'isolation_fault 10000');
    await charger.until('the isolation error', REACTION_LIMIT_MS, () =>
      isActive(charger, 'evse_manager/MREC22ResistanceFault'),
    );
    await pausedByError(stage, evse, before);
    await unplug(stage, evse);
    await charger.vehicle(evse, 'clear_isolation_fault');
    expectOrder(charger, evse, [
      'ChargingStarted',
      'StoppingCharging',
      'ChargingPausedEVSE',
      'TransactionFinished',
      'SessionFinished',
    ]);
  },
};

export const pauseResume: Scenario = {
  name: 'pause-resume',
  description: 'the operator pauses charging and resumes it',
  composition: 'dc-charger.yaml',
  play: async (stage) => {
    const { charger, narrator } = stage;
    const evse = await chargeForAWhile(stage);
    narrator.action('the operator pauses charging');
    await charger.call(evse, 'evse', 'pause_charging');
    await charger.untilEvent(evse, 'ChargingPausedEVSE', REACTION_LIMIT_MS);
    await charger.clock.sleep(20_000);
    narrator.action('the operator resumes charging');
    const before = charger.sessionEvents(evse).length;
    await charger.vehicle(
      evse,
      'iso_wait_slac_matched;iso_start_v2g_session DC;iso_wait_pwr_ready;wait_until_full 60',
    );
    await charger.call(evse, 'evse', 'resume_charging');
    await charger.untilEvent(evse, 'ChargingStarted', 120_000, before);
    await charger.untilEvent(evse, 'ChargingPausedEV', 180_000, before);
    await unplug(stage, evse);
    expectCount(charger, evse, 'TransactionStarted', 1);
    expectOrder(charger, evse, [
      'ChargingStarted',
      'ChargingPausedEVSE',
      'PrepareCharging',
      'ChargingStarted',
      'TransactionFinished',
    ]);
  },
};
