// SPDX-License-Identifier: Apache-2.0
// Time until a command line has answered, beside node itself and npm.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CARABINER = fileURLToPath(new URL('../bin/carabiner.js', import.meta.url));
const COMPOSITION = fileURLToPath(
  new URL('../../../examples/vendor-psu/compositions/simulated.yaml', import.meta.url),
);
const ROUNDS = 7;

/** Median of a few runs, in milliseconds. */
function median(program, ...args) {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return Number(times[ROUNDS >> 1].toFixed(0));
}

const node = median(process.execPath, '-e', '0');
const figure = (bench, value, peer, peerValue) =>
  console.log(JSON.stringify({ bench, value, unit: 'ms', peer, peerValue }));
figure('carabiner --version', median(process.execPath, CARABINER, '--version'), 'node -e 0', node);
figure(
  'carabiner check, 2 modules',
  median(process.execPath, CARABINER, 'check', COMPOSITION),
  'node -e 0',
  node,
);
