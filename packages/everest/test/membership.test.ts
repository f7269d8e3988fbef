// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { connectAsync } from 'mqtt';
import { createRuntime, type ModuleClass, type ModuleClasses, type Runtime } from '@carabiner/core';
import { openSystem, readModuleSettings, runModule } from '@carabiner/everest';
import { tempDir } from '@carabiner/testkit';
import { asked } from './support/asked.js';
import { embedded, mosquitto, type TestBroker } from './support/brokers.js';
import { eventually, PAIR, startSystem, type TestSystem } from './support/system.js';

const CONSUMER = {
  module: 'Consumer',
  connections: { psu: [{ module_id: 'psu', implementation_id: 'main' }] },
};
const STANDALONE = { psu: { module: 'Supply', standalone: true }, user: CONSUMER };

/** A standalone module in this process. */
interface Member {
  readonly runtime: () => Runtime | undefined;
  readonly stop: () => Promise<number>;
}

describe('members of a system', function () {
  this.timeout(20_000);
  let broker: TestBroker;
  let classes: ModuleClasses;
  const ends: (() => Promise<unknown>)[] = [];

  before(async () => {
    classes = (await import(pathToFileURL(`${PAIR}index.js`).href)) as Record<string, ModuleClass>;
  });
  beforeEach(async () => {
    broker = await embedded.start();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await broker.stop();
  });

  function join(moduleId: string, port = broker.address.port): Member {
    const end = new AbortController();
    let running: Runtime | undefined;
    const ended = runModule({
      settings: readModuleSettings({ moduleId, brokerPort: String(port), brokerHost: '127.0.0.1' }, {}),
      modules: classes,
      log: { level: 'silent' },
      signal: end.signal,
      onRunning: (runtime) => {
        running = runtime;
      },
    });
    const stop = async (): Promise<number> => {
      end.abort();
      return await ended;
    };
    ends.push(stop);
    return { runtime: () => running, stop };
  }

  async function manage(modules: Readonly<Record<string, object>>): Promise<TestSystem> {
    const system = await startSystem(modules, { broker });
    ends.push(system.stop);
    return system;
  }

  async function exchange({ runtime }: TestSystem, mode: string): Promise<void> {
    await runtime.call('user', 'main', 'store', { key: 'mode', value: mode });
    await eventually(
      async () => (await runtime.call('user', 'main', 'load', { key: 'mode' })) === mode,
      'the variable',
    );
  }

  it('comes to ready when it starts before the manager', async () => {
    join('psu');
    const system = await manage(STANDALONE);
    await system.started;
    await exchange(system, 'Export');
  });

  it('comes to ready when it starts after the manager, which waits for it', async () => {
    const system = await manage(STANDALONE);
    await eventually(() => system.runtime.state === 'starting', 'the start');
    join('psu');
    await system.started;
    await exchange(system, 'Export');
  });

  it('comes to ready again when it was restarted while the others run', async () => {
    const first = join('psu');
    const system = await manage(STANDALONE);
    await system.started;
    const errors = async (): Promise<string> =>
      JSON.stringify(await system.runtime.call('user', 'main', 'load', { key: 'errors' }));
    await first.stop();
    await eventually(async () => (await errors()).includes('module-lost'), 'the fault');
    expect(system.runtime.modules()[0]?.state).to.equal('failed');
    const second = join('psu');
    await eventually(() => second.runtime() !== undefined, 'the second life');
    await eventually(async () => (await errors()) === '[]', 'the end of the fault');
    await exchange(system, 'Off');
  });

  it('comes to ready with each new manager, and with its new configuration', async () => {
    const member = join('psu');
    const first = await manage(STANDALONE);
    await first.started;
    // As if it had crashed: nobody is told to shut down.
    await first.manager.abandon();
    const second = await manage({
      psu: { module: 'Supply', standalone: true, config_module: { limit: 700 } },
      user: CONSUMER,
    });
    await second.started;
    await exchange(second, 'Export');
    await second.runtime.call('user', 'main', 'store', { key: 'voltage', value: 650 });
    expect(member.runtime()?.state).to.equal('running');
  });

  it('fails calls, raises a fault and heals when the broker goes and comes back', async () => {
    join('psu');
    const system = await manage(STANDALONE);
    await system.started;
    const errors = async (): Promise<string> =>
      JSON.stringify(await system.runtime.call('user', 'main', 'load', { key: 'errors' }));
    const { port } = broker.address;
    const hanging = system.runtime.call('user', 'main', 'store', { key: 'voltage', value: 0 }).then(
      () => 'answered',
      (error: unknown) => String(error),
    );
    await broker.stop();
    expect(await hanging).to.match(/NotReady/);
    await eventually(async () => (await errors()).includes('broker-lost'), 'the fault');
    broker = await embedded.start(port);
    await eventually(async () => (await errors()) === '[]', 'the end of the fault');
    await eventually(async () => {
      try {
        await exchange(system, 'Export');
        return true;
      } catch {
        return false;
      }
    }, 'a command');
  });

  it('hands values that are set at run time to their owner, and remembers them', async () => {
    const owner = join('psu');
    const system = await manage(STANDALONE);
    await system.started;
    const client = await connectAsync(`mqtt://127.0.0.1:${String(broker.address.port)}`);
    ends.push(async () => client.endAsync());
    const ask = async (request: object): Promise<Record<string, unknown>> =>
      await asked(client, 'psu', request);
    const identifier = { module_id: 'psu', configuration_parameter_name: 'limit' };
    expect(await ask({ type: 'Set', request: { identifier, value: '800' } })).to.deep.include({
      status: 'Ok',
      response: { status: 'Accepted', status_info: '' },
    });
    await system.runtime.call('user', 'main', 'store', { key: 'voltage', value: 750 });
    expect(await ask({ type: 'Set', request: { identifier, value: '2000' } })).to.deep.include({
      response: { status: 'RebootRequired', status_info: 'too much' },
    });
    expect(await ask({ type: 'Set', request: { identifier, value: 'high' } })).to.deep.nested.include({
      'response.status': 'Rejected',
    });
    const foreign = { module_id: 'user', configuration_parameter_name: 'x' };
    expect(await ask({ type: 'Set', request: { identifier: foreign, value: 'x' } })).to.deep.include({
      status: 'AccessDenied',
    });
    expect(await ask({ type: 'Get', request: { type: 'Value', identifier } })).to.deep.nested.include({
      'response.data.value': 800,
    });
    expect(await ask({ type: 'Get', request: { type: 'AllMappings' } })).to.deep.nested.include({
      'response.data': { psu: null },
    });
    await owner.stop();
    await eventually(() => system.runtime.modules()[0]?.state === 'failed', 'the end of the owner');
    expect(await ask({ type: 'Set', request: { identifier, value: '900' } })).to.deep.include({
      status: 'Ok',
      response: { status: 'RebootRequired', status_info: 'module psu does not run' },
    });
  });

  for (const standalone of [false, true])
    it(`refuses commands of modules that are not connected, and what nobody can understand${standalone ? ', in a process of its own' : ''}`, async () => {
      if (standalone) join('psu');
      const system = await manage(
        standalone ? STANDALONE : { psu: { module: 'Supply' }, user: { ...CONSUMER, isolation: 'process' } },
      );
      await system.started;
      const client = await connectAsync(`mqtt://127.0.0.1:${String(broker.address.port)}`);
      ends.push(async () => client.endAsync());
      const topic = 'everest/modules/psu/impl/main/cmd/setMode';
      const answers: string[] = [];
      client.on('message', (from) => void answers.push(from));
      await client.subscribeAsync('everest/modules/psu/impl/main/cmd/+/response/+', { qos: 2 });
      const send = async (payload: string): Promise<void> => {
        await client.publishAsync(topic, payload, { qos: 2 });
      };
      for (const payload of [
        '',
        '[',
        '{}',
        '{"msg_type":"Nope","data":{}}',
        '[1]',
        'null',
        '"x"',
        '{"msg_type":"Cmd"}',
      ])
        await send(payload);
      await send('['.repeat(100_000));
      await send(
        JSON.stringify({
          msg_type: 'Cmd',
          data: { id: '1', origin: 'stranger', args: { mode: 'Export', phase: 'Charging' } },
        }),
      );
      await send(JSON.stringify({ msg_type: 'Cmd', data: { id: '2', origin: '+', args: {} } }));
      await send(
        JSON.stringify({
          msg_type: 'Cmd',
          data: { id: '3', origin: 'user', args: { mode: 'Backwards', phase: 'Charging' } },
        }),
      );
      await eventually(() => answers.length > 0, 'an answer');
      expect(answers).to.deep.equal([`${topic}/response/user`]);
      await exchange(system, 'Off');
    });

  for (const standalone of [false, true])
    it(`serves commands with more arguments than are declared, and answers those whose arguments are wrong${standalone ? ', in a process of its own' : ''}`, async () => {
      if (standalone) join('psu');
      const system = await manage(
        standalone ? STANDALONE : { psu: { module: 'Supply' }, user: { ...CONSUMER, isolation: 'process' } },
      );
      await system.started;
      const client = await connectAsync(`mqtt://127.0.0.1:${String(broker.address.port)}`);
      ends.push(async () => client.endAsync());
      const topic = 'everest/modules/psu/impl/main/cmd/setMode';
      const answers: Record<string, unknown>[] = [];
      client.on('message', (_from, payload) => {
        const { data } = JSON.parse(payload.toString()) as { data: { data: Record<string, unknown> } };
        answers.push(data.data);
      });
      await client.subscribeAsync(`${topic}/response/user`, { qos: 2 });
      const call = async (args: unknown): Promise<unknown> => {
        const id = crypto.randomUUID();
        const data = { id, origin: 'user', args };
        await client.publishAsync(topic, JSON.stringify({ msg_type: 'Cmd', data }), { qos: 2 });
        await eventually(() => answers.some((answer) => answer['id'] === id), 'the answer');
        const { error, retval } = answers.find((answer) => answer['id'] === id) ?? {};
        return error === undefined ? retval : (error as Record<string, unknown>)['__everest__error_type'];
      };
      const args = { mode: 'Export', phase: 'Charging' };
      expect(await call({ ...args, more: 1, constructor: {} })).to.equal(null);
      expect(await call({ mode: 'Export', more: 1 })).to.equal('SchemaValidationError');
      expect(await call({ ...args, mode: 5 })).to.equal('SchemaValidationError');
      for (const wrong of [['Export', 'Charging'], 5, 'Export', true])
        expect(await call(wrong), JSON.stringify(wrong)).to.equal('MessageParsingError');
    });

  it('starts modules of EVerest from a folder of modules, and has them take part', async () => {
    const folder = await tempDir('carabiner-guests-');
    ends.push(async () => folder.remove());
    const guest = folder.join('libexec/everest/modules/Guest');
    await mkdir(guest, { recursive: true });
    await cp(`${PAIR}manifests/Supply.yaml`, `${guest}/manifest.yaml`);
    await cp(fileURLToPath(new URL('../test/fixtures/guest.js', import.meta.url)), `${guest}/index.js`);
    const system = await startSystem(
      { psu: { module: 'Guest', config_module: { limit: 123 } }, user: CONSUMER },
      { broker, settings: { prefix: folder.path } },
    );
    ends.push(system.stop);
    await system.started;
    await exchange(system, 'Export');
    await eventually(
      async () => (await system.runtime.call('user', 'main', 'load', { key: 'voltage' })) === 123,
      'the value of its configuration',
    );
    const faults = async (): Promise<string> =>
      JSON.stringify(await system.runtime.call('user', 'main', 'load', { key: 'errors' }));
    process.kill(system.manager.pids.get('psu')!, 'SIGKILL');
    const lost = '["power_supply_DC/CommunicationFault module-lost"]';
    await eventually(async () => (await faults()) === lost, 'word of its loss at its consumer');
    await eventually(async () => (await faults()) === '[]', 'the end of the fault');
    await exchange(system, 'Off');
  });

  it('says that a module of EVerest needs another broker than the embedded one', async () => {
    const folder = await tempDir('carabiner-guests-');
    ends.push(async () => folder.remove());
    const guest = folder.join('libexec/everest/modules/Cpp');
    await mkdir(guest, { recursive: true });
    await cp(`${PAIR}manifests/Supply.yaml`, `${guest}/manifest.yaml`);
    await writeFile(`${guest}/Cpp`, '\x7fELF', { mode: 0o755 });
    const refusal = async (settings: object): Promise<string> => {
      try {
        const modules = { psu: { module: 'Cpp' }, user: CONSUMER };
        await startSystem(modules, { settings: { prefix: folder.path, ...settings } });
        return '';
      } catch (error) {
        return String(error);
      }
    };
    expect(await refusal({}))
      .to.include('MQTT 5')
      .and.to.include('settings.carabiner.mqtt.broker');
    const tls = { carabiner: { mqtt: { broker: { host: '127.0.0.1', tls: {} } } } };
    expect(await refusal(tls)).to.include("module 'psu' (Cpp) knows no TLS");
  });

  it('runs one composition on two hosts, whichever starts first, and heals the loss of one', async function () {
    if (mosquitto.unavailable !== undefined) this.skip();
    const server = await mosquitto.start();
    ends.push(async () => server.stop());
    const composition = {
      settings: { carabiner: { mqtt: { broker: { host: '127.0.0.1', port: server.address.port } } } },
      active_modules: { psu: { module: 'Supply', host: 'cabinet' }, user: CONSUMER },
    };
    const host = async (name: string | undefined): Promise<Runtime> => {
      const system = await openSystem({
        composition,
        folder: PAIR,
        log: { level: 'silent' },
        ...(name === undefined ? {} : { host: name }),
      });
      if (system === undefined) throw new Error('one process only');
      const runtime = await createRuntime({
        composition,
        folder: PAIR,
        log: system.log,
        remote: system.remote,
      });
      system.attach(runtime);
      ends.push(async () => runtime.stop());
      return runtime;
    };
    const main = await host(undefined);
    const started = main.start();
    const cabinet = await host('cabinet');
    await Promise.all([started, cabinet.start()]);
    const errors = async (): Promise<string> =>
      JSON.stringify(await main.call('user', 'main', 'load', { key: 'errors' }));
    await main.call('user', 'main', 'store', { key: 'mode', value: 'Export' });
    const client = await connectAsync(`mqtt://127.0.0.1:${String(server.address.port)}`);
    ends.push(async () => client.endAsync());
    // What the broker says when the host's connection breaks.
    await client.publishAsync('everest/carabiner/lost/cabinet', '["psu"]', { qos: 2, retain: true });
    await eventually(async () => (await errors()).includes('module-lost'), 'the fault');
    expect(main.modules()[0]?.state).to.equal('failed');
    await cabinet.stop();
    const again = await host('cabinet');
    await again.start();
    await eventually(async () => (await errors()) === '[]', 'the end of the fault');
    await main.call('user', 'main', 'store', { key: 'mode', value: 'Off' });
    expect(main.modules()[0]?.state).to.equal('running');
    // What a host says of a process of its own.
    await client.publishAsync('everest/carabiner/lost/psu', '["psu"]', { qos: 2, retain: true });
    await eventually(() => main.modules()[0]?.state === 'failed', 'the loss of a process of the host');
    await client.publishAsync('everest/modules/psu/ready', '{"msg_type":"ModuleReady","data":true}', {
      qos: 2,
    });
    await eventually(async () => (await errors()) === '[]', 'the end of the fault');
    expect(main.modules()[0]?.state).to.equal('running');
  });
});
