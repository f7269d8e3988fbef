// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { CONTRACT_INTERFACE, Collector, ContractModule } from '@carabiner/core/bus-contract';
import { BrokerSession, MqttBus, Topics } from '@carabiner/everest';
import { expect } from 'chai';
import { embedded, type TestBroker } from './support/brokers.js';
import { quietLog } from './support/quiet-log.js';
import { eventually } from './support/system.js';

const topics = new Topics();

interface End {
  readonly name: string;
  session: BrokerSession;
  readonly bus: MqttBus;
}

/** Two processes that find each other again when the broker was away; one of them at a time that the test chooses. */
describe('after the broker was away', () => {
  let broker: TestBroker;
  let provider: End;
  let consumer: End;
  let collector: Collector;
  const gates = new Map<string, () => void>();

  async function open(name: string, gated: boolean): Promise<End> {
    const session = new BrokerSession(
      { address: broker.address, clock: systemClock, log: quietLog, maxReconnectMs: 50 },
      {
        disconnected: () => end.bus.connectionLost(),
        connected: (again) => {
          if (!again) return;
          const back = (): void => {
            end.bus.connectionRestored();
            void sayPresent(end);
          };
          if (gated) gates.set(name, back);
          else back();
        },
      },
    );
    await session.whenConnected();
    const end: End = {
      name,
      session,
      bus: new MqttBus({ session, topics, clock: systemClock, log: quietLog }),
    };
    return end;
  }

  const sayPresent = async ({ name, session }: End): Promise<void> => {
    await session.publish(topics.present(name), JSON.stringify([name]), 2, true);
  };

  async function start(gated: 'provider' | 'consumer') {
    provider = await open('provider', gated === 'provider');
    consumer = await open('consumer', gated === 'consumer');
    const attachment = provider.bus.attach(new ContractModule('provider'));
    collector = new Collector();
    const connection = consumer.bus.connect({
      consumer: 'consumer',
      target: { moduleId: 'provider', implementationId: 'main' },
      interface: {
        ...CONTRACT_INTERFACE,
        errors: [{ type: 'bus_contract/CommunicationFault', description: 'out of reach' }],
      },
      listener: collector,
    });
    for (const end of [provider, consumer]) {
      await end.bus.settled();
      await sayPresent(end);
    }
    const echo = connection.command('echo');
    // From here on the provider knows who calls it, and each has heard that the other is there.
    expect(await echo({ value: 1 }, { origin: 'consumer' })).to.equal(1);
    const { port } = broker.address;
    await broker.stop();
    await eventually(() => !provider.session.connected && !consumer.session.connected, 'the loss');
    return { attachment, echo, comeBack: async () => void (broker = await embedded.start(port)) };
  }

  beforeEach(async () => {
    gates.clear();
    broker = await embedded.start();
  });
  afterEach(async () => {
    for (const { bus, session } of [provider, consumer]) {
      await bus.close();
      await session.close();
    }
    await broker.stop();
  });

  it('what a module has said meanwhile, and says until then, waits for whoever calls it', async () => {
    const { attachment, comeBack } = await start('consumer');
    attachment.publish('main', 'number', 1);
    await comeBack();
    await eventually(() => provider.session.connected && gates.has('consumer'), 'both back');
    attachment.publish('main', 'number', 2);
    await provider.session.publish('somewhere', '');
    expect(collector.values, 'the consumer has not said that it hears').to.deep.equal([]);
    gates.get('consumer')!();
    await eventually(() => collector.values.length === 2, 'both values');
    expect(collector.values).to.deep.equal([
      ['number', 1],
      ['number', 2],
    ]);
  });

  it('a module that is not back is still out of reach, and a call to it fails at once', async () => {
    const { echo, comeBack } = await start('provider');
    const states = (): string[] => collector.errors.map(({ sub_type, state }) => `${sub_type} ${state}`);
    expect(states()).to.deep.equal(['broker-lost Active']);
    await comeBack();
    await eventually(() => consumer.session.connected && gates.has('provider'), 'both back');
    const failure = await echo({ value: 2 }, { origin: 'consumer' }).catch(
      (error: unknown) => error as Error,
    );
    expect(String(failure)).to.match(/provider\/main\.echo: the module is not back at the broker/);
    expect(states()).to.deep.equal(['broker-lost Active']);
    gates.get('provider')!();
    await eventually(() => states().length === 2, 'the end of the fault');
    expect(states()[1]).to.equal('broker-lost ClearedByReboot');
    expect(await echo({ value: 3 }, { origin: 'consumer' })).to.equal(3);
  });
});
