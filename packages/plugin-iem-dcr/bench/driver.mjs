// SPDX-License-Identifier: Apache-2.0
// Live value cycle, CPU share at 1 Hz, and what the driver adds to a start and a stop. The simulated meter runs in a
// process of its own, so that the CPU time measured is the driver's alone.
import { spawn } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@carabiner/clock';
import { IemDcrClient } from '../dist/index.js';
import { MeterTime } from '../dist/device/meter-time.js';
import { MeterSession } from '../dist/session/meter-session.js';
import { TransactionJournal } from '../dist/session/transaction-journal.js';

const BIN = fileURLToPath(new URL('../../plugin-simulator/bin/iem-dcr-simulator.js', import.meta.url));
const CYCLES = 300;
const TRANSACTIONS = 8;
const AT_1_HZ_MS = 5000;
/** Pause of the protocol after an end, ms; neither the meter's time nor the driver's. */
const SETTLE_MS = 250;

const simulator = spawn(process.execPath, [BIN, '--port', '0', '--quiet', '--set', 'signingMs=0']);
const port = await new Promise((resolve) => {
  simulator.stdout.on('data', (chunk) => {
    const match = /127\.0\.0\.1:(\d+)\/counter/.exec(chunk.toString());
    if (match !== null) resolve(Number(match[1]));
  });
});

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const print = (bench, value, unit, more = {}) =>
  console.log(JSON.stringify({ bench, value: Number(value.toFixed(3)), unit, ...more }));

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** The same requests by node:http alone: the time of meter and wire. */
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
async function bare(method, path, body) {
  await new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: '127.0.0.1',
        port,
        method,
        path: `/counter/v1/ocmf${path}`,
        agent,
        headers: { 'Content-Type': 'application/json' },
      },
      (response) => text(response).then(resolve, reject),
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const stop = new AbortController();
const silent = { trace() {}, debug() {}, info() {}, warn() {}, error: console.error, child: () => silent };
const client = new IemDcrClient({
  ...{ host: '127.0.0.1', port, clock: systemClock, signal: stop.signal },
  ...{ connectTimeoutMs: 2000, requestTimeoutMs: 5000, keepAlive: true },
});
let values = 0;
const session = new MeterSession(
  {
    client,
    config: {
      ...{ CT: 'EVSEID', CI: 'DE*ABC*E0001', TT_initial: '', US: false, datetime_resync_interval: 2 },
      resilience_initial_connection_retry_delay: 10_000,
      resilience_transaction_request_retries: 3,
      resilience_transaction_request_retry_delay: 250,
      energy_register: 'total',
      identification_level_fallback: 'HEARSAY',
      stop_reconnect_timeout_ms: 15_000,
    },
    time: new MeterTime({
      timezone: '+0100',
      handleDst: true,
      dstZone: 'Europe/Berlin',
      dstNotation: 'iso8601',
    }),
    ...{ clock: systemClock, log: silent, signal: stop.signal },
  },
  new TransactionJournal(silent, undefined, 'bench'),
  {
    publishPowermeter: () => values++,
    publishPublicKey: () => {},
    raiseCommunicationFault: console.error,
    clearCommunicationFault: () => {},
    raiseTransactionLost: console.error,
    clearTransactionLost: () => {},
  },
);
const running = session.run();
while (values === 0) await systemClock.sleep(10);

const cycles = [];
const bareCycles = [];
for (let cycle = 0; cycle < CYCLES; cycle++) {
  cycles.push(await timed(() => client.getLiveValues()));
  bareCycles.push(await timed(() => bare('GET', '/metervalue')));
}
print('iem-dcr live values, request to validated answer', median(cycles), 'ms', {
  peer: 'bare node:http',
  peerValue: Number(median(bareCycles).toFixed(3)),
});

const cpuBefore = process.cpuUsage();
const valuesBefore = values;
await systemClock.sleep(AT_1_HZ_MS);
const { user, system } = process.cpuUsage(cpuBefore);
print('iem-dcr CPU share at 1 Hz', (user + system) / 10 / AT_1_HZ_MS, '%', { values: values - valuesBefore });

const USER = '{"IS":true,"IL":"HEARSAY","IF":[],"IT":"ISO14443","ID":"04281FD2FB7381","US":false}';
const request = {
  ...{ evse_id: 'DE*ABC*E0001', identification_status: 'ASSIGNED', identification_flags: [] },
  ...{ identification_type: 'ISO14443', identification_data: '04281FD2FB7381' },
};
const starts = [];
const stops = [];
const bareStarts = [];
const bareStops = [];
for (let number = 0; number < TRANSACTIONS; number++) {
  const transaction_id = `tx-${number}`;
  let answer;
  starts.push(await timed(async () => (answer = await session.start({ ...request, transaction_id }))));
  if (answer.status !== 'OK') throw new Error(answer.error);
  stops.push(await timed(async () => (answer = await session.stop(transaction_id))));
  if (answer.status !== 'OK') throw new Error(answer.error);
  bareStarts.push(
    await timed(async () => {
      await bare('GET', '/gw');
      await bare('POST', '/receipt', '{"TX":"E"}');
      await systemClock.sleep(SETTLE_MS);
      await bare('POST', '/user', USER);
      await bare('POST', '/receipt', '{"TX":"B"}');
    }),
  );
  bareStops.push(
    await timed(async () => {
      await bare('POST', '/receipt', '{"TX":"E"}');
      await systemClock.sleep(SETTLE_MS);
      await bare('GET', '/receipt');
    }),
  );
}
for (const [name, ours, theirs] of [
  ['start_transaction', median(starts), median(bareStarts)],
  ['stop_transaction', median(stops), median(bareStops)],
]) {
  print(`iem-dcr ${name}, time of meter and wire`, theirs - SETTLE_MS, 'ms');
  print(`iem-dcr ${name}, added by the driver`, ours - theirs, 'ms', {
    besides: `pause of the protocol, ${SETTLE_MS} ms`,
  });
}

stop.abort();
await running;
client.close();
agent.destroy();
simulator.kill();
