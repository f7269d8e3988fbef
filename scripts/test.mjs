// SPDX-License-Identifier: Apache-2.0
// Runs the compiled tests of every package, each in a mocha process of its own, a few at a time. Arguments go to mocha;
// package folders among them restrict the run: `npm test -- packages/goose --grep HMAC`.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** Packages whose tests wait for real devices' time: begun first, so that the others fill their pauses. */
const LONGEST = [
  'examples/dc-charger',
  'packages/everest',
  'packages/cli',
  'test',
  'packages/plugin-huawei-psu',
];

/** A package whose tests do not end, because one that failed left something running, is ended and counts as failed. */
const LONGEST_MS = 10 * 60_000;

const args = process.argv.slice(2);
const folders = args
  .map((arg) => arg.replace(/\/$/, ''))
  .filter((arg) => existsSync(join(arg, 'tsconfig.json')));
const options = args.filter((arg) => !folders.includes(arg.replace(/\/$/, '')));
const everything = [
  'codegen',
  'test',
  ...['packages', 'examples'].flatMap((dir) => readdirSync(dir).map((name) => `${dir}/${name}`)),
];
const rank = (folder) => (LONGEST.includes(folder) ? LONGEST.indexOf(folder) : LONGEST.length);
const waiting = (folders.length > 0 ? folders : everything)
  .map((folder) => ({ folder, built: folder === 'test' ? 'test/dist' : `${folder}/dist-test` }))
  .filter(({ built }) => existsSync(built))
  .sort((a, b) => rank(a.folder) - rank(b.folder));
const mocha = join(createRequire(import.meta.url).resolve('mocha/package.json'), '..', 'bin', 'mocha.js');

const totals = { passing: 0, failing: 0, pending: 0 };
let broken = 0;

async function run({ folder, built }) {
  const started = performance.now();
  const child = spawn(process.execPath, [mocha, `${built}/**/*.test.js`, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const status = await new Promise((resolve) => child.once('close', resolve));
  const plain = output.replace(/\u001b\[[0-9;]*m/g, '');
  for (const kind of Object.keys(totals)) {
    totals[kind] += Number(new RegExp(`^ *(\\d+) ${kind}`, 'm').exec(plain)?.[1] ?? 0);
  }
  const failed = status !== 0 && /^ *\d+ failing/m.test(plain);
  if (status !== 0 && !failed) broken += 1;
  console.log(`\n# ${folder} (${((performance.now() - started) / 1000).toFixed(1)} s)\n${output.trimEnd()}`);
}

async function work() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next);
}

await Promise.all(Array.from({ length: availableParallelism() + 1 }, work));
totals.failing += broken;
console.log(`\n  ${totals.passing} passing\n  ${totals.pending} pending\n  ${totals.failing} failing`);
process.exitCode = totals.failing === 0 && totals.passing > 0 ? 0 : 1;
