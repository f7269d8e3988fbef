// SPDX-License-Identifier: Apache-2.0
// The charger with two connectors, in one process and with every module in a process of its own: time until
// `carabiner run` has everybody ready, beside that of as many processes of node that do nothing; memory of the processes;
// and how soon a killed meter is back.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawn, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';

const RUNS = 5;
const METER = 'meter_1';
const CARABINER = fileURLToPath(new URL('bin/carabiner.js', import.meta.resolve('carabiner/package.json')));
const PLUGINS = fileURLToPath(new URL('../../../node_modules/@carabiner', import.meta.url));

async function placed() {
  const { Composition } = await import('../dist/composition.js');
  const { placeOnThisMachine } = await import('../dist/placement.js');
  const composition = new Composition(new URL('../compositions/two-connectors.yaml', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'dc-charger-bench-'));
  await placeOnThisMachine(composition, { folder, veth: undefined, meter: undefined });
  return { composition, folder };
}

const megabytes = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Time until a process says that everybody is ready, by the clock on the wall. */
async function started(broker) {
  const { composition, folder } = await placed();
  const { settings, active_modules } = composition.data;
  const modules = Object.keys(active_modules);
  const { Mosquitto } = await import('../dist/mosquitto.js');
  // It runs already, as on a station.
  const mosquitto = broker === 'mosquitto' ? await Mosquitto.start() : undefined;
  const data =
    broker === undefined
      ? composition.data
      : {
          settings: {
            ...settings,
            carabiner: {
              mqtt: {
                broker: mosquitto === undefined ? 'embedded' : { host: '127.0.0.1', port: mosquitto.port },
              },
            },
          },
          active_modules: Object.fromEntries(
            modules.map((id) => [id, { ...active_modules[id], isolation: 'process' }]),
          ),
        };
  writeFileSync(join(folder, 'charger.yaml'), stringify(data));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(PLUGINS, join(folder, 'node_modules', '@carabiner'));
  const startMs = performance.now();
  const child = spawn(process.execPath, [CARABINER, 'run', 'charger.yaml', '--no-control'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  await new Promise((resolve, reject) => {
    const look = (chunk) => {
      text += chunk;
      if (text.includes('"module":"carabiner","msg":"runtime running"')) resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('exit', () => reject(new Error(text)));
  });
  const readyMs = performance.now() - startMs;
  const memory = [megabytes(child.pid)];
  child.removeAllListeners('exit').kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  await mosquitto?.stop();
  rmSync(folder, { recursive: true, force: true });
  return { readyMs, memory, modules: modules.length };
}

/** Time until a meter whose process was killed is ready again, and the memory of the processes. */
async function restored(broker) {
  const { Charger } = await import('../dist/charger.js');
  const { ScaledClock, systemClock } = await import('@carabiner/clock');
  const { commonEpochMs } = await import('../dist/distributed.js');
  const { composition, folder } = await placed();
  const epochMs = commonEpochMs();
  const clock = new ScaledClock(systemClock, 1, epochMs);
  const charger = await Charger.startDistributed(composition, clock, epochMs, { level: 'silent' }, broker);
  await systemClock.sleep(6_000);
  const memory = [...charger.pids.values(), process.pid].map(megabytes);
  const back = new Promise((resolve) => {
    charger.listen(({ kind, moduleId, state }) => {
      if (kind === 'module' && moduleId === METER && state === 'running') resolve();
    });
  });
  const startMs = performance.now();
  process.kill(charger.pids.get(METER), 'SIGKILL');
  await back;
  const restoredMs = performance.now() - startMs;
  await charger.stop();
  rmSync(folder, { recursive: true, force: true });
  return { restoredMs, memory };
}

/** Time that `count` processes take to start node and end, all begun at once. */
async function bare(count) {
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: count }, async () => {
      const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
      await new Promise((resolve) => child.once('exit', resolve));
    }),
  );
  return performance.now() - startMs;
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function print(bench, value, unit, peer = {}) {
  const rounded = Object.fromEntries(
    Object.entries({ value, ...peer }).map(([key, each]) => [
      key,
      typeof each === 'number' ? Math.round(each * 10) / 10 : each,
    ]),
  );
  console.log(JSON.stringify({ bench, ...rounded, unit }));
}

async function runs(work) {
  const results = [];
  for (let run = 0; run < RUNS; run++) results.push(await work());
  return results;
}

/** In a process of its own, so that each run begins cold. */
function cold(...args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

async function start(title, broker) {
  const results = await runs(async () => await started(broker));
  const modules = results[0].modules;
  const processes = broker === undefined ? 1 : modules + 1;
  const peerValue = median(await runs(async () => await bare(processes)));
  const name = `${modules} modules ${title}`;
  const peer = { peer: processes === 1 ? 'node -e 0' : `node -e 0, ${processes} at once`, peerValue };
  print(`carabiner run to ready, ${name}`, median(results.map(({ readyMs }) => readyMs)), 'ms', peer);
  if (broker === undefined) print(`memory, ${name}`, median(results.flatMap(({ memory }) => memory)), 'MB');
  return name;
}

const [kind, broker] = process.argv.slice(2);
if (kind === 'restored') console.log(JSON.stringify(await restored(broker)));
else {
  await start('in one process');
  const brokers =
    spawnSync('mosquitto', ['-h']).error === undefined ? ['mosquitto', 'embedded'] : ['embedded'];
  for (const each of brokers) {
    const name = await start(`in processes of their own, ${each}`, each);
    const many = await runs(() => cold('restored', each));
    print(`memory of a process, ${name}`, median(many.flatMap(({ memory }) => memory)), 'MB');
    print(`killed meter ready again, ${name}`, median(many.map(({ restoredMs }) => restoredMs)), 'ms');
  }
}
process.exit(0);
