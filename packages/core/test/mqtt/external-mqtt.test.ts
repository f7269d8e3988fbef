// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock, withTimeout } from '@carabiner/clock';
import { MqttSettingsError, createRuntime, type ExternalMqtt, type Runtime } from '@carabiner/core';
import { topicMatches } from '../../dist/mqtt/topic-filter.js';
import { TestBroker } from '../support/broker.js';
import { CounterDescriptor, CounterModule } from '../support/modules.js';
import { rejection, settle } from '../support/system.js';

class Speaking extends CounterModule {
  static override readonly descriptor = {
    ...CounterDescriptor,
    enableExternalMqtt: true,
    enableTelemetry: true,
  };
}

describe('the external broker', () => {
  const brokers: TestBroker[] = [];
  const runtimes: Runtime[] = [];
  afterEach(async () => {
    for (const runtime of runtimes.splice(0)) await runtime.stop();
    for (const broker of brokers.splice(0)) await broker.stop();
  });

  async function broker(password?: string): Promise<TestBroker> {
    const made = await new TestBroker(password).start();
    brokers.push(made);
    return made;
  }

  async function start(
    settings: object,
    more: { readonly telemetry?: object; readonly moduleClass?: typeof CounterModule } = {},
  ): Promise<{ readonly module: CounterModule; readonly runtime: Runtime }> {
    const { telemetry, moduleClass = Speaking } = more;
    const made: CounterModule[] = [];
    class Made extends moduleClass {
      constructor(context: CounterModule['context']) {
        super(context);
        made.push(this);
      }
    }
    const runtime = await createRuntime({
      composition: {
        settings,
        active_modules: {
          speaker: { module: 'CounterModule', ...(telemetry === undefined ? {} : { telemetry }) },
        },
      },
      modules: { CounterModule: Made },
      clock: systemClock,
      log: { level: 'silent' },
    });
    runtimes.push(runtime);
    await runtime.start();
    return { module: made[0]!, runtime };
  }

  function mqttOf(module: CounterModule): ExternalMqtt {
    return module['context'].externalMqtt!;
  }

  async function connected(module: CounterModule): Promise<ExternalMqtt> {
    const mqtt = mqttOf(module);
    while (!mqtt.connected) await settle();
    return mqtt;
  }

  it('is absent without settings, and from modules whose manifest does not ask for it', async () => {
    const { module } = await start({});
    expect(module['context'].externalMqtt).to.equal(undefined);
    const { port } = await broker();
    const url = `mqtt://127.0.0.1:${port}`;
    const plain = await start({ carabiner: { external_mqtt: { url } } }, { moduleClass: CounterModule });
    expect(plain.module['context'].externalMqtt).to.equal(undefined);
    expect(brokers[0]!.clients).to.equal(0);
  });

  it('takes and gives messages under the prefix', async () => {
    const server = await broker();
    const { module } = await start({
      mqtt_external_prefix: 'site/',
      carabiner: { external_mqtt: { url: `mqtt://127.0.0.1:${server.port}` } },
    });
    const mqtt = await connected(module);
    const got: string[] = [];
    const subscription = await mqtt.subscribe(
      'in/+',
      (payload, topic) => void got.push(`${topic} ${payload}`),
    );
    await mqtt.publish('out', 'hello', { retain: true });
    expect(server.seen).to.deep.equal([{ topic: 'site/out', payload: 'hello', qos: 2, retain: true }]);
    await server.publish('site/in/a', '1');
    await server.publish('in/a', '2');
    await server.publish('site/in/b', '3');
    await mqtt.publish('in/c', '4');
    while (got.length < 3) await settle();
    expect(got).to.deep.equal(['in/a 1', 'in/b 3', 'in/c 4']);
    subscription.unsubscribe();
    await mqtt.publish('in/d', '5');
    await settle();
    expect(got).to.have.lengthOf(3);
  });

  it('is waited for: messages queue up to their bound, subscriptions are made again', async () => {
    const server = await broker();
    const { port } = server;
    await server.stop();
    const { module } = await start({
      carabiner: { external_mqtt: { url: `mqtt://127.0.0.1:${port}`, queue_limit: 2 } },
    });
    const mqtt = mqttOf(module);
    expect(mqtt.connected).to.equal(false);
    const got: string[] = [];
    await mqtt.subscribe('in', (payload) => void got.push(payload));
    for (const text of ['1', '2', '3']) await mqtt.publish('out', text);
    await server.start();
    await server.until(() => server.seen.length >= 2);
    expect(server.seen.map(({ payload }) => payload)).to.deep.equal(['2', '3']);
    await server.publish('in', 'a');
    while (got.length < 1) await settle();
    server.cut();
    await server.until(() => server.clients === 0);
    while (!mqtt.connected || server.clients === 0) await settle();
    while (got.length < 2) {
      await server.publish('in', 'b');
      await settle();
    }
    expect(got.slice(0, 2)).to.deep.equal(['a', 'b']);
  });

  it('takes user and password, the latter from the environment only', async () => {
    const server = await broker('open sesame');
    const external_mqtt = {
      url: `mqtt://127.0.0.1:${server.port}`,
      username: 'charger',
      password_env: 'CARABINER_TEST_MQTT_PASSWORD',
    };
    Reflect.deleteProperty(process.env, 'CARABINER_TEST_MQTT_PASSWORD');
    const error = await rejection(start({ carabiner: { external_mqtt } }));
    expect(error.cause).to.be.instanceOf(MqttSettingsError);
    expect(error.message).to.contain('CARABINER_TEST_MQTT_PASSWORD');
    process.env['CARABINER_TEST_MQTT_PASSWORD'] = 'open sesame';
    try {
      const { module } = await start({ carabiner: { external_mqtt } });
      const mqtt = await connected(module);
      await mqtt.publish('out', 'x');
      expect(server.seen).to.have.lengthOf(1);
    } finally {
      Reflect.deleteProperty(process.env, 'CARABINER_TEST_MQTT_PASSWORD');
    }
  });

  it('sends the last will when the connection breaks, and not when it ends', async () => {
    const server = await broker();
    const external_mqtt = {
      url: `mqtt://127.0.0.1:${server.port}`,
      will: { topic: 'gone', payload: 'charger', retain: true },
    };
    const { module, runtime } = await start({ mqtt_external_prefix: 'site/', carabiner: { external_mqtt } });
    await server.until(() => server.clients === 1);
    server.cut();
    await server.until(() => server.seen.length === 1);
    expect(server.seen[0]).to.deep.equal({ topic: 'site/gone', payload: 'charger', qos: 1, retain: true });
    await server.until(() => server.clients === 1);
    await connected(module);
    await runtime.stop();
    await server.until(() => server.clients === 0);
    expect(server.seen).to.have.lengthOf(1);
  });

  it('names a TLS file that is missing', async () => {
    const error = await rejection(
      start({ carabiner: { external_mqtt: { url: 'mqtts://127.0.0.1:1', ca: 'no-such.pem' } } }),
    );
    expect(error.message).to.contain("file 'no-such.pem' of 'ca'");
  });

  it('is reached over TLS, and not when its certificate is not trusted', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'carabiner-tls-'));
    try {
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
      const kind = [
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '1',
      ];
      try {
        execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...subject], {
          stdio: 'ignore',
        });
      } catch {
        console.log('      skipped: no openssl');
        this.skip();
      }
      const server = new TestBroker(undefined, { key: readFileSync(key), cert: readFileSync(cert) });
      brokers.push(await server.start());
      const url = `mqtts://127.0.0.1:${server.port}`;
      const trusting = await start({ carabiner: { external_mqtt: { url, ca: cert } } });
      const mqtt = await connected(trusting.module);
      await mqtt.publish('out', 'x');
      expect(server.seen).to.have.lengthOf(1);
      const doubting = await start({ carabiner: { external_mqtt: { url } } });
      await server.refused;
      expect(mqttOf(doubting.module).connected).to.equal(false);
      const misled = new TestBroker(undefined, { key: readFileSync(key), cert: readFileSync(cert) });
      brokers.push(await misled.start());
      const other = { url: `mqtts://127.0.0.1:${misled.port}`, ca: cert, server_name: 'other.example' };
      const picky = await start({ carabiner: { external_mqtt: other } });
      await misled.refused;
      expect(mqttOf(picky.module).connected).to.equal(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is reached by a Unix socket', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'carabiner-unix-'));
    try {
      const path = join(folder, 'broker.sock');
      const server = new TestBroker(undefined, undefined, path);
      brokers.push(await server.start());
      for (const settings of [
        { mqtt_broker_socket_path: path },
        { carabiner: { external_mqtt: { url: `unix://${path}` } } },
      ]) {
        const { module } = await start(settings);
        await server.until(() => server.clients > 0);
        await (await connected(module)).publish('out', 'x');
      }
      expect(server.seen).to.have.lengthOf(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const [title, busy] of [
    ['at rest', false],
    ['with a publication under way', true],
  ] as const)
    it(`does not hold up the end when it does not answer any more, ${title}`, async function () {
      this.timeout(10_000);
      const sockets: Socket[] = [];
      const silent = createServer({ allowHalfOpen: true }, (socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
        socket.once('data', () => socket.write(Buffer.from([0x20, 2, 0, 0])));
      });
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      try {
        const { port } = silent.address() as AddressInfo;
        const url = `mqtt://127.0.0.1:${String(port)}`;
        const { module, runtime } = await start({ carabiner: { external_mqtt: { url } } });
        const mqtt = await connected(module);
        if (busy) mqtt.publish('out', 'x').catch(() => undefined);
        await withTimeout(systemClock, runtime.stop(), 3_000, 'end of the runtime');
      } finally {
        for (const socket of sockets) socket.destroy();
        silent.close();
      }
    });

  it('gets telemetry when it is switched on and the module has an id', async () => {
    const server = await broker();
    const settings = {
      telemetry_enabled: true,
      mqtt_external_prefix: 'site/',
      mqtt_broker_host: '127.0.0.1',
      mqtt_broker_port: server.port,
    };
    const { module } = await start(settings, { telemetry: { id: 4 } });
    await server.until(() => server.clients === 1);
    module['context'].telemetry?.publish('payload', 'livedata', { connector_id: 9, ac_voltage: 230.1 });
    await server.until(() => server.seen.length === 1);
    const { topic, payload, qos } = server.seen[0]!;
    expect([topic, qos]).to.deep.equal(['everest-telemetry/payload/4/livedata', 0]);
    const { timestamp, ...values } = JSON.parse(payload) as { readonly timestamp: string };
    expect(values).to.deep.equal({ connector_id: 4, type: 'livedata', ac_voltage: 230.1 });
    expect(timestamp).to.match(/^\d{4}-.*Z$/);
    const without = await start(settings);
    expect(without.module['context'].telemetry).to.equal(undefined);
    const off = await start({ ...settings, telemetry_enabled: false }, { telemetry: { id: 4 } });
    expect(off.module['context'].telemetry).to.equal(undefined);
  });
});

describe('topic filters', () => {
  for (const [filter, topic, matches] of [
    ['a/b', 'a/b', true],
    ['a/b', 'a/c', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/+', 'a', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', 'a/b', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['a', 'a/b', false],
  ] as const)
    it(`${filter} ${matches ? 'matches' : 'does not match'} ${topic}`, () => {
      expect(topicMatches(filter, topic)).to.equal(matches);
    });
});
