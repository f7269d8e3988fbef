// SPDX-License-Identifier: Apache-2.0
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { systemClock, withTimeout } from '@carabiner/clock';
import { LogBook } from '@carabiner/core';
import { expect } from 'chai';
import { BrokerSession } from '@carabiner/everest';
import { BROKERS, embedded, type TestBroker } from './support/brokers.js';
import { startFreezingProxy } from './support/freezing-proxy.js';
import { quietLog } from './support/quiet-log.js';
import { eventually } from './support/system.js';

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

describe('session with a broker that is slow to end its hand-shakes', () => {
  const ID = 7;
  const TOPIC = 'everest/once';
  const [PUBREC, PUBCOMP] = [0x50, 0x70];

  const publication = (payload: string, duplicate = false): Buffer => {
    const body = Buffer.from(
      `\0${String.fromCharCode(TOPIC.length)}${TOPIC}\0${String.fromCharCode(ID)}${payload}`,
    );
    return Buffer.from([duplicate ? 0x3c : 0x34, body.length, ...body]);
  };

  it('hands a message on when it comes, and once', async () => {
    let socket: Socket | undefined;
    const answered: number[] = [];
    const server = createServer((accepted) => {
      socket = accepted;
      accepted.on('error', () => undefined);
      accepted.on('data', (data) => {
        for (let rest = data; rest.length > 1; rest = rest.subarray(2 + (rest[1] ?? 0))) {
          const kind = (rest[0] ?? 0) & 0xf0;
          if (kind === 0x10) accepted.write(Buffer.from([0x20, 2, 0, 0]));
          else if (kind === 0x80) accepted.write(Buffer.from([0x90, 3, rest[2] ?? 0, rest[3] ?? 0, 2]));
          else answered.push(kind);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const session = new BrokerSession({
      address: { host: '127.0.0.1', port },
      clock: systemClock,
      log: quietLog,
    });
    const heard: string[] = [];
    session.subscribe(TOPIC, (_topic, payload) => heard.push(payload.toString()));
    await session.whenConnected();
    socket?.write(publication('one'));
    await eventually(() => heard.length === 1, 'the message');
    socket?.write(publication('one', true));
    await eventually(() => answered.length === 2, 'both answers');
    expect(answered).to.deep.equal([PUBREC, PUBREC]);
    expect(heard).to.deep.equal(['one']);
    socket?.write(Buffer.from([0x62, 2, 0, ID]));
    await eventually(() => answered.at(-1) === PUBCOMP, 'the end of the hand-shake');
    expect(heard).to.deep.equal(['one']);
    socket?.write(publication('two'));
    await eventually(() => heard.length === 2, 'the next message with the same id');
    expect(heard).to.deep.equal(['one', 'two']);
    socket?.destroy();
    await session.close();
    server.close();
  });
});

describe('session with a broker that freezes', function () {
  this.timeout(10_000);
  for (const [title, busy] of [
    ['that is idle', false],
    ['with a publication under way, which fails', true],
  ] as const)
    it(`ends within about a second, ${title}`, async () => {
      const broker = await embedded.start();
      const proxy = await startFreezingProxy(broker);
      const session = new BrokerSession({ address: proxy.address, clock: systemClock, log: quietLog });
      try {
        await session.whenConnected();
        proxy.freeze();
        const published = busy ? session.publish('everest/late', 'x').catch((error: unknown) => error) : true;
        await withTimeout(systemClock, session.close(), 3_000, 'end of the session');
        expect(await withTimeout(systemClock, Promise.resolve(published), 1_000, 'publication')).to.be.ok;
      } finally {
        await proxy.stop();
        await broker.stop();
      }
    });
});

describe('session whose handlers throw', () => {
  it('goes on, tells the other handlers, and says where and why', async () => {
    const broker = await embedded.start();
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const log = new LogBook({ level: 'warn', format: 'json', destination }).host;
    const session = new BrokerSession({ address: broker.address, clock: systemClock, log });
    try {
      await session.whenConnected();
      const heard: string[] = [];
      const broken = (): void => {
        throw new RangeError('too wide');
      };
      session.subscribe('everest/broken', broken);
      session.subscribe('everest/broken', (topic) => heard.push(topic));
      session.subscribe('everest/wild/+', broken);
      session.subscribe('everest/wild/+', (topic) => heard.push(topic));
      await session.acknowledged();
      for (const topic of ['everest/broken', 'everest/wild/x', 'everest/broken'])
        await session.publish(topic, 'x');
      await eventually(() => heard.length === 3, 'the messages');
      expect(heard).to.deep.equal(['everest/broken', 'everest/wild/x', 'everest/broken']);
      expect(lines.length).to.equal(3);
      expect(lines[1]).to.include('"topic":"everest/wild/x"').and.to.include('"reason":"too wide"');
    } finally {
      await session.close();
      await broker.stop();
    }
  });
});
