// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { CONTRACT_INTERFACE, Collector, ContractModule } from '@carabiner/core/bus-contract';
import { BrokerSession, MqttBus, Topics } from '@carabiner/everest';
import { expect } from 'chai';
import { embedded, type TestBroker } from './support/brokers.js';
import { quietLog } from './support/quiet-log.js';
import { eventually } from './support/system.js';

interface End {
  readonly session: BrokerSession;
  readonly bus: MqttBus;
}

describe('a module that is called from another process', () => {
  const topics = new Topics();
  let broker: TestBroker;
  let provider: End;
  let consumer: End;
  let module: ContractModule;

  async function open(events: { readonly disconnected?: () => void } = {}): Promise<End> {
    const session = new BrokerSession({ address: broker.address, clock: systemClock, log: quietLog }, events);
    await session.whenConnected();
    return { session, bus: new MqttBus({ session, topics, clock: systemClock, log: quietLog }) };
  }

  async function call(): Promise<void> {
    const connection = consumer.bus.connect({
      consumer: 'consumer',
      target: { moduleId: 'provider', implementationId: 'main' },
      interface: CONTRACT_INTERFACE,
      listener: new Collector(),
    });
    await consumer.bus.settled();
    await connection.command('echo')({ value: 1 }, { origin: 'consumer' });
  }

  beforeEach(async () => {
    broker = await embedded.start();
    provider = await open({ disconnected: () => provider.bus.connectionLost() });
    consumer = await open();
    module = new ContractModule('provider');
    provider.bus.attach(module);
    await provider.bus.settled();
  });
  afterEach(async () => {
    await Promise.all([provider.session.close(), consumer.session.close()]);
    await broker.stop();
  });

  it('hears that its caller is lost when the process of the caller is gone', async () => {
    await call();
    await consumer.session.publish(topics.lost('consumer'), JSON.stringify(['consumer']), 2, true);
    await eventually(() => module.lostCallers.length > 0, 'word of the loss');
    expect(module.lostCallers).to.deep.equal(['consumer']);
  });

  it('hears that its callers are lost when the broker is', async () => {
    await call();
    await broker.stop();
    await eventually(() => module.lostCallers.length > 0, 'word of the loss');
    expect(module.lostCallers).to.deep.equal(['consumer']);
  });
});
