// SPDX-License-Identifier: Apache-2.0
// Command round trip and variable throughput between two processes, beside a bare request and response on the same broker.
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@carabiner/clock';
import { CONTRACT_INTERFACE, Collector, ContractModule } from '@carabiner/core/bus-contract';
import { connectAsync } from 'mqtt';
import { BrokerSession, MqttBus, startEmbeddedBroker, Topics } from '@carabiner/everest';

const CALLS = 2_000;
const VALUES = 5_000;
const log = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => log };

async function bus(port) {
  const session = new BrokerSession({ address: { host: '127.0.0.1', port }, clock: systemClock, log });
  await session.whenConnected();
  return { session, bus: new MqttBus({ session, topics: new Topics(), clock: systemClock, log }) };
}

/** The other process: a provider, and a bare responder. */
async function serve(port) {
  const { bus: own } = await bus(port);
  const attachment = own.attach(new ContractModule('provider'));
  await own.settled();
  const bare = await connectAsync(`mqtt://127.0.0.1:${port}`);
  bare.stream.setNoDelay(true);
  await bare.subscribeAsync('bare/request', { qos: 2 });
  bare.on('message', (_topic, payload) => bare.publish('bare/response', payload, { qos: 2 }));
  process.on('message', () => {
    for (let value = 0; value < VALUES; value += 1) attachment.publish('main', 'number', value);
  });
  process.send('ready');
}

function figures(times) {
  times.sort((a, b) => a - b);
  const at = (part) => Math.round(times[Math.floor(times.length * part)] * 1000) / 1000;
  return {
    median: at(0.5),
    p99: at(0.99),
    perSecond: Math.round(1000 / (times.reduce((a, b) => a + b) / times.length)),
  };
}

async function timed(work) {
  for (let call = 0; call < 200; call += 1) await work(call);
  const times = [];
  for (let call = 0; call < CALLS; call += 1) {
    const start = performance.now();
    await work(call);
    times.push(performance.now() - start);
  }
  return figures(times);
}

async function measure(name, port) {
  const other = fork(fileURLToPath(import.meta.url), ['serve', String(port)]);
  await new Promise((resolve) => other.once('message', resolve));
  const bare = await connectAsync(`mqtt://127.0.0.1:${port}`);
  bare.stream.setNoDelay(true);
  await bare.subscribeAsync('bare/response', { qos: 2 });
  let answered;
  bare.on('message', () => answered());
  const peer = await timed(async (call) => {
    const answer = new Promise((resolve) => (answered = resolve));
    bare.publish('bare/request', JSON.stringify({ call }), { qos: 2 });
    await answer;
  });
  await bare.endAsync();
  const own = await bus(port);
  const collector = new Collector();
  const connection = own.bus.connect({
    consumer: 'consumer',
    target: { moduleId: 'provider', implementationId: 'main' },
    interface: CONTRACT_INTERFACE,
    listener: collector,
  });
  await own.bus.settled();
  const echo = connection.command('echo');
  const command = await timed(async (call) => echo({ value: call }, { origin: 'consumer' }));
  const line = (bench, value, unit, peerValue) =>
    console.log(
      JSON.stringify({
        bench: `${bench}, ${name}`,
        value,
        unit,
        ...(peerValue === undefined ? {} : { peer: 'bare mqtt request and response', peerValue }),
      }),
    );
  line('everest command round trip, median', command.median, 'ms', peer.median);
  line('everest command round trip, p99', command.p99, 'ms', peer.p99);
  line('everest commands in sequence', command.perSecond, 'calls/s', peer.perSecond);
  const start = performance.now();
  other.send('publish');
  await collector.until(({ values }) => values.length === VALUES);
  line('everest variables', Math.round((VALUES * 1000) / (performance.now() - start)), 'values/s');
  await own.session.close();
  other.kill();
}

async function mosquitto() {
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address();
      server.close(() => resolve(free));
    });
  });
  const file = join(mkdtempSync(join(tmpdir(), 'mosquitto-')), 'mosquitto.conf');
  writeFileSync(
    file,
    `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 0\npersistence false\n`,
  );
  const child = spawn('mosquitto', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  const started = await new Promise((resolve) => {
    child.once('error', () => resolve(false));
    child.stderr.on('data', (text) => text.includes('running') && resolve(true));
  });
  return started ? { port, child } : undefined;
}

if (process.argv[2] === 'serve') await serve(Number(process.argv[3]));
else {
  const embedded = await startEmbeddedBroker();
  await measure('embedded broker', embedded.port);
  await embedded.close();
  const server = await mosquitto();
  if (server !== undefined) {
    await measure('Mosquitto', server.port);
    server.child.kill();
  }
  process.exit(0);
}
