// SPDX-License-Identifier: Apache-2.0
// Memory of the driver with four connectors, all charging: what it adds to a process that has loaded it, and the whole.
// The figure is exact with `node --expose-gc`.
import { print, startCharging } from './support/bench-driver.mjs';

const MEBIBYTE = 2 ** 20;

function used() {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { own: heapUsed + external, rss };
}

const before = used();
const { stop } = await startCharging(4);
const after = used();
print('memory of the driver with 4 connectors', (after.own - before.own) / MEBIBYTE, 'MiB', 1);
print('memory of the whole process with the driver', after.rss / MEBIBYTE, 'MiB', 1);
await stop();
