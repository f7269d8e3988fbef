// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { expect } from 'chai';
import { BrokerSession } from '@carabiner/everest';
import { BROKERS, type TestBroker } from './support/brokers.js';
import { quietLog } from './support/quiet-log.js';

for (const kind of BROKERS)
  describe(`session with ${kind.name}`, () => {
    let broker: TestBroker;
    let session: BrokerSession;
    before(async function () {
      if (kind.unavailable !== undefined) this.skip();
      broker = await kind.start();
      session = new BrokerSession({ address: broker.address, clock: systemClock, log: quietLog });
      await session.whenConnected();
    });
    after(async () => {
      if (kind.unavailable !== undefined) return;
      await session.close();
      await broker.stop();
    });

    it('hears of a topic again that it left a moment ago', async () => {
      const heard: number[] = [];
      for (let turn = 0; turn < 20; turn++) {
        let arrived: () => void = () => undefined;
        const arrival = new Promise<void>((resolve) => {
          arrived = resolve;
        });
        using subscription = session.subscribe('everest/again', (_topic, payload) => {
          heard.push(Number(payload.toString()));
          arrived();
        });
        expect(subscription).to.have.property('unsubscribe');
        await session.acknowledged();
        await session.publish('everest/again', String(turn));
        await arrival;
      }
      expect(heard).to.deep.equal(Array.from({ length: 20 }, (_, turn) => turn));
    });

    it('bears subscriptions that come and go while it closes', async () => {
      const { address } = broker;
      const other = new BrokerSession({ address, clock: systemClock, log: quietLog });
      await other.whenConnected();
      const before = other.subscribe('everest/before', () => undefined);
      await other.acknowledged();
      const closed = other.close();
      before.unsubscribe();
      other.subscribe('everest/late', () => undefined).unsubscribe();
      await other.acknowledged();
      await closed;
    });
  });
