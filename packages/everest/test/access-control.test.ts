// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { createRuntime } from '@carabiner/core';
import { connectAsync, type MqttClient } from 'mqtt';
import {
  AccessControlError,
  brokerAccessList,
  makePasswords,
  openSystem,
  passwordVariable,
  writePasswords,
  type AccessList,
} from '@carabiner/everest';
import { freePort, tempDir, type TempDir } from '@carabiner/testkit';
import { mosquitto } from './support/brokers.js';
import { eventually, PAIR } from './support/system.js';

const COMPOSITION = {
  settings: {
    carabiner: {
      mqtt: {
        broker: { host: '127.0.0.1', username: 'manager', password_env: 'CARABINER_MQTT_PASSWORD' },
      },
    },
  },
  active_modules: {
    psu: { module: 'Supply', isolation: 'process' },
    other: { module: 'OldSupply', standalone: true },
    user: {
      module: 'Consumer',
      isolation: 'process',
      connections: { psu: [{ module_id: 'psu', implementation_id: 'main' }] },
    },
    far: { module: 'Supply', host: 'cabinet' },
  },
};

describe('access control', function () {
  this.timeout(20_000);
  let folder: TempDir;
  const accessList = async (
    composition: object = COMPOSITION,
    external?: Readonly<Record<string, readonly string[]>>,
  ): Promise<AccessList> => {
    const file = folder.join('charger.yaml');
    await writeFile(file, JSON.stringify(composition));
    return brokerAccessList({ file, ...(external === undefined ? {} : { external }) });
  };
  /** `access filter` of every rule of a user. */
  const rulesOf = ({ users }: AccessList, name: string): readonly string[] =>
    users.find((user) => user.name === name)?.rules.map(({ access, filter }) => `${access} ${filter}`) ?? [];

  beforeEach(async () => {
    folder = await tempDir('carabiner-acl-');
    await mkdir(folder.join('node_modules'));
    await symlink(PAIR, folder.join('node_modules/pair'));
  });
  afterEach(async () => {
    await folder.remove();
  });

  it('makes a user of each process, the manager the first', async () => {
    const { users, warnings } = await accessList();
    expect(users.map(({ name, kind, modules }) => [name, kind, modules])).to.deep.equal([
      ['manager', 'manager', []],
      ['psu', 'child', ['psu']],
      ['user', 'child', ['user']],
      ['other', 'standalone', ['other']],
      ['cabinet', 'host', ['far']],
    ]);
    expect(warnings).to.deep.equal([]);
  });

  it('allows a provider its variables, errors and results, and nobody else of its callers', async () => {
    const list = await accessList();
    const rules = rulesOf(list, 'psu').filter((rule) => rule.includes('/impl/'));
    const base = 'everest/modules/psu/impl/main';
    expect(rules.filter((rule) => rule.startsWith('read '))).to.deep.equal(
      ['setExportVoltageCurrent', 'setImportVoltageCurrent', 'setMode'].map(
        (command) => `read ${base}/cmd/${command}`,
      ),
    );
    expect(rules).to.include.members([
      `write ${base}/cmd/setMode/response/user`,
      `write ${base}/cmd/setMode/response/carabiner`,
      `write ${base}/var/voltage_current`,
      `write ${base}/error/power_supply_DC/HardwareFault`,
    ]);
    expect(rules.filter((rule) => /[+#]|response\/(other|far|psu)/.test(rule))).to.deep.equal([]);
  });

  it('allows a consumer what it is connected to', async () => {
    const rules = rulesOf(await accessList(), 'user');
    const base = 'everest/modules/psu/impl/main';
    expect(rules).to.include.members([
      `write ${base}/cmd/setMode`,
      `read ${base}/cmd/setMode/response/user`,
      `read ${base}/var/mode`,
      `read ${base}/error/power_supply_DC/VendorError`,
    ]);
    expect(
      rules.filter((rule) => rule.includes('/modules/other/') || rule.includes('/modules/far/')),
    ).to.deep.equal([]);
    expect(rules.filter((rule) => /^(write|readwrite) .*\/psu\/.*\/(var|error)\//.test(rule))).to.deep.equal(
      [],
    );
  });

  it('follows the prefixes of the settings', async () => {
    const list = await accessList({
      ...COMPOSITION,
      settings: { ...COMPOSITION.settings, mqtt_everest_prefix: 'station' },
    });
    for (const { rules } of list.users) for (const { filter } of rules) expect(filter).to.match(/^station\//);
  });

  it('refuses what it cannot know, and names that mean two processes', async () => {
    const failure = async (modules: object): Promise<unknown> =>
      await accessList({ ...COMPOSITION, active_modules: modules }).catch((error: unknown) => error);
    const unknown = await failure({ x: { module: 'Nothing' } });
    expect(unknown).to.be.instanceOf(AccessControlError);
    expect((unknown as Error).message).to.include('x (Nothing)');
    const twice = await failure({ manager: { module: 'Supply', isolation: 'process' } });
    expect((twice as Error).message).to.include("'manager'");
    const external = await accessList(COMPOSITION, { nobody: ['a/#'] }).catch((error: unknown) => error);
    expect((external as Error).message).to.include("'nobody'");
  });

  it('writes passwords once, for their owner only', async () => {
    const { users, managerVariable } = await accessList();
    const files = makePasswords(users, managerVariable);
    const secrets = folder.join('secrets');
    writePasswords(secrets, files);
    expect([...files.keys()]).to.have.members([
      'mosquitto.passwords',
      'manager.env',
      'cabinet.env',
      'other.env',
    ]);
    for (const name of files.keys())
      expect((await stat(folder.join('secrets', name))).mode & 0o777, name).to.equal(0o600);
    const manager = await readFile(folder.join('secrets/manager.env'), 'utf8');
    expect(manager.split('\n').map((line) => line.split('=')[0])).to.deep.equal([
      'CARABINER_MQTT_PASSWORD',
      'CARABINER_MQTT_PASSWORD_PSU',
      'CARABINER_MQTT_PASSWORD_USER',
      '',
    ]);
    expect(() => writePasswords(secrets, files)).to.throw(AccessControlError, 'there already');
  });

  describe('at Mosquitto', () => {
    let stop: () => Promise<void>;
    let connect: (user: string) => Promise<MqttClient>;
    let port: number;
    let environment: Readonly<Record<string, string>>;
    const clients: MqttClient[] = [];

    beforeEach(async function () {
      if (mosquitto.unavailable !== undefined) this.skip();
      const { text, users, managerVariable } = await accessList();
      const files = makePasswords(users, managerVariable);
      await writeFile(folder.join('acl'), text, { mode: 0o644 });
      await writeFile(folder.join('passwords'), files.get('mosquitto.passwords') ?? '');
      port = await freePort();
      await writeFile(
        folder.join('mosquitto.conf'),
        `listener ${port} 127.0.0.1\nallow_anonymous false\nuser root\nset_tcp_nodelay true\n` +
          `acl_file ${folder.join('acl')}\npassword_file ${folder.join('passwords')}\n`,
      );
      const child = spawn('mosquitto', ['-v', '-c', folder.join('mosquitto.conf')], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await new Promise<void>((resolve, reject) => {
        child.once('exit', (code) => reject(new Error(`mosquitto ended with ${String(code)}`)));
        child.stderr.on('data', (output: Buffer) => {
          if (output.includes('running')) resolve();
        });
      });
      stop = async () => {
        for (const client of clients.splice(0)) await client.endAsync(true);
        child.removeAllListeners('exit');
        await new Promise<void>((resolve) => {
          child.once('exit', () => resolve());
          child.kill('SIGKILL');
        });
      };
      const variables = Object.fromEntries(
        ['manager.env', 'other.env'].flatMap((name) =>
          (files.get(name) ?? '').split('\n').map((line) => {
            const [key = '', value = ''] = line.split('=');
            return [name === 'other.env' ? `other ${key}` : key, value] as const;
          }),
        ),
      );
      environment = variables;
      connect = async (username) => {
        const password =
          variables[
            username === 'manager'
              ? 'CARABINER_MQTT_PASSWORD'
              : username === 'other'
                ? 'other CARABINER_MQTT_PASSWORD'
                : passwordVariable(username)
          ] ?? '';
        const client = await connectAsync(`mqtt://127.0.0.1:${port}`, {
          username,
          password,
          reconnectPeriod: 0,
        });
        clients.push(client);
        return client;
      };
    });
    afterEach(async function () {
      if (mosquitto.unavailable === undefined) await stop();
    });

    it('lets messages pass that a manifest allows, and no others', async () => {
      const manager = await connect('manager');
      const [psu, user, other] = [await connect('psu'), await connect('user'), await connect('other')];
      const heard: string[] = [];
      let last: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        last = resolve;
      });
      for (const [name, client] of [
        ['psu', psu],
        ['user', user],
        ['other', other],
      ] as const) {
        client.on('message', (topic, payload) => {
          heard.push(`${name}: ${topic.replace('everest/modules/', '')} ${payload.toString()}`);
          if (name === 'user' && topic === 'everest/shutdown') last();
        });
        await client.subscribeAsync('everest/#', { qos: 2 });
      }
      const base = 'everest/modules/psu/impl/main';
      const publish = async (client: MqttClient, topic: string, text: string): Promise<void> => {
        await client.publishAsync(topic, text, { qos: 2 });
      };
      await publish(psu, `${base}/var/mode`, 'allowed');
      await publish(user, `${base}/cmd/setMode`, 'allowed');
      await publish(psu, `${base}/cmd/setMode/response/user`, 'allowed');
      // Not theirs to say.
      await publish(other, `${base}/var/mode`, 'forged by other');
      await publish(user, `${base}/var/mode`, 'forged by user');
      await publish(other, `${base}/cmd/setMode`, 'not connected');
      await publish(user, 'everest/modules/other/impl/main/cmd/setMode', 'not connected');
      await publish(psu, 'everest/ready', 'no manager');
      await publish(psu, 'everest/modules/user/response', 'no manager');
      await publish(manager, 'everest/shutdown', 'end');
      await ended;
      expect(heard.filter((line) => !line.includes('shutdown'))).to.have.members([
        'user: psu/impl/main/var/mode allowed',
        'psu: psu/impl/main/cmd/setMode allowed',
        'user: psu/impl/main/cmd/setMode/response/user allowed',
      ]);
    });

    it('lets a composition run, each process under its own name', async () => {
      const { psu, user } = COMPOSITION.active_modules;
      const { broker } = COMPOSITION.settings.carabiner.mqtt;
      const composition = {
        settings: { carabiner: { log_level: 'silent', mqtt: { broker: { ...broker, port } } } },
        active_modules: { psu, user },
      };
      const own = Object.entries(environment).filter(([name]) => name.startsWith('CARABINER_MQTT_PASSWORD'));
      for (const [name, value] of own) process.env[name] = value;
      const system = await openSystem({ composition, folder: PAIR, log: { level: 'silent' } });
      expect(system?.manager).not.to.equal(undefined);
      if (system === undefined) return;
      const runtime = await createRuntime({
        composition,
        folder: PAIR,
        log: system.log,
        remote: system.remote,
      });
      system.attach(runtime);
      try {
        await runtime.start();
        await runtime.call('user', 'main', 'store', { key: 'mode', value: 'Export' });
        await eventually(
          async () => (await runtime.call('user', 'main', 'load', { key: 'mode' })) === 'Export',
          'the variable',
        );
      } finally {
        for (const [name] of own) Reflect.deleteProperty(process.env, name);
        await runtime.stop();
      }
    });
  });
});
