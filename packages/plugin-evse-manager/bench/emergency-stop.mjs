// SPDX-License-Identifier: Apache-2.0
// From an emergency stop that board support raises to the commands that take power away, in real time.
import { performance } from 'node:perf_hooks';
import { ChargerBench } from '../dist-test/support/charger-bench.js';

const RUNS = Number(process.env.CARABINER_BENCH_RUNS ?? 250);
const ERROR = 'evse_board_support/MREC8EmergencyStop';
const NAMES = { relays: 'relay-off', supply: 'PSU-off' };

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

/** Times from the error to both commands. */
async function emergency(bench) {
  const times = {};
  const both = new Promise((resolve) => {
    bench.observe = (device, on) => {
      if (on || times[device] !== undefined) return;
      times[device] = performance.now() - begin;
      if (times.relays !== undefined && times.supply !== undefined) resolve();
    };
  });
  const begin = performance.now();
  bench.raise('bsp', ERROR, 'High');
  await both;
  bench.observe = undefined;
  return times;
}

/** The harness keeps a journal of everything: a fresh one now and then keeps its memory out of the figures. */
const RUNS_PER_BENCH = 20;

async function measure(title, disturb) {
  const times = [];
  while (times.length < RUNS) {
    const bench = await ChargerBench.create();
    for (let run = 0; run < RUNS_PER_BENCH; run += 1) {
      await bench.charge();
      disturb?.(bench);
      times.push(await emergency(bench));
      bench.behaviour.meterDelayMs = 0;
      bench.clear('bsp', ERROR);
      await bench.unplug();
      await bench.advance(1000);
    }
    await bench[Symbol.asyncDispose]();
    globalThis.gc?.();
  }
  for (const device of ['relays', 'supply']) {
    const sorted = times.map((time) => time[device]).toSorted((a, b) => a - b);
    for (const [name, value] of [
      ['median', quantile(sorted, 0.5)],
      ['p99', quantile(sorted, 0.99)],
      ['max', sorted.at(-1)],
    ]) {
      const text = `emergency stop to ${NAMES[device]} command, ${title}, ${name} of ${times.length}`;
      console.log(JSON.stringify({ bench: text, value: Number(value.toFixed(3)), unit: 'ms' }));
    }
  }
}

await measure('alone');
await measure('meter does not answer', (bench) => {
  bench.behaviour.meterDelayMs = 30_000;
});
