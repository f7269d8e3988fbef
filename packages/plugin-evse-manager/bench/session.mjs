// SPDX-License-Identifier: Apache-2.0
// A full DC session with peers that behave like a charger and a vehicle, in virtual time.
import { performance } from 'node:perf_hooks';
import { ChargerBench } from '../dist-test/support/charger-bench.js';

const SESSIONS = 30;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const bench = await ChargerBench.create();
const times = [];
for (let count = 0; count < SESSIONS; count += 1) {
  const begin = performance.now();
  await bench.charge();
  bench.vehicle.stops();
  await bench.advance(1000);
  await bench.unplug();
  times.push(performance.now() - begin);
}
const finished = bench.events().filter((event) => event === 'SessionFinished').length;
if (finished !== SESSIONS) throw new Error(`${finished} of ${SESSIONS} sessions finished`);
await bench[Symbol.asyncDispose]();
console.log(
  JSON.stringify({
    bench: 'DC session in virtual time',
    value: Number(median(times).toFixed(1)),
    unit: 'ms',
  }),
);
