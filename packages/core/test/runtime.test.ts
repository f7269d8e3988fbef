// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { VirtualClock } from '@carabiner/clock/virtual';
import { createRuntime, isCallError, type RuntimeOptions, type Runtime } from '@carabiner/core';
import { CounterModule, UserModule, type UserRequires } from './support/modules.js';

const composition = {
  active_modules: {
    counter: { module: 'CounterModule', config_module: { step: 1 } },
    user: {
      module: 'UserModule',
      connections: { counter: [{ module_id: 'counter', implementation_id: 'main' }] },
    },
  },
};

async function start(options: Partial<RuntimeOptions> = {}): Promise<{
  readonly runtime: Runtime;
  readonly requires: UserRequires;
}> {
  let requires: UserRequires | undefined;
  class Spy extends UserModule {
    override init(): void {
      requires = this.requires;
    }
  }
  const runtime = await createRuntime({
    composition,
    modules: { CounterModule, UserModule: Spy },
    clock: new VirtualClock(),
    log: { level: 'silent' },
    ...options,
  });
  await runtime.start();
  return { runtime, requires: requires! };
}

describe('a runtime', () => {
  it('wires modules, serves calls and delivers variables', async () => {
    const { runtime, requires } = await start();
    const totals: number[] = [];
    requires.counter.subscribe.total((value) => void totals.push(value));
    expect(await requires.counter.call.add({ amount: 2 })).to.equal(3);
    expect(await requires.counter.call.add({ amount: 3 })).to.equal(7);
    await Promise.resolve();
    expect(totals).to.deep.equal([3, 7]);
    expect(requires.counter.latest.total).to.equal(7);
    expect(requires.spare).to.equal(undefined);
    expect(requires.more).to.deep.equal([]);
    await runtime.stop();
    expect(runtime.modules().map(({ state }) => state)).to.deep.equal(['stopped', 'stopped']);
    const late = await requires.counter.call.add({ amount: 1 }).catch((error: unknown) => error);
    expect(isCallError(late, 'Shutdown')).to.equal(true);
  });

  it('checks arguments before a call leaves', async () => {
    const { runtime, requires } = await start();
    const error = await requires.counter.call
      .add({ amount: 'much' as unknown as number })
      .catch((thrown: unknown) => thrown);
    expect(isCallError(error, 'SchemaValidationError')).to.equal(true);
    await runtime.stop();
  });
});
