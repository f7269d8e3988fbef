// SPDX-License-Identifier: Apache-2.0
import { Module } from '@carabiner/core';
import { KvsInterface, type KvsProvided, type KvsProvider } from '@carabiner/interfaces/interfaces/kvs';
import { createHarness, VirtualClock, type ContractFactory } from '@carabiner/testkit';
import { descriptorOf } from './one-interface-descriptor.js';

export type StoreDefect =
  | 'invents values'
  | 'everything exists'
  | 'turns values into text'
  | 'nothing exists'
  | 'folds keys'
  | 'keeps deleted'
  | 'deletes everything'
  | 'refuses an unknown key'
  | 'drops the last of many'
  | 'forgets at restart';

type Key = { key: string };
type Value = Parameters<KvsProvider['store']>[0]['value'];

function storeClass(disk: Map<string, Value>, defect: StoreDefect | undefined) {
  return class ReferenceStore extends Module<
    object,
    object,
    { readonly main: KvsProvided },
    object,
    { readonly main: KvsProvider }
  > {
    static readonly descriptor = descriptorOf('ReferenceStore', KvsInterface);

    override readonly implementations = {
      main: {
        store: ({ key, value }: Key & { value: Value }) => {
          if (defect === 'drops the last of many' && value === 49) return;
          disk.set(fold(key), defect === 'turns values into text' ? JSON.stringify(value) : value);
        },
        load: ({ key }: Key) => disk.get(fold(key)) ?? (defect === 'invents values' ? 0 : null),
        exists: ({ key }: Key) =>
          defect === 'everything exists' || (defect !== 'nothing exists' && disk.has(fold(key))),
        delete: ({ key }: Key) => {
          if (defect === 'refuses an unknown key' && !disk.has(key)) throw new Error('unknown key');
          if (defect === 'deletes everything') disk.clear();
          if (defect !== 'keeps deleted') disk.delete(fold(key));
        },
      },
    };
  };

  function fold(key: string): string {
    return defect === 'folds keys' ? key.toLowerCase().replaceAll('.', '_') : key;
  }
}

export function referenceStore(defect?: StoreDefect): ContractFactory<'kvs'> {
  return async () => {
    const disk = new Map<string, Value>();
    const clock = new VirtualClock();
    const start = async () => await createHarness(storeClass(disk, defect), { clock });
    let harness = await start();
    return {
      client: harness.provides.main,
      clock,
      shutdown: async () => await harness.shutdown(),
      device: {
        restart: async () => {
          await harness.shutdown();
          if (defect === 'forgets at restart') disk.clear();
          harness = await start();
          return harness.provides.main;
        },
      },
    };
  };
}
