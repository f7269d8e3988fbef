// SPDX-License-Identifier: Apache-2.0
import type { Charger } from '../charger.js';
import { steerMeter } from '../meter-device.js';
import {
  expectCount,
  expectOrder,
  isActive,
  onlyEvse,
  REACTION_LIMIT_MS,
  SESSION_LIMIT_MS,
  UNPLUG_SCRIPT,
  type Scenario,
  type Stage,
} from './scenario.js';

const UNDISTURBED_MS = 60_000;
/** The power unit's connection is lost for so long. */
const OUTAGE_S = 20;
/** A charger that has recovered charges again within this time: a new link, cable check and pre-charge. */
const RECOVERY_LIMIT_MS = 180_000;

async function chargeForAWhile(stage: Stage): Promise<string> {
  const { charger, narrator } = stage;
  const evse = onlyEvse(charger);
  narrator.action('a vehicle is plugged in');
  await charger.vehicle(evse, 'plugin;iso_wait_slac_matched;iso_start_v2g_session DC;iso_wait_pwr_ready');
  await charger.untilEvent(evse, 'ChargingStarted', SESSION_LIMIT_MS);
  await charger.clock.sleep(stage.chargeForS === undefined ? UNDISTURBED_MS : stage.chargeForS * 1000);
  return evse;
}

/** Waits for the pause that an error causes. */
async function paused(charger: Charger, evse: string, error: string): Promise<number> {
  await charger.until(error, RECOVERY_LIMIT_MS, () => isActive(charger, error));
  await charger.untilEvent(evse, 'ChargingPausedEVSE', REACTION_LIMIT_MS);
  return charger.sessionEvents(evse).length;
}

async function chargesAgain(
  { charger, narrator }: Stage,
  evse: string,
  error: string,
  after: number,
): Promise<void> {
  await charger.until(`the end of ${error}`, RECOVERY_LIMIT_MS, () => !isActive(charger, error));
  await charger.untilEvent(evse, 'ChargingStarted', RECOVERY_LIMIT_MS, after);
  narrator.action('the vehicle charges for another 30 s and is unplugged');
  await charger.vehicle(evse, `wait_until_full 30;iso_wait_v2g_session_stopped;${UNPLUG_SCRIPT}`);
  await charger.untilEvent(evse, 'SessionFinished', SESSION_LIMIT_MS);
  expectCount(charger, evse, 'TransactionStarted', 1);
  expectCount(charger, evse, 'TransactionFinished', 1);
  expectOrder(charger, evse, [
    'ChargingStarted',
    'StoppingCharging',
    'ChargingPausedEVSE',
    'PrepareCharging',
    'ChargingStarted',
    'TransactionFinished',
    'SessionFinished',
  ]);
}

export const psuFaultAndRecovery: Scenario = {
  name: 'psu-fault-and-recovery',
  description: 'the connection to the power unit breaks while charging and comes back',
  composition: 'dc-charger.yaml',
  play: async (stage) => {
    const { charger, composition, narrator } = stage;
    const evse = await chargeForAWhile(stage);
    narrator.action(`the connection to the power unit breaks for ${OUTAGE_S} s`);
    const [unit] = composition.ofModule('MockPsu');
    if (unit === undefined) throw new Error('the composition has no MockPsu');
    await charger.call(unit, 'faults', 'inject_fault', {
      fault: { name: 'drop_connection', duration_s: OUTAGE_S },
    });
    const after = await paused(charger, evse, 'power_supply_DC/CommunicationFault');
    await chargesAgain(stage, evse, 'power_supply_DC/CommunicationFault', after);
  },
};

export const meterLoss: Scenario = {
  name: 'meter-loss',
  description: 'the meter does not answer any more while charging, and answers again later',
  composition: 'dc-charger.yaml',
  play: async (stage) => {
    const { charger, composition, narrator } = stage;
    const evse = await chargeForAWhile(stage);
    const [device] = composition.ofModule('IemDcrSimulator');
    const controlPort = Number(composition.parameter(device ?? '', 'control_port'));
    narrator.action('the meter resets every connection');
    await steerMeter(controlPort, 'POST', '/faults', { kind: 'reset', times: 0 });
    const after = await paused(charger, evse, 'powermeter/CommunicationFault');
    await charger.clock.sleep(10_000);
    narrator.action('the meter answers again');
    await steerMeter(controlPort, 'DELETE', '/faults');
    await chargesAgain(stage, evse, 'powermeter/CommunicationFault', after);
  },
};
