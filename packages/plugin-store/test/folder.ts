// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ValueStore } from '../dist/value-store.js';

/** Gives each test of a suite an empty folder and closes the stores it opened. */
export function useFolder(): {
  readonly file: (name?: string) => string;
  readonly open: (file?: string, onDamage?: 'stop' | 'restore') => Promise<ValueStore>;
} {
  let folder = '';
  let opened: ValueStore[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'carabiner-store-'));
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map(async (store) => await store.close()));
    rmSync(folder, { recursive: true });
  });
  const file = (name = 'values.mdb'): string => join(folder, name);
  return {
    file,
    open: async (path = file(), onDamage = 'stop') => {
      const store = await ValueStore.open({
        file: path,
        onDamage,
        now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      });
      opened.push(store);
      return store;
    },
  };
}
