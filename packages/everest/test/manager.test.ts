// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { systemClock } from '@carabiner/clock';
import {
  CompositionError,
  CompositionSource,
  createRuntime,
  isCallError,
  readComposition,
} from '@carabiner/core';
import { Manager, openSystemBroker } from '@carabiner/everest';
import { BROKERS, type BrokerKind, type TestBroker } from './support/brokers.js';
import { quietLog } from './support/quiet-log.js';
import { eventually, PAIR, startSystem, type TestSystem } from './support/system.js';

const CONSUMER = {
  module: 'Consumer',
  connections: { psu: [{ module_id: 'psu', implementation_id: 'main' }] },
};
const FAST = { delay_ms: 50 };

function describeManager(kind: BrokerKind): void {
  describe(`manager role over ${kind.name}`, function () {
    this.timeout(20_000);
    let broker: TestBroker;
    let system: TestSystem | undefined;
    before(async function () {
      if (kind.unavailable !== undefined) this.skip();
      broker = await kind.start();
    });
    after(async () => {
      if (kind.unavailable === undefined) await broker.stop();
    });
    afterEach(async () => {
      await system?.stop();
      system = undefined;
    });
    const load = async (key: string): Promise<unknown> =>
      await system?.runtime.call('user', 'main', 'load', { key });
    const store = async (key: string, value: unknown): Promise<unknown> =>
      await system?.runtime.call('user', 'main', 'store', { key, value });

    it('ends while it waits for a module that never comes', async () => {
      const late = { module: 'Supply', standalone: true };
      system = await startSystem({ psu: { module: 'Supply' }, late }, { broker });
      const started = system.started.then(
        () => 'started',
        (error: unknown) => String(error),
      );
      await eventually(
        () => system?.runtime.modules().find(({ id }) => id === 'psu')?.state === 'initialised',
        'the module of this process',
      );
      await system.runtime.stop();
      expect(await started).to.contain('stopped while it waited for modules of other processes');
    });

    for (const [title, modules] of [
      [
        'a provider in a process of its own',
        { psu: { module: 'Supply', isolation: 'process' }, user: CONSUMER },
      ],
      [
        'a consumer in a process of its own',
        { psu: { module: 'Supply' }, user: { ...CONSUMER, isolation: 'process' } },
      ],
      [
        'both in processes of their own, one under an alias',
        {
          psu: { module: 'OldSupply', isolation: 'process' },
          user: { ...CONSUMER, isolation: 'process' },
        },
      ],
    ] as const)
      it(`carries commands, variables and errors with ${title}`, async () => {
        system = await startSystem(modules, { broker });
        await system.started;
        expect(system.runtime.modules().map(({ state }) => state)).to.deep.equal(['running', 'running']);
        await store('mode', 'Export');
        await eventually(async () => (await load('mode')) === 'Export', 'the variable');
        await store('import', 1);
        await eventually(
          async () => JSON.stringify(await load('errors')) === '["power_supply_DC/HardwareFault"]',
          'the error',
        );
        await store('import', 0);
        await eventually(async () => JSON.stringify(await load('errors')) === '[]', 'the end of the error');
        let failure: unknown;
        try {
          await store('voltage', 600);
        } catch (error) {
          failure = error;
        }
        expect(isCallError(failure, 'HandlerException')).to.equal(true);
        expect((failure as Error).message).to.include('more than 500 V');
      });

    it('starts a killed process again, tells its consumers meanwhile, and leaves the others alone', async () => {
      system = await startSystem(
        {
          psu: { module: 'Supply', isolation: 'process', restart: FAST },
          user: { ...CONSUMER, isolation: 'process' },
        },
        { broker },
      );
      await system.started;
      const before = system.manager.pids;
      // The next life knows nothing of it, so its end is told where it was heard.
      await store('import', 1);
      await eventually(
        async () => JSON.stringify(await load('errors')).includes('HardwareFault'),
        'an error of the first life',
      );
      const states: string[] = [];
      system.runtime.observe((event) => {
        if (event.kind === 'module' && event.moduleId === 'psu') states.push(event.state);
      });
      const hanging = store('voltage', 0).then(
        () => undefined,
        (error: unknown) => error,
      );
      process.kill(before.get('psu') ?? 0, 'SIGKILL');
      const ended = await hanging;
      expect(isCallError(ended), String(ended)).to.equal(true);
      await eventually(
        async () => JSON.stringify(await load('errors')).includes('module-lost'),
        'the fault at the consumer',
      );
      await eventually(() => states.at(-1) === 'running', 'the restart');
      await eventually(async () => JSON.stringify(await load('errors')) === '[]', 'the end of the fault');
      await store('mode', 'Off');
      expect(states).to.deep.equal(['failed', 'initialising', 'running']);
      expect(system.manager.pids.get('user')).to.equal(before.get('user'));
      expect(system.manager.pids.get('psu')).to.not.equal(before.get('psu'));
    });

    it('has a process waiting to become the module whose own process ends, and leaves none behind', async () => {
      const made = await startSystem(
        { psu: { module: 'Supply', isolation: 'process', config_module: { limit: 700 } }, user: CONSUMER },
        { broker },
      );
      system = made;
      const { manager } = made;
      await made.started;
      await eventually(() => manager.sparePid !== undefined, 'the spare');
      const spare = manager.sparePid;
      process.kill(manager.pids.get('psu') ?? 0, 'SIGKILL');
      await eventually(() => manager.pids.get('psu') === spare, 'the spare in its place');
      await eventually(() => made.runtime.modules()[0]?.state === 'running', 'the restart');
      await store('voltage', 650);
      await eventually(async () => (await load('voltage')) === 650, 'the value');
      await eventually(() => manager.sparePid !== undefined, 'the next spare');
      const next = manager.sparePid ?? 0;
      await made.stop();
      await eventually(() => !isAlive(next), 'the end of the spare');
    });

    it('begins with the processes of its modules before the composition is checked, and ends them if it is refused', async () => {
      const refused = { psu: { module: 'Supply', isolation: 'process', config_module: { limit: 'high' } } };
      const { configuration } = readComposition(CompositionSource.of({ active_modules: refused }));
      const manager = new Manager({
        configuration,
        file: undefined,
        folder: PAIR,
        broker: await openSystemBroker(configuration.settings, PAIR),
        clock: systemClock,
        log: quietLog,
      });
      const waiting = manager.sparePid ?? 0;
      expect(isAlive(waiting)).to.equal(true);
      const refusal = await createRuntime({
        composition: { active_modules: refused },
        folder: PAIR,
        remote: manager,
      }).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(CompositionError);
      await manager.stop();
      await eventually(() => !isAlive(waiting), 'the end of the process');
      system = await startSystem({ psu: { module: 'Supply', isolation: 'process' } }, { broker });
      const begun = system.manager.sparePid ?? 0;
      await system.started;
      expect(system.manager.pids.get('psu')).to.equal(begun);
    });

    it('tells a broker that is started anew who is lost', async function () {
      // The embedded one lives and dies with the manager.
      if (kind.name === 'embedded broker') this.skip();
      system = await startSystem(
        { psu: { module: 'Supply', isolation: 'process', restart: { policy: 'never' } }, user: CONSUMER },
        { broker },
      );
      await system.started;
      process.kill(system.manager.pids.get('psu') ?? 0, 'SIGKILL');
      await eventually(() => system?.runtime.modules()[0]?.state === 'failed', 'the loss');
      const { port } = broker.address;
      await broker.stop();
      broker = await kind.start(port);
      await eventually(
        async () => (await retained(broker)).includes('everest/carabiner/lost/psu'),
        'word of the loss',
      );
    });

    it('ends everything in strict mode when a process ends', async () => {
      let fatal = '';
      system = await startSystem(
        { psu: { module: 'Supply', isolation: 'process' }, user: CONSUMER },
        { broker, strict: true, onFatal: (reason) => (fatal = reason) },
      );
      await system.started;
      process.kill(system.manager.pids.get('psu') ?? 0, 'SIGKILL');
      await eventually(() => fatal !== '', 'the end');
      expect(fatal).to.include('psu').and.to.include('SIGKILL');
      expect(system.manager.pids.get('psu')).to.equal(undefined);
    });

    it('leaves no process and no retained message behind', async () => {
      const made = await startSystem(
        { psu: { module: 'Supply', isolation: 'process' }, user: CONSUMER },
        { broker },
      );
      await made.started;
      const pid = made.manager.pids.get('psu') ?? 0;
      await made.stop();
      expect(() => process.kill(pid, 0)).to.throw('ESRCH');
      expect(await retained(broker)).to.deep.equal([]);
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Topics of retained messages. */
async function retained(broker: TestBroker): Promise<readonly string[]> {
  const { connectAsync } = await import('mqtt');
  const client = await connectAsync(`mqtt://127.0.0.1:${broker.address.port}`);
  const topics: string[] = [];
  client.on('message', (topic, _payload, packet) => {
    if (packet.retain && topic !== 'done') topics.push(topic);
  });
  await client.subscribeAsync('everest/#');
  await client.subscribeAsync('done');
  const done = new Promise<void>((resolve) => {
    client.on('message', (topic) => {
      if (topic === 'done') resolve();
    });
  });
  await client.publishAsync('done', 'x');
  await done;
  await client.endAsync();
  return topics;
}

BROKERS.forEach(describeManager);
