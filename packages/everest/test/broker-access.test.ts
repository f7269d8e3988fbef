// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { connectAsync, type MqttClient } from 'mqtt';
import { CompositionSource, readComposition } from '@carabiner/core';
import { diagnose, openSystem, openSystemBroker } from '@carabiner/everest';
import { freePort, tempDir, type TempDir } from '@carabiner/testkit';
import { mosquitto, type TestBroker } from './support/brokers.js';
import { makeCertificate } from './support/certificates.js';
import { eventually, PAIR, startSystem, type TestSystem } from './support/system.js';

const CONSUMER = {
  module: 'Consumer',
  connections: { psu: [{ module_id: 'psu', implementation_id: 'main' }] },
};
const CHILDREN = {
  psu: { module: 'Supply', isolation: 'process' },
  user: CONSUMER,
  reporter: { module: 'Reporter', isolation: 'process', telemetry: { id: 7 } },
};
const EVEREST = {
  telemetry_enabled: true,
  telemetry_prefix: 'site-telemetry',
  mqtt_external_prefix: 'site/',
};
const PASSWORDS = { manager: 'of the manager', reporter: 'of the reporter' };

describe('ways into the broker', function () {
  this.timeout(20_000);
  let folder: TempDir;
  const ends: (() => Promise<unknown>)[] = [];

  before(async function () {
    if (mosquitto.unavailable !== undefined) this.skip();
    folder = await tempDir('carabiner-broker-');
  });
  after(async () => {
    if (mosquitto.unavailable === undefined) await folder.remove();
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function broker(...lines: readonly string[]): Promise<TestBroker> {
    const made = await mosquitto.start(undefined, lines);
    ends.push(async () => made.stop());
    return made;
  }

  /** What the outside world hears, by topic. */
  async function outside({ address }: TestBroker, credentials: object = {}): Promise<Outside> {
    const client = await connectAsync(`mqtt://127.0.0.1:${String(address.port)}`, credentials);
    ends.push(async () => client.endAsync());
    const heard = new Map<string, string>();
    client.on('message', (topic, payload) => heard.set(topic, payload.toString()));
    await client.subscribeAsync(['site/#', 'site-telemetry/#']);
    return { client, heard };
  }

  async function start(
    modules: Readonly<Record<string, object>>,
    carabiner: object,
    settings: object = EVEREST,
  ): Promise<TestSystem> {
    const system = await startSystem(modules, {
      settings: { ...settings, carabiner: { log_level: 'silent', ...carabiner } },
    });
    ends.push(system.stop);
    await system.started;
    return system;
  }

  async function exchange({ runtime }: TestSystem, mode: string): Promise<void> {
    await runtime.call('user', 'main', 'store', { key: 'mode', value: mode });
    await eventually(
      async () => (await runtime.call('user', 'main', 'load', { key: 'mode' })) === mode,
      'the variable',
    );
  }

  /** The module `reporter` speaks with the outside world in both directions. */
  async function speaks({ runtime }: TestSystem, { client, heard }: Outside): Promise<void> {
    const store = async (key: string, value: unknown): Promise<unknown> =>
      await runtime.call('reporter', 'main', 'store', { key, value });
    await store('out', 'hello');
    await eventually(() => heard.get('site/out') === 'hello', 'the message to the outside world');
    await store('listen', 'in');
    await eventually(async () => {
      await client.publishAsync('site/in', 'hello back');
      return (await runtime.call('reporter', 'main', 'load', { key: 'in' })) === 'hello back';
    }, 'the message from the outside world');
  }

  async function tells({ runtime }: TestSystem, { heard }: Outside, voltage: number): Promise<void> {
    await runtime.call('reporter', 'main', 'store', { key: 'telemetry', value: voltage });
    await eventually(() => heard.has('site-telemetry/payload/7/livedata'), 'telemetry');
    const { timestamp, ...rest } = JSON.parse(heard.get('site-telemetry/payload/7/livedata') ?? '') as {
      readonly timestamp: string;
    };
    expect(timestamp).to.match(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    expect(rest).to.deep.equal({ connector_id: 7, type: 'livedata', ac_voltage: voltage });
    heard.clear();
  }

  it('TLS with client certificates lets in manager, children, and what they tell the outside world', async function () {
    const server = makeCertificate(folder.path, 'broker.example');
    const client = makeCertificate(folder.path, 'client.example');
    if (server === undefined || client === undefined) this.skip();
    const port = await freePort();
    const made = await broker(
      `listener ${String(port)} 127.0.0.1`,
      `certfile ${server.cert}`,
      `keyfile ${server.key}`,
      `cafile ${client.cert}`,
      'require_certificate true',
    );
    const world = await outside(made);
    const tls = { ca: server.cert, ...client, server_name: 'broker.example' };
    const system = await start(CHILDREN, { mqtt: { broker: { host: '127.0.0.1', port, tls } } });
    await exchange(system, 'Export');
    await speaks(system, world);
    await tells(system, world, 230.1);
  });

  it('a Unix socket lets in manager, children and guests, and what they tell the outside world', async () => {
    const socket = folder.join('broker.sock');
    const world = await outside(await broker(`listener 0 ${socket}`));
    const guest = folder.join('libexec/everest/modules/Guest');
    await mkdir(guest, { recursive: true });
    await cp(`${PAIR}manifests/Supply.yaml`, `${guest}/manifest.yaml`);
    await cp(fileURLToPath(new URL('../test/fixtures/guest.js', import.meta.url)), `${guest}/index.js`);
    const system = await start(
      { ...CHILDREN, psu: { module: 'Guest' }, user: { ...CONSUMER, isolation: 'process' } },
      { mqtt: { broker: { socket_path: socket } } },
      { ...EVEREST, prefix: folder.path },
    );
    await exchange(system, 'Export');
    await speaks(system, world);
  });

  it('passwords let in manager and children, each child with its own or with the common one, and no other', async () => {
    const file = folder.join('passwords');
    execFileSync('touch', [file]);
    for (const [user, password] of Object.entries(PASSWORDS))
      execFileSync('mosquitto_passwd', ['-b', file, user, password], { stdio: 'ignore' });
    const made = await broker('allow_anonymous false', `password_file ${file}`);
    const username = 'manager';
    const world = await outside(made, { username, password: PASSWORDS.manager });
    const { host, port } = made.address;
    const mqtt = { broker: { host, port, username, password_env: VARIABLE } };
    const variables = {
      // What would lead astray is not handed on.
      EV_MQTT_BROKER_SOCKET_PATH: '/nowhere',
      EV_VALIDATE_SCHEMA: '1',
      [VARIABLE]: PASSWORDS.manager,
      CARABINER_MQTT_PASSWORD_REPORTER: PASSWORDS.reporter,
    };
    await withVariables(variables, async () => {
      const system = await start(CHILDREN, { mqtt });
      await exchange(system, 'Export');
      await speaks(system, world);
      for (const [key, value] of Object.entries({
        CARABINER_MQTT_USERNAME: 'reporter',
        CARABINER_MQTT_PASSWORD: PASSWORDS.reporter,
        CARABINER_MQTT_PASSWORD_REPORTER: null,
        EV_VALIDATE_SCHEMA: null,
        [VARIABLE]: null,
      }))
        expect(await system.runtime.call('reporter', 'main', 'load', { key }), key).to.equal(value);
    });
    await withVariables({ [VARIABLE]: 'of a stranger' }, async () => {
      const settings = { carabiner: { mqtt } };
      const said = await refusal(settings);
      expect(said).to.include("user name 'manager' or its password is wrong").and.not.include('stranger');
      const [found] = await diagnose(await composition(settings));
      expect(found?.ok).to.equal(false);
      expect(found?.text).to.include("user name 'manager' or its password is wrong");
    });
    expect(await refusal({ carabiner: { mqtt: { broker: { host, port } } } })).to.include(
      'nobody without a user name',
    );
  });

  it('a broker whose certificate is not trusted is named with the reason', async function () {
    const server = makeCertificate(folder.path, 'untrusted.example');
    if (server === undefined) this.skip();
    const port = await freePort();
    await broker(`listener ${String(port)} 127.0.0.1`, `certfile ${server.cert}`, `keyfile ${server.key}`);
    const at = { host: '127.0.0.1', port };
    const refused = async (tls: object): Promise<string> =>
      await refusal({ carabiner: { mqtt: { broker: { ...at, tls } } } });
    expect(await refused({})).to.match(/self-signed certificate/);
    expect(await refused({ ca: server.cert })).to.match(/does not match certificate/);
  });

  it('the broker of MQTT_SERVER_ADDRESS takes the place of that in the settings, for everybody', async () => {
    const made = await broker();
    const world = await outside(made);
    const modules = {
      ...CHILDREN,
      user: { ...CONSUMER, isolation: 'process' },
      inline: { ...CHILDREN.reporter, isolation: 'inline' },
    };
    const variables = {
      MQTT_SERVER_ADDRESS: '127.0.0.1',
      MQTT_SERVER_PORT: String(made.address.port),
    };
    await withVariables(variables, async () => {
      const settings = { ...EVEREST, mqtt_broker_host: 'broker.invalid', mqtt_broker_port: 1 };
      const { configuration } = readComposition(CompositionSource.of({ settings, active_modules: {} }));
      expect((await openSystemBroker(configuration.settings, PAIR)).address).to.deep.equal(made.address);
      const system = await start(modules, {}, settings);
      await exchange(system, 'Export');
      await speaks(system, world);
      world.heard.clear();
      await system.runtime.call('inline', 'main', 'store', { key: 'out', value: 'hello' });
      await eventually(() => world.heard.get('site/out') === 'hello', 'word of the module in this process');
    });
  });

  it('the broker of the outside world may be another one, for children as well', async () => {
    const [inside, beyond] = [await broker(), await broker()];
    const world = await outside(beyond);
    const url = `mqtt://127.0.0.1:${String(beyond.address.port)}`;
    // One client id for all would have the broker throw out one after the other.
    const external_mqtt = { url, client_id: 'station', will: { topic: 'gone', payload: 'x' } };
    const { host, port } = inside.address;
    const system = await start(
      { reporter: CHILDREN.reporter, second: { ...CHILDREN.reporter, telemetry: { id: 8 } } },
      { mqtt: { broker: { host, port } }, external_mqtt },
    );
    await speaks(system, world);
    await tells(system, world, 231);
    process.kill(system.manager.pids.get('second') ?? 0, 'SIGKILL');
    await speaks(system, world);
    expect([...world.heard.keys()]).to.not.include('site/gone');
  });

  async function composition(settings: object): Promise<string> {
    const file = folder.join('composition.yaml');
    await writeFile(file, JSON.stringify({ settings, active_modules: CHILDREN }));
    return file;
  }

  /** What is logged by a manager that does not get into the broker. */
  async function refusal(settings: object): Promise<string> {
    const file = await composition(settings);
    let text = '';
    const destination = new Writable({
      write: (chunk: unknown, _encoding, done) => {
        text += String(chunk);
        done();
      },
    });
    const log = { level: 'debug', format: 'json', destination } as const;
    const system = await openSystem({ file, folder: PAIR, log });
    if (system === undefined) throw new Error('one process only');
    await eventually(() => text.includes('no connection to the broker; trying again'), 'the refusal');
    await system.close();
    return text;
  }
});

const VARIABLE = 'TEST_MQTT_PASSWORD';

/** The other end of external MQTT. */
interface Outside {
  readonly client: MqttClient;
  readonly heard: Map<string, string>;
}

async function withVariables(
  variables: Readonly<Record<string, string>>,
  work: () => Promise<void>,
): Promise<void> {
  Object.assign(process.env, variables);
  try {
    await work();
  } finally {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
  }
}
