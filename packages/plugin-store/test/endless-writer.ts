// SPDX-License-Identifier: Apache-2.0
// Writes until it is killed and reports each write once it is acknowledged: `<counter>\n` on standard output.
import { writeSync } from 'node:fs';
import { ValueStore } from '../dist/value-store.js';

const [file = '', first = '1'] = process.argv.slice(2);
const store = await ValueStore.open({ file, onDamage: 'stop', now: () => 0 });
for (let counter = Number(first); ; counter++) {
  // two values that belong together, values of changing size, and removals
  await Promise.all([
    store.set('counter', counter),
    store.set(`slot.${String(counter % 20)}`, { counter, padding: 'x'.repeat((counter * 37) % 6000) }),
    counter % 20 === 10 ? store.delete(`slot.${String((counter + 3) % 20)}`) : Promise.resolve(),
  ]);
  writeSync(1, `${String(counter)}\n`);
}
