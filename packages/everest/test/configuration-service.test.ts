// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { systemClock } from '@carabiner/clock';
import { connectAsync, type MqttClient } from 'mqtt';
import { asked } from './support/asked.js';
import { embedded, type TestBroker } from './support/brokers.js';
import { eventually, PAIR, startSystem, type TestSystem } from './support/system.js';

const RIGHTS = { allow_global_read: true, allow_global_write: true };
const MODULES = {
  child: { module: 'Supply', isolation: 'process', mapping: { module: { evse: 1, connector: 2 } } },
  inline: { module: 'Supply', mapping: { module: { evse: 1 }, implementations: { main: { evse: 2 } } } },
  foreign: {
    module: 'Supply',
    standalone: true,
    access: { config: { ...RIGHTS, allow_set_read_only: true } },
  },
  admin: { module: 'Consumer', access: { config: { ...RIGHTS, allow_set_read_only: true } } },
  user: { module: 'Consumer', access: { config: RIGHTS } },
};
const CONSUMERS = ['admin', 'user'] as const;
const connections = (target: string) => ({ psu: [{ module_id: target, implementation_id: 'main' }] });

describe('configuration service of the manager', function () {
  this.timeout(20_000);
  let broker: TestBroker;
  let client: MqttClient;
  let system: TestSystem;

  const send = async (topic: string, msg_type: string, data: unknown): Promise<void> => {
    await client.publishAsync(`everest/${topic}`, JSON.stringify({ msg_type, data }), { qos: 2 });
  };
  const identifier = (module_id: string, configuration_parameter_name: string): object => ({
    module_id,
    configuration_parameter_name,
  });
  const set = async (origin: string, module: string, parameter: string, value: string): Promise<object> =>
    await asked(client, origin, {
      type: 'Set',
      request: { identifier: identifier(module, parameter), value },
    });
  const get = async (origin: string, request: object): Promise<unknown> => {
    const { response } = (await asked(client, origin, { type: 'Get', request })) as {
      response: { data: unknown };
    };
    return response.data;
  };
  const valueOf = async (origin: string, module: string, parameter: string): Promise<unknown> => {
    const request = { type: 'Value', identifier: identifier(module, parameter) };
    return ((await get(origin, request)) as { value: unknown }).value;
  };
  /** What an owner that starts now is told. */
  const told = async (module: string, parameter: string): Promise<unknown> => {
    const { module_config } = (await get(module, { type: 'Module' })) as {
      module_config: { configuration_parameters: Record<string, { name: string; value: unknown }[]> };
    };
    return module_config.configuration_parameters['!module']?.find(({ name }) => name === parameter)?.value;
  };
  const answer = (status: string, info: string, outer = 'Ok', outerInfo = info): object => ({
    status: outer,
    status_info: outerInfo,
    type: 'Set',
    response: { status, status_info: info },
  });

  async function start(): Promise<void> {
    const consumers = Object.fromEntries(
      CONSUMERS.map((id) => [id, { ...MODULES[id], connections: connections('child') }]),
    );
    system = await startSystem({ ...MODULES, ...consumers }, { broker });
    await eventually(
      () => system.runtime.modules().find(({ id }) => id === 'child')?.state === 'initialised',
      'the child',
    );
  }
  async function run(): Promise<void> {
    await start();
    await send('modules/foreign/ready', 'ModuleReady', true);
    await system.started;
  }

  beforeEach(async () => {
    broker = await embedded.start();
    client = await connectAsync(`mqtt://127.0.0.1:${String(broker.address.port)}`);
  });
  afterEach(async () => {
    await send('modules/foreign/ready', 'ModuleReady', true);
    await system.stop();
    await client.endAsync();
    await broker.stop();
  });

  it('stores what is read-only for the owner and for who may, whatever process it is in', async () => {
    await run();
    for (const [origin, module] of [
      ['child', 'child'],
      ['admin', 'child'],
      ['inline', 'inline'],
      ['admin', 'inline'],
      ['foreign', 'inline'],
    ] as const) {
      const given = await set(origin, module, 'serial', `by ${origin}`);
      expect(given, `${origin} at ${module}`).to.deep.nested.include({
        status: 'Ok',
        type: 'Set',
        'response.status': 'RebootRequired',
      });
      // Kept apart until the owner starts again.
      expect(await valueOf(origin, module, 'serial')).to.equal('none');
    }
    expect(await set('child', 'child', 'serial', 'A-17')).to.deep.equal(answer('RebootRequired', ''));
    expect(system.runtime.slots.get('inline')?.entry.configModule).to.include({ serial: 'by foreign' });
    for (const module of ['child', 'inline'])
      expect(await set('user', module, 'serial', 'x')).to.deep.equal(
        answer('Rejected', "'serial' is ReadOnly"),
      );
  });

  it('answers with values that count now, and tells an owner that starts again what was stored', async () => {
    await run();
    expect(await set('child', 'child', 'limit', '800')).to.deep.equal(answer('Accepted', ''));
    expect(await valueOf('child', 'child', 'limit')).to.equal(800);
    expect(await set('child', 'child', 'limit', '1500')).to.deep.equal(answer('RebootRequired', 'too much'));
    expect(await set('child', 'child', 'serial', 'A-17')).to.deep.equal(answer('RebootRequired', ''));
    expect(await valueOf('child', 'child', 'limit')).to.equal(800);
    const all = (await get('child', { type: 'All' })) as Record<string, Record<string, unknown[]>>;
    expect(all['child']?.['!module']).to.deep.include({
      name: 'limit',
      value: 800,
      characteristics: { datatype: 'number', mutability: 'ReadWrite' },
    });
    process.kill(system.manager.pids.get('child')!, 'SIGKILL');
    await eventually(
      async () => (await valueOf('child', 'child', 'limit')) === 1500,
      'the value of the next life',
    );
    expect(await valueOf('child', 'child', 'serial')).to.equal('A-17');
    expect(await told('child', 'limit')).to.equal(1500);
  });

  it('hears at once of an owner that fails, and has words for one that refuses without any', async () => {
    await run();
    let response: object = {};
    client.on('message', (topic) => {
      if (topic === 'everest/modules/foreign/config/set_request')
        void send('modules/foreign/config/set_response', 'ConfigurationResponse', response);
    });
    await client.subscribeAsync('everest/modules/foreign/config/set_request', { qos: 2 });
    const ask = async (given: object): Promise<object> => {
      response = given;
      return await set('foreign', 'foreign', 'limit', '77');
    };
    const startMs = systemClock.monotonic();
    expect(await ask({ status: 'Error', status_info: 'cannot', response: null })).to.deep.equal(
      answer('RebootRequired', 'cannot'),
    );
    expect(systemClock.monotonic() - startMs).to.be.lessThan(4_000);
    const refused = answer('RebootRequired', 'Runtime change rejected by module');
    expect(await ask(answer('Rejected', ''))).to.deep.equal(refused);
    expect(await ask(answer('RebootRequired', ''))).to.deep.equal(answer('RebootRequired', ''));
    expect(await valueOf('foreign', 'foreign', 'limit')).to.equal(500);
    expect(await ask(answer('Accepted', ''))).to.deep.equal(answer('Accepted', ''));
    expect(await valueOf('foreign', 'foreign', 'limit')).to.equal(77);
  });

  it('answers what cannot be set in the words of EVerest', async () => {
    await run();
    expect(await set('child', 'child', 'nope', '20')).to.deep.equal(
      answer(
        'Rejected',
        'Unknown parameter: nope in module: child',
        'Error',
        'Config parameter nope not found in module child',
      ),
    );
    const denied = 'Access to config item denied: inline cannot access child';
    expect(await set('inline', 'child', 'limit', '10')).to.deep.equal(
      answer('Rejected', '', 'AccessDenied', denied),
    );
  });

  it('sets nothing while modules start or stop', async () => {
    await start();
    const refused = answer('Rejected', 'modules are starting or stopping: set it while they run');
    expect(await set('inline', 'inline', 'limit', '600')).to.deep.equal(refused);
    expect(await set('foreign', 'foreign', 'limit', '600')).to.deep.equal(refused);
    expect(await told('foreign', 'limit')).to.equal(500);
    await send('modules/foreign/ready', 'ModuleReady', true);
    await system.started;
    expect(await set('inline', 'inline', 'limit', '600')).to.deep.nested.include({
      'response.status': 'Accepted',
    });
    const { Supply } = (await import(`${PAIR}index.js`)) as { Supply: { ending: Promise<unknown> } };
    let goOn: (value?: unknown) => void = () => undefined;
    Supply.ending = new Promise((resolve) => (goOn = resolve));
    const stopped = system.stop();
    await eventually(() => system.runtime.state === 'stopping', 'the stop');
    expect(await set('child', 'child', 'limit', '600')).to.deep.equal(refused);
    goOn();
    await stopped;
  });

  it('tells nobody but the owner what is write-only, and shows what the reader may set as such', async () => {
    await run();
    const characteristics = (mutability: string): object => ({ datatype: 'string', mutability });
    const hidden = { name: 'pin', value: null, characteristics: characteristics('WriteOnly') };
    const shown = { ...hidden, value: '0000' };
    const serial = (mutability: string): object => ({
      name: 'serial',
      value: 'none',
      characteristics: characteristics(mutability),
    });
    for (const module of ['child', 'inline']) {
      const pin = { type: 'Value', identifier: identifier(module, 'pin') };
      expect(await get('admin', pin)).to.deep.equal(hidden);
      expect(await get(module, pin)).to.deep.equal(shown);
      for (const [origin, expected] of [
        ['admin', [hidden, serial('ReadWrite')]],
        ['user', [hidden, serial('ReadOnly')]],
        [module, [shown, serial('ReadOnly')]],
      ] as const) {
        const all = (await get(origin, { type: 'All' })) as Record<string, Record<string, unknown[]>>;
        expect(all[module]?.['!module'], `${module} by ${origin}`).to.deep.include.members([...expected]);
      }
    }
    expect(await told('child', 'pin')).to.equal('0000');
  });

  it('names implementations of a mapping only where there are some', async () => {
    await run();
    expect(await get('admin', { type: 'AllMappings' })).to.deep.equal({
      child: { module: { evse: 1, connector: 2 } },
      inline: { module: { evse: 1 }, implementations: { main: { evse: 2 } } },
      foreign: null,
      admin: null,
      user: null,
    });
  });
});
