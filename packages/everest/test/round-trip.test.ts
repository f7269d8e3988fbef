// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { systemClock } from '@carabiner/clock';
import { BrokerSession, measureRoundTrip, SLOW_ROUND_TRIP_MS, Topics } from '@carabiner/everest';
import { BROKERS, mosquitto } from './support/brokers.js';
import { quietLog } from './support/quiet-log.js';

describe('round trip to the broker', function () {
  this.timeout(20_000);
  for (const kind of BROKERS)
    it(`is short over ${kind.name}`, async function () {
      if (kind.unavailable !== undefined) this.skip();
      const broker = await kind.start();
      const session = new BrokerSession({ address: broker.address, clock: systemClock, log: quietLog });
      try {
        await session.whenConnected();
        expect(await measureRoundTrip(session, new Topics())).to.be.lessThan(SLOW_ROUND_TRIP_MS);
      } finally {
        await session.close();
        await broker.stop();
      }
    });

  it('shows a broker that delays small packets', async function () {
    if (mosquitto.unavailable !== undefined) this.skip();
    const broker = await mosquitto.start(undefined, [], false);
    const session = new BrokerSession({ address: broker.address, clock: systemClock, log: quietLog });
    try {
      await session.whenConnected();
      expect(await measureRoundTrip(session, new Topics())).to.be.greaterThan(SLOW_ROUND_TRIP_MS);
    } finally {
      await session.close();
      await broker.stop();
    }
  });
});
