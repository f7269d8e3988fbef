// SPDX-License-Identifier: Apache-2.0
// Kills the charger's process at random moments of a transaction and checks that each transaction is delivered exactly
// once: `node scripts/power-failures.mjs [count = 200] [seed]`.
import { judge, powerFailure } from '../dist/power-failure.js';

const count = Number(process.argv[2] ?? 200);
let seed = Number(process.argv[3] ?? Date.now() % 2147483647);
console.log(JSON.stringify({ count, seed }));

function random() {
  seed = (seed * 48271) % 2147483647;
  return seed / 2147483647;
}

const MOMENTS = [
  'Authorized',
  'TransactionStarted',
  'PrepareCharging',
  'ChargingStarted',
  'StoppingCharging',
  'ChargingFinished',
];
let failed = 0;
for (let i = 1; i <= count; i++) {
  const moment = MOMENTS[Math.floor(random() * MOMENTS.length)];
  const delayMs = Math.floor(random() * 1500);
  let due;
  const outcome = await powerFailure((run) => {
    if (due === undefined && run.happenings.some(({ name }) => name === moment)) {
      due = performance.now() + delayMs;
      setTimeout(() => run.nudge(), delayMs);
    }
    return due !== undefined && performance.now() >= due;
  }, undefined);
  // A kill may come after the end of the run; then there is nothing to recover and nothing wrong.
  const problems = judge(outcome).filter((problem) => problem !== 'the run ended before it was killed');
  if (problems.length > 0) failed += 1;
  console.log(JSON.stringify({ run: i, moment, delayMs, finished: outcome.finished.length, problems }));
}
console.log(`${count - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
