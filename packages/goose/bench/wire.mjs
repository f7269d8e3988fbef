// SPDX-License-Identifier: Apache-2.0
// Publisher to receiver over a veth pair (root) and over UDP on loopback: latency, and how well repetitions keep time.
import { execFileSync } from 'node:child_process';
import { once, EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '@carabiner/clock';
import { decodeFrame, GooseKey, GoosePublisher, openPacketLink, openUdpLink } from '@carabiner/goose';
import { encodePowerMessage } from '@carabiner/goose/fusioncharge';

const STATES = 300;
const key = GooseKey.random();
const message = (connector, voltage) =>
  encodePowerMessage({ kind: 'request', connector, requirement: 5, mode: 2, voltage, current: 10 });
const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)];
const report = (bench, values) => {
  for (const [name, q] of [
    ['median', 0.5],
    ['p99', 0.99],
  ])
    console.log(
      JSON.stringify({
        bench: `${bench}, ${name}`,
        value: Number(quantile(values, q).toFixed(3)),
        unit: 'ms',
      }),
    );
};

async function measure(name, sender, receiver) {
  const arrivals = new EventEmitter();
  receiver.onFrame((bytes) => {
    const at = performance.now();
    const { pdu } = decodeFrame(bytes);
    arrivals.emit('frame', pdu, at);
  });

  const publisher = new GoosePublisher({ link: sender, clock: systemClock, secure: true });
  publisher.setKey(key);
  const latency = [];
  for (let index = 0; index < STATES; index++) {
    const arrival = once(arrivals, 'frame');
    const start = performance.now();
    publisher.publish(receiver.mac, message(1, index));
    const [, at] = await arrival;
    latency.push(at - start);
    publisher.stop();
    await sleep(1);
  }
  report(`goose publish to peer over ${name}`, latency);

  const schedule = [0, 2, 4, 8, 16];
  const jitter = [];
  const firstAt = new Map();
  const onFrame = (pdu, at) => {
    const connector = pdu.allData[0].value;
    const id = `${connector}/${pdu.stNum}`;
    if (pdu.sqNum === 0) firstAt.set(id, at);
    const planned = schedule[pdu.sqNum];
    if (pdu.sqNum > 0 && planned !== undefined && firstAt.has(id))
      jitter.push(Math.abs(at - firstAt.get(id) - planned));
  };
  arrivals.on('frame', onFrame);
  const publishers = [1, 2, 3, 4].map((connector) => {
    const each = new GoosePublisher({ link: sender, clock: systemClock, secure: true });
    each.setKey(key);
    return { connector, each };
  });
  for (let round = 0; round < 40; round++) {
    for (const { connector, each } of publishers) each.publish(receiver.mac, message(connector, round));
    await sleep(20 + (round % 5));
  }
  for (const { each } of publishers) each.stop();
  arrivals.off('frame', onFrame);
  report(`goose repetition jitter against the schedule, 4 streams over ${name}`, jitter);
  await Promise.all([sender.close(), receiver.close()]);
}

await measure('udp', await openUdpLink({ port: 35_100 }), await openUdpLink({ port: 35_100 }));
if (process.getuid?.() === 0) {
  const [a, b] = [`cbba${process.pid % 10_000}`, `cbbb${process.pid % 10_000}`];
  execFileSync('ip', ['link', 'add', a, 'type', 'veth', 'peer', 'name', b]);
  try {
    for (const name of [a, b]) execFileSync('ip', ['link', 'set', name, 'up']);
    const open = async (name) => openPacketLink({ interface: name, clock: systemClock });
    await measure('a veth pair', await open(a), await open(b));
  } finally {
    execFileSync('ip', ['link', 'del', a]);
  }
} else console.log(JSON.stringify({ bench: 'goose over a veth pair', skipped: 'needs root' }));
