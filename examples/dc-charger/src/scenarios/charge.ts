// SPDX-License-Identifier: Apache-2.0
import {
  AUTHORISATION_LIMIT_MS,
  chargingScript,
  expectCount,
  expectOrder,
  SESSION_LIMIT_MS,
  UNPLUG_SCRIPT,
  type Scenario,
  type Stage,
} from './scenario.js';

/** A session on every connector, all at once: plug in, authorise, charge until the vehicle has enough, unplug. */
async function chargeEverywhere({ charger, narrator, chargeForS }: Stage): Promise<void> {
  narrator.action(charger.evses.length > 1 ? 'vehicles are plugged in' : 'a vehicle is plugged in');
  const script = `${chargingScript(chargeForS)};${UNPLUG_SCRIPT}`;
  for (const evse of charger.evses) await charger.vehicle(evse, script);
  for (const evse of charger.evses) {
    await charger.untilEvent(evse, 'TransactionStarted', AUTHORISATION_LIMIT_MS);
    await charger.untilEvent(evse, 'SessionFinished', SESSION_LIMIT_MS);
    expectOrder(charger, evse, [
      'SessionStarted',
      'AuthRequired',
      'Authorized',
      'TransactionStarted',
      'PrepareCharging',
      'ChargingStarted',
      'StoppingCharging',
      'ChargingFinished',
      'TransactionFinished',
      'SessionFinished',
    ]);
    expectCount(charger, evse, 'TransactionStarted', 1);
    expectCount(charger, evse, 'TransactionFinished', 1);
  }
}

export const charge: Scenario = {
  name: 'charge',
  description: 'a vehicle is charged from plug-in to the signed record',
  composition: 'dc-charger.yaml',
  play: chargeEverywhere,
};

export const twoConnectors: Scenario = {
  name: 'two-connectors',
  description: 'one power unit and one dispenser charge two vehicles at once',
  composition: 'two-connectors.yaml',
  play: chargeEverywhere,
};
