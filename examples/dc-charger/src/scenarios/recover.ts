// SPDX-License-Identifier: Apache-2.0
import { expectCount, onlyEvse, REACTION_LIMIT_MS, type Scenario } from './scenario.js';

/** The second half of a power failure: a charger that starts with an open transaction in its store. */
export const recover: Scenario = {
  name: 'recover',
  description: 'starts with the store of a run that was killed, and delivers what that run left open',
  composition: 'dc-charger.yaml',
  fromStart: true,
  play: async ({ charger }) => {
    const evse = onlyEvse(charger);
    await charger.untilEvent(evse, 'Enabled', REACTION_LIMIT_MS);
    expectCount(charger, evse, 'TransactionStarted', 0);
  },
};
