// SPDX-License-Identifier: Apache-2.0
// The charger with two connectors, in one process and with every module in a process of its own: time from the end of
// node's own start to everybody ready, memory of the processes, and how soon a killed meter is back.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const RUNS = 5;
const METER = 'meter_1';

async function placed() {
  const { Composition } = await import('../dist/composition.js');
  const { placeOnThisMachine } = await import('../dist/placement.js');
  const composition = new Composition(new URL('../compositions/two-connectors.yaml', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'dc-charger-bench-'));
  await placeOnThisMachine(composition, { folder, veth: undefined, meter: undefined });
  return { composition, folder };
}

const sinceNodeStarted = () => performance.now() - performance.nodeTiming.bootstrapComplete;
const megabytes = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function inline() {
  const { Charger } = await import('../dist/charger.js');
  const { systemClock } = await import('@carabiner/clock');
  const { composition, folder } = await placed();
  const charger = await Charger.start(composition, systemClock, { level: 'silent' });
  const readyMs = sinceNodeStarted();
  const result = {
    readyMs,
    modules: Object.keys(composition.data.active_modules).length,
    memory: [megabytes(process.pid)],
  };
  await charger.stop();
  rmSync(folder, { recursive: true, force: true });
  return result;
}

async function distributed(broker) {
  const { Charger } = await import('../dist/charger.js');
  const { ScaledClock, systemClock } = await import('@carabiner/clock');
  const { commonEpochMs } = await import('../dist/distributed.js');
  const { composition, folder } = await placed();
  const epochMs = commonEpochMs();
  const clock = new ScaledClock(systemClock, 1, epochMs);
  const charger = await Charger.startDistributed(composition, clock, epochMs, { level: 'silent' }, broker);
  const readyMs = sinceNodeStarted();
  await systemClock.sleep(6_000);
  const memory = [...charger.pids.values(), process.pid].map(megabytes);
  const restored = new Promise((resolve) => {
    charger.listen(({ kind, moduleId, state }) => {
      if (kind === 'module' && moduleId === METER && state === 'running') resolve();
    });
  });
  const startMs = performance.now();
  process.kill(charger.pids.get(METER), 'SIGKILL');
  await restored;
  const restoredMs = performance.now() - startMs;
  await charger.stop();
  rmSync(folder, { recursive: true, force: true });
  return { readyMs, restoredMs, memory };
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function print(bench, value, unit) {
  console.log(JSON.stringify({ bench, value: Math.round(value * 10) / 10, unit }));
}

function runs(...args) {
  return Array.from({ length: RUNS }, () => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), ...args],
      {
        encoding: 'utf8',
      },
    );
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  });
}

const [kind, broker] = process.argv.slice(2);
if (kind === 'inline') console.log(JSON.stringify(await inline()));
else if (kind === 'distributed') console.log(JSON.stringify(await distributed(broker)));
else {
  const one = runs('inline');
  const name = `${one[0].modules} modules`;
  print(`start to ready, ${name} in one process`, median(one.map(({ readyMs }) => readyMs)), 'ms');
  print(`memory, ${name} in one process`, median(one.flatMap(({ memory }) => memory)), 'MB');
  const brokers =
    spawnSync('mosquitto', ['-h']).error === undefined ? ['mosquitto', 'embedded'] : ['embedded'];
  for (const broker of brokers) {
    const many = runs('distributed', broker);
    const title = `${name} in processes of their own, ${broker}`;
    print(`start to ready, ${title}`, median(many.map(({ readyMs }) => readyMs)), 'ms');
    print(`memory of a process, ${title}`, median(many.flatMap(({ memory }) => memory)), 'MB');
    print(`killed meter ready again, ${title}`, median(many.map(({ restoredMs }) => restoredMs)), 'ms');
  }
}
process.exit(0);
