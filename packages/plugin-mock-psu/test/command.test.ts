// SPDX-License-Identifier: Apache-2.0
import { Aedes } from 'aedes';
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { VirtualClock } from '@carabiner/clock/virtual';
import { portRegisters } from '@carabiner/fusioncharge';
import { openUdpLink } from '@carabiner/goose';
import { freePort } from '@carabiner/testkit';
import { connectAsync } from 'mqtt';
import { main } from '../dist/command/main.js';
import { readSettings, type CommandOptions } from '../dist/command/settings.js';
import { pass } from './bench.js';
import { TestDispenser } from './dispenser.js';

type Environment = Record<string, string>;

/** Runs the command in this process, on a clock of its own. */
function run(args: string[], environment: Environment = {}) {
  const clock = new VirtualClock();
  const abort = new AbortController();
  const lines = { out: '', err: '' };
  const exit = main(args, {
    console: { out: (text) => (lines.out += text), err: (text) => (lines.err += text) },
    environment,
    clock,
    signal: abort.signal,
  });
  const until = async (condition: () => boolean, what: string, limitMs = 30_000): Promise<void> => {
    for (let passed = 0; !condition(); passed += 5) {
      if (passed > limitMs) throw new Error(`${what} did not happen: ${lines.out}${lines.err}`);
      await pass(clock, 5);
    }
  };
  return { clock, abort, lines, exit, until };
}

describe('the command', () => {
  it('shows its options, variables and faults', async () => {
    const { exit, lines } = run(['--help']);
    expect(await exit).to.equal(0);
    for (const text of [
      '--link <kind>',
      'FUSION_CHARGER_MOCK_DISABLE_SEND_HMAC',
      'FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC',
      'generate-certificates <folder>',
      'half_written_registers',
    ])
      expect(lines.out).to.contain(text);
  });

  it('ends with 2 and says why when it is called wrongly', async () => {
    const cases: [string[], Environment, string][] = [
      [['--link', 'wire'], {}, '"wire" is none of udp, packet'],
      [['--key', 'mine'], {}, '"mine" is none of constant, random'],
      [['--fault', 'explode'], {}, 'there is no fault "explode"'],
      [['--fault', 'stall,when=1'], {}, 'when=1'],
      [['--fault', 'stall,after=-1'], {}, '1 s ago'],
      [['--fault', 'placeholder_refuse,connector=1.5'], {}, '1.5 is no global connector number'],
      [['--fault', 'placeholder_refuse,connector=65536'], {}, '65536 is no global connector number'],
      [['--fault', 'error_register=1.5,target=0x4004'], {}, '1.5 (alarm state or flags) is no whole number'],
      [['--fault', 'running_mode,target=toString'], {}, 'target "toString" is none'],
      [['--period', '1'], {}, 'at least 10'],
      [['--period', '0x20'], {}, '"0x20"'],
      [['--reply-delay', ' '], {}, '" "'],
      [['--reply-delay', 'soon'], {}, '"soon"'],
      [['--frobnicate'], {}, 'unknown option'],
      [['one', 'two'], {}, 'too many arguments'],
      [['generate-certificates'], {}, 'missing required argument'],
      [[], { FUSION_CHARGER_MOCK_PORT: '85O2' }, 'FUSION_CHARGER_MOCK_PORT="85O2"'],
      [[], { FUSION_CHARGER_MOCK_PORT: ' ' }, 'FUSION_CHARGER_MOCK_PORT=" "'],
      [[], { FUSION_CHARGER_MOCK_PORT: '1e3' }, 'FUSION_CHARGER_MOCK_PORT="1e3"'],
      [[], { FUSION_CHARGER_MOCK_MQTT_PORT: '70000' }, 'FUSION_CHARGER_MOCK_MQTT_PORT'],
      [[], { FUSION_CHARGER_MOCK_MQTT_PORT: '0' }, 'within 1..65535'],
      [[], { FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC: 'lab/#' }, 'FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC'],
      [[], { FUSION_CHARGER_MOCK_ETH: 'carabiner-no0' }, '"carabiner-no0"'],
      [['no-such-folder', '--link', 'udp'], {}, 'no-such-folder'],
      [['generate-certificates', fileURLToPath(import.meta.url)], {}, 'cannot be written into'],
    ];
    for (const [args, environment, text] of cases) {
      // Packet sockets may not be permitted here; the message differs then.
      if (environment['FUSION_CHARGER_MOCK_ETH'] !== undefined && process.getuid?.() !== 0) continue;
      const { exit, lines } = run(args, environment);
      expect(await exit, args.join(' ')).to.equal(2);
      expect(lines.err).to.contain(text);
    }
  });

  it('reads the environment as documented', () => {
    const options: CommandOptions = {
      link: 'udp',
      key: 'constant',
      fault: [],
      replyDelay: '3',
      period: '5000',
    };
    const settings = (environment: Environment = {}) => readSettings(undefined, options, environment);
    expect(settings()).to.deep.include({
      interface: 'veth1',
      port: 8502,
      signReplies: true,
      verifyRequests: true,
      mqtt: undefined,
    });
    for (const [value, on] of [
      ['1', true],
      ['true', true],
      ['0', false],
      ['TRUE', false],
      ['yes', false],
    ] as const) {
      const { signReplies, verifyRequests } = settings({
        FUSION_CHARGER_MOCK_DISABLE_SEND_HMAC: value,
        FUSION_CHARGER_MOCK_DISABLE_VERIFY_HMAC: value,
      });
      expect([signReplies, verifyRequests], value).to.deep.equal([!on, !on]);
    }
    expect(settings({ FUSION_CHARGER_MOCK_MQTT_HOST: 'broker' }).mqtt).to.equal(undefined);
    expect(
      settings({
        FUSION_CHARGER_MOCK_MQTT_HOST: 'broker',
        FUSION_CHARGER_MOCK_MQTT_PORT: '1883',
        FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC: 'lab',
      }).mqtt,
    ).to.deep.equal({ host: 'broker', port: 1883, baseTopic: 'lab/' });
  });

  it('serves a dispenser over udp, takes faults, and ends with 0 once the last one has gone for good', async () => {
    const port = await freePort();
    const { clock, exit, lines, until } = run(
      ['--link', 'udp', '--key', 'random', '--fault', 'capabilities_derate=0.5,for=20'],
      { FUSION_CHARGER_MOCK_PORT: String(port) },
    );
    await until(() => lines.out.includes('listening'), 'listening');
    const dispenser = await TestDispenser.connect({
      link: await openUdpLink(),
      clock,
      port,
      connectors: [5],
    });
    // The first two rounds leave the ratings out.
    await until(() => dispenser.bank.get(portRegisters.maxCurrent) === 50, 'the derated rating');
    expect(clock.monotonic()).to.be.within(10_000, 11_000);
    await until(() => dispenser.bank.get(portRegisters.maxCurrent) === 100, 'the full rating');
    dispenser.event('carConnected');
    await until(() => dispenser.situation().state === 'Running', 'the allocation');
    await dispenser.close();
    await until(() => lines.out.includes('dispenser gone'), 'the end of the connection');
    const goneMs = clock.monotonic();
    let code: number | undefined;
    void exit.then((value) => (code = value));
    await until(() => code !== undefined, 'the end');
    expect(code).to.equal(0);
    expect(clock.monotonic() - goneMs).to.be.within(9000, 10_100);
    const key = dispenser.keys.get(1)![0]!.toString('hex');
    expect(lines.out + lines.err).to.not.contain(key.slice(0, 8));
  });

  it('publishes power requests to a broker and takes faults from it', async () => {
    const broker = await Aedes.createBroker();
    const server = createServer((socket) => {
      broker.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const brokerPort = (server.address() as AddressInfo).port;
    const client = await connectAsync(`mqtt://127.0.0.1:${brokerPort}`);
    const heard: [string, string][] = [];
    client.on('message', (topic, payload) => heard.push([topic, payload.toString()]));
    await client.subscribeAsync('lab/#');
    const port = await freePort();
    const { clock, abort, exit, lines, until } = run(['--link', 'udp'], {
      FUSION_CHARGER_MOCK_PORT: String(port),
      FUSION_CHARGER_MOCK_MQTT_HOST: '127.0.0.1',
      FUSION_CHARGER_MOCK_MQTT_PORT: String(brokerPort),
      FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC: 'lab',
    });
    await until(() => heard.some(([topic]) => topic === 'lab/fault/active'), 'the broker');
    const dispenser = await TestDispenser.connect({
      link: await openUdpLink(),
      clock,
      port,
      connectors: [7],
    });
    dispenser.event('carConnected');
    await until(() => dispenser.situation().state === 'Running', 'the allocation');
    dispenser.phase('ExportCharging', 1, { voltage: 400.5, current: 100 });
    await until(
      () =>
        heard.some(
          ([topic, text]) =>
            topic === 'lab/7/power_request' && text === '{"voltage": 400.500000, "current": 100.000000}',
        ),
      'the power request',
    );
    client.publish('lab/fault/inject', '{"name":"drop_connection","duration_s":1}');
    await until(() => dispenser.closed, 'the fault');
    client.publish('lab/fault/inject', 'nonsense');
    await until(() => lines.err.includes('there is no fault \\"nonsense\\"'), 'the refusal');
    client.publish('lab/fault/clear', '');
    await until(
      () => heard.filter(([topic, text]) => topic === 'lab/fault/active' && text === '[]').length > 1,
      'none',
    );
    abort.abort();
    expect(await exit).to.equal(0);
    await dispenser.close();
    await client.endAsync();
    await new Promise<void>((resolve) => broker.close(() => server.close(() => resolve())));
  });

  it('ends in time with a broker that takes the connection and never answers', async () => {
    const server = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    let connections = 0;
    server.on('connection', () => (connections += 1));
    const { clock, abort, exit, until } = run(['--link', 'udp'], {
      FUSION_CHARGER_MOCK_PORT: String(await freePort()),
      FUSION_CHARGER_MOCK_MQTT_HOST: '127.0.0.1',
      FUSION_CHARGER_MOCK_MQTT_PORT: String((server.address() as AddressInfo).port),
      FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC: 'lab',
    });
    await until(() => connections > 0, 'the connection');
    const askedMs = clock.monotonic();
    let code: number | undefined;
    void exit.then((value) => (code = value));
    abort.abort();
    await until(() => code !== undefined, 'the end');
    expect(code).to.equal(0);
    expect(clock.monotonic() - askedMs).to.be.below(2000);
    server.close();
  });

  it('is installed as fusion-charger-mock and ends with 0 on SIGTERM', async () => {
    const script = fileURLToPath(new URL('../bin/fusion-charger-mock.js', import.meta.url));
    const child = execFile(process.execPath, [script, '--link', 'udp'], {
      env: { ...process.env, FUSION_CHARGER_MOCK_PORT: String(await freePort()) },
    });
    child.stdout!.once('data', () => child.kill('SIGTERM'));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).to.equal(0);
    const failed = await promisify(execFile)(process.execPath, [script, '--link', 'x']).catch(
      (error: unknown) => error as { code: number },
    );
    expect('code' in failed ? failed.code : 0).to.equal(2);
  });
});
