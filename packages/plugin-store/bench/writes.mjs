// SPDX-License-Identifier: Apache-2.0
// Durable writes and reads a second, beside the simplest durable store there is: a JSON file replaced and synced.
import { mkdtempSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ValueStore } from '@carabiner/plugin-store';

const RUN_MS = 800;
const folder = mkdtempSync(join(tmpdir(), 'carabiner-store-bench-'));
const value = {
  uuid: '4cca8ad3-9aa3-4b72-9a2e-8ba1d2b1c2ea',
  energy_Wh_import: 12345.678,
  state: 'Charging',
};

async function rate(work, perCall = 1) {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < RUN_MS) {
    await work(count);
    count += perCall;
  }
  return Math.round((count * 1000) / (performance.now() - start));
}

async function replaceFile(values) {
  const file = await open(join(folder, 'values.tmp'), 'w');
  await file.writeFile(JSON.stringify(values));
  await file.sync();
  await file.close();
  await rename(join(folder, 'values.tmp'), join(folder, 'values.json'));
}

try {
  const options = { file: join(folder, 'values.mdb'), onDamage: 'stop', now: Date.now };
  const store = await ValueStore.open(options);
  const values = {};
  const peerValue = await rate((count) => {
    values[`key.${count % 100}`] = { ...value, count };
    return replaceFile(values);
  });
  const single = await rate((count) => store.set(`key.${count % 100}`, { ...value, count }));
  console.log(
    JSON.stringify({
      bench: 'store write, durable',
      value: single,
      unit: 'writes/s',
      peer: 'JSON file, replaced and synced',
      peerValue,
    }),
  );
  const together = await rate(
    (count) =>
      Promise.all(Array.from({ length: 50 }, (_, index) => store.set(`key.${index}`, { ...value, count }))),
    50,
  );
  console.log(
    JSON.stringify({ bench: 'store write, durable, 50 at a time', value: together, unit: 'writes/s' }),
  );
  const reads = await rate(() => {
    for (let index = 0; index < 100; index++) store.get(`key.${index}`);
  }, 100);
  console.log(JSON.stringify({ bench: 'store read', value: reads, unit: 'reads/s' }));
  await store.close();
  const start = performance.now();
  await (await ValueStore.open(options)).close();
  console.log(
    JSON.stringify({
      bench: 'store open, with check',
      value: Math.round(performance.now() - start),
      unit: 'ms',
    }),
  );
} finally {
  rmSync(folder, { recursive: true });
}
