// SPDX-License-Identifier: Apache-2.0
// A command round trip through the local bus beside a bare awaited call, an EventEmitter and MQTT.
import { EventEmitter } from 'node:events';
import { createServer } from 'node:net';
import { createRuntime } from '@carabiner/core';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { AsyncSource, Link, Source, medianNs, report } from './support/bench-modules.mjs';

async function consumer(validation) {
  Link.made.length = 0;
  const runtime = await createRuntime({
    composition: {
      settings: { carabiner: { validation } },
      active_modules: {
        sync: { module: 'Source' },
        async: { module: 'AsyncSource' },
        user: {
          module: 'Link',
          connections: {
            sources: [
              { module_id: 'sync', implementation_id: 'main' },
              { module_id: 'async', implementation_id: 'main' },
            ],
          },
        },
      },
    },
    modules: { Source, AsyncSource, Link },
    log: { level: 'silent' },
  });
  await runtime.start();
  const [sync, async] = Link.made[0].requires.sources;
  return { runtime, sync: sync.call, async: async.call };
}

const args = { voltage: 400, current: 20 };
const target = { set: async ({ voltage, current }) => voltage * current };
const checked = await consumer('all');
const unchecked = await consumer('off');

const repeat = (call) => async (count) => {
  for (let index = 0; index < count; index += 1) await call(args);
};
const emitter = new EventEmitter();
emitter.on('set', (given, answer) => answer(given.voltage * given.current));
const contenders = {
  bare: repeat((given) => target.set(given)),
  emitter: repeat((given) => new Promise((resolve) => emitter.emit('set', given, resolve))),
  validated: repeat((given) => checked.async.set(given)),
  validatedSync: repeat((given) => checked.sync.set(given)),
  unvalidated: repeat((given) => unchecked.async.set(given)),
};
// Side by side in turns, so that what the machine does beside affects all alike; the first turn is a warm-up.
const samples = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
for (let turn = 0; turn < 8; turn += 1)
  for (const [name, work] of Object.entries(contenders)) {
    const ns = await medianNs(work, { rounds: 10 });
    if (turn > 0) samples[name].push(ns);
  }
const median = (name) => samples[name].sort((a, b) => a - b)[samples[name].length >> 1];
const bare = median('bare');
const beside = { peer: 'bare awaited call', peerValue: bare };

report('command, validated, asynchronous handler', median('validated'), 'ns', beside);
report('command, validated, above a bare awaited call', median('validated') - bare, 'ns', { aim: '< 1000' });
report('command, validated, synchronous handler', median('validatedSync'), 'ns', beside);
report('command, not validated, asynchronous handler', median('unvalidated'), 'ns', beside);
report('request and answer over EventEmitter', median('emitter'), 'ns', beside);
await checked.runtime.stop();
await unchecked.runtime.stop();

const broker = await Aedes.createBroker();
const server = createServer((socket) => {
  socket.setNoDelay(true);
  broker.handle(socket);
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `mqtt://127.0.0.1:${server.address().port}`;
const [caller, callee] = await Promise.all([connectAsync(url), connectAsync(url)]);
for (const client of [caller, callee]) client.stream.setNoDelay(true);
await callee.subscribeAsync('set', { qos: 2 });
callee.on('message', (_topic, payload) => {
  const { id, voltage, current } = JSON.parse(payload.toString());
  callee.publish('answer', JSON.stringify({ id, value: voltage * current }), { qos: 2 });
});
await caller.subscribeAsync('answer', { qos: 2 });
const waiting = new Map();
caller.on('message', (_topic, payload) => {
  const { id, value } = JSON.parse(payload.toString());
  waiting.get(id)(value);
});
let next = 0;
const overMqtt = repeat(
  (given) =>
    new Promise((resolve) => {
      const id = (next += 1);
      waiting.set(id, resolve);
      caller.publish('set', JSON.stringify({ id, ...given }), { qos: 2 });
    }),
);
await medianNs(overMqtt, { rounds: 3, count: 100 });
report(
  'command over MQTT, embedded broker, QoS 2',
  (await medianNs(overMqtt, { rounds: 15, count: 100 })) / 1_000,
  'µs',
  {
    peer: 'command, validated',
    peerValue: median('validated') / 1_000,
  },
);
await Promise.all([caller.endAsync(), callee.endAsync()]);
server.close();
broker.close();
