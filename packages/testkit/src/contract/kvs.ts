// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util';
import type { KvsCalls, KvsClient } from '@carabiner/interfaces/interfaces/kvs';
import { demand } from './observation.js';
import type { Rule, RuleContext } from './rule.js';

/** What the suite may do to the store behind a `kvs`. */
export interface KvsDevice {
  /** Starts the implementation again over what it has stored, as after a power failure. */
  restart(): Promise<KvsClient>;
}

/** Bounds of the rules for `kvs`. */
export interface KvsLimits {
  /** Longest duration of a command, ms. */
  readonly commandMs: number;
}

export const KVS_LIMITS: KvsLimits = { commandMs: 5_000 };

type Context = RuleContext<KvsClient, KvsDevice, KvsLimits>;
type Value = Parameters<KvsCalls['store']>[0]['value'];

const VALUES: readonly Value[] = [
  null,
  '',
  'text with "quotes", \n line breaks and umlauts: äöü €',
  0,
  -1.5,
  1e21,
  true,
  false,
  [],
  [1, 'two', null, [3]],
  {},
  { a: { b: [{ c: null }] }, 'key with spaces': 1 },
];

/** What `kvs` demands of every implementation. */
export const KVS_RULES: readonly Rule<KvsClient, KvsDevice, KvsLimits>[] = [
  {
    name: 'has nothing under a key that was never stored',
    check: async (context) => {
      demand((await load(context, 'nothing.here')) === null, 'load of an unknown key did not give null');
      demand(!(await exists(context, 'nothing.here')), 'an unknown key was said to exist');
    },
  },
  {
    name: 'gives back every kind of value as it was stored',
    check: async (context) => {
      for (const value of VALUES) {
        await store(context, 'value', value);
        const loaded = await load(context, 'value');
        demand(
          isDeepStrictEqual(loaded, value),
          `${JSON.stringify(value)} was stored and ${JSON.stringify(loaded)} was loaded`,
        );
      }
    },
  },
  {
    name: 'knows what exists',
    check: async (context) => {
      await store(context, 'present', 1);
      demand(await exists(context, 'present'), 'a stored key was said not to exist');
    },
  },
  {
    name: 'keeps keys apart, letter case and dots included',
    check: async (context) => {
      const keys = ['a.b', 'a_b', 'A.b', 'a', 'a.b.c'];
      for (const key of keys) await store(context, key, key);
      for (const key of keys) {
        const loaded = await load(context, key);
        demand(loaded === key, `key ${key} holds ${JSON.stringify(loaded)}`);
      }
    },
  },
  {
    name: 'forgets what is deleted, and nothing else',
    check: async (context) => {
      await store(context, 'kept', 1);
      await store(context, 'dropped', 2);
      await remove(context, 'dropped');
      demand((await load(context, 'dropped')) === null, 'a deleted key still has a value');
      demand(!(await exists(context, 'dropped')), 'a deleted key was said to exist');
      demand((await load(context, 'kept')) === 1, 'another key was deleted as well');
    },
  },
  {
    name: 'takes the deletion of an unknown key without complaint',
    check: async (context) => {
      await remove(context, 'never.stored');
    },
  },
  {
    name: 'ends with the last of many values stored in a row',
    check: async (context) => {
      await context.finish(
        Promise.all(
          Array.from({ length: 50 }, async (_, number) => {
            await context.client.call.store({ key: 'row', value: number });
          }),
        ),
        context.limits.commandMs,
        '50 stores',
      );
      const loaded = await load(context, 'row');
      demand(loaded === 49, `the last value stored was 49, ${JSON.stringify(loaded)} was loaded`);
    },
  },
  {
    name: 'still has everything after a restart',
    needs: ['restart'],
    check: async (context) => {
      await store(context, 'lasting', { since: 1 });
      await store(context, 'gone', 1);
      await remove(context, 'gone');
      const client = await context.device.restart();
      const again = { ...context, client };
      demand(
        isDeepStrictEqual(await load(again, 'lasting'), { since: 1 }),
        'a stored value did not survive the restart',
      );
      demand(!(await exists(again, 'gone')), 'a deleted key came back with the restart');
    },
  },
];

async function store({ client, finish, limits }: Context, key: string, value: Value): Promise<void> {
  await finish(client.call.store({ key, value }), limits.commandMs, 'store');
}

async function load({ client, finish, limits }: Context, key: string): Promise<Value> {
  return await finish(client.call.load({ key }), limits.commandMs, 'load');
}

async function exists({ client, finish, limits }: Context, key: string): Promise<boolean> {
  return await finish(client.call.exists({ key }), limits.commandMs, 'exists');
}

async function remove({ client, finish, limits }: Context, key: string): Promise<void> {
  await finish(client.call.delete({ key }), limits.commandMs, 'delete');
}
