// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { BUS_RULES, type BusSystem } from '@carabiner/core/bus-contract';
import { BrokerSession, measureRoundTrip, MqttBus, Topics } from '@carabiner/everest';
import { expect } from 'chai';
import { BROKERS, type BrokerKind, type TestBroker } from './support/brokers.js';
import { quietLog } from './support/quiet-log.js';

async function connectBus(broker: TestBroker): Promise<{ bus: MqttBus; session: BrokerSession }> {
  const session = new BrokerSession({
    address: broker.address,
    protocolVersion: broker.protocolVersion,
    clock: systemClock,
    log: quietLog,
  });
  await session.whenConnected();
  const topics = new Topics();
  const bus = new MqttBus({
    session,
    topics,
    clock: systemClock,
    log: quietLog,
    errorTopics: () =>
      ['Fault', 'Other'].map((name) => topics.error('provider', 'main', `bus_contract/${name}`)),
  });
  return { session, bus };
}

async function eventually(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await systemClock.sleep(10);
}

/** Two processes' ends of one system. */
async function system(broker: TestBroker): Promise<BusSystem> {
  const [provider, consumer] = [await connectBus(broker), await connectBus(broker)];
  return {
    provider: provider.bus,
    consumer: consumer.bus,
    close: async () => {
      await Promise.all([provider.bus.close(), consumer.bus.close()]);
      await Promise.all([provider.session.close(), consumer.session.close()]);
    },
  };
}

function describeBus(kind: BrokerKind): void {
  describe(`MQTT bus over ${kind.name}`, function () {
    let broker: TestBroker;
    before(async function () {
      if (kind.unavailable !== undefined) {
        this.skip();
      }
      broker = await kind.start();
    });
    after(async () => {
      if (kind.unavailable === undefined) await broker.stop();
    });
    for (const rule of BUS_RULES) {
      it(rule.title, async () => {
        const made = await system(broker);
        try {
          await rule.check(made);
        } finally {
          await made.close();
        }
      });
    }
    it('sends what was published while the broker was away when it is back, in its order', async () => {
      const [provider, consumer] = [await connectBus(broker), await connectBus(broker)];
      const thing = {
        ...{ name: 'thing', description: '', definition: {}, types: {}, commands: {}, errors: [] },
        variables: {
          event: {
            description: '',
            value: { is: (value: unknown): value is unknown => value !== undefined, explain: () => [] },
          },
        },
      };
      const heard: unknown[] = [];
      try {
        const attachment = provider.bus.attach({
          id: 'provider',
          implementations: { main: thing },
          mapping: undefined,
          implementationMapping: {},
          entry: () => undefined,
          invoke: async () => await Promise.resolve(null),
          activeErrors: () => [],
          callerLost: () => undefined,
        });
        consumer.bus.connect({
          consumer: 'consumer',
          target: { moduleId: 'provider', implementationId: 'main' },
          interface: thing,
          listener: { variable: (_name, value) => heard.push(value), error: () => undefined },
        });
        const { port } = broker.address;
        await broker.stop();
        await eventually(() => !provider.session.connected);
        for (const value of ['first', 'second', 'third']) attachment.publish('main', 'event', value);
        broker = await kind.start(port);
        for (const { session } of [consumer, provider]) {
          await session.whenConnected();
          await session.acknowledged();
        }
        provider.bus.connectionRestored();
        attachment.publish('main', 'event', 'fourth');
        await eventually(() => heard.length === 4);
        expect(heard).to.deep.equal(['first', 'second', 'third', 'fourth']);
      } finally {
        for (const { bus } of [provider, consumer]) await bus.close();
        for (const { session } of [provider, consumer]) await session.close();
      }
    });
    it('tells a consumer that is made while its provider is lost by the active errors alone', async () => {
      const [other, { bus, session }] = [await connectBus(broker), await connectBus(broker)];
      const lost = new Topics().lost('provider');
      try {
        await session.acknowledged();
        await other.session.publish(lost, '["provider"]', 2, true);
        await measureRoundTrip(session, new Topics());
        let told = 0;
        const connection = bus.connect({
          consumer: 'consumer',
          target: { moduleId: 'provider', implementationId: 'main' },
          interface: {
            name: 'thing',
            description: '',
            definition: {},
            types: {},
            commands: {},
            variables: {},
            errors: [{ type: 'thing/VendorError', description: '' }],
          },
          listener: { variable: () => undefined, error: () => (told += 1) },
        });
        expect(told).to.equal(0);
        expect(connection.activeErrors.map(({ sub_type }) => sub_type)).to.deep.equal(['module-lost']);
      } finally {
        await other.session.publish(lost, '', 2, true);
        for (const each of [bus, other.bus]) await each.close();
        for (const each of [session, other.session]) await each.close();
      }
    });
  });
}

BROKERS.forEach(describeBus);
