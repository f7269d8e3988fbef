// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { isCallError, type RaisedError } from '@carabiner/core';
import { makeSystem, rejection, settle, withSystem, type System } from '../support/system.js';

/** Fails in a timer, which nobody waits for. */
async function crash(system: System): Promise<void> {
  system.counters.at(-1)!['clock'].setTimeout(() => {
    throw new Error('broken pipe');
  }, 1);
  await system.clock.advance(1);
}

function stateOf(system: System, id = 'counter'): string {
  return system.runtime.modules().find((module) => module.id === id)!.state;
}

describe('a module that fails while it runs', () => {
  it('is taken out of service alone; its neighbours see typed errors and its state', async () => {
    await withSystem({ counter: { restart: 'never' } }, async (system) => {
      const raised: RaisedError[] = [];
      system.requires.counter.errors.subscribe('*', { raised: (error) => void raised.push(error) });
      await crash(system);
      const error = await rejection(system.requires.counter.call.add({ amount: 1 }));
      expect(isCallError(error, 'NotReady')).to.equal(true);
      expect(error.message).to.contain('broken pipe');
      expect(stateOf(system)).to.equal('failed');
      expect(system.runtime.modules()[0]!.reason).to.contain('broken pipe');
      expect(stateOf(system, 'user')).to.equal('running');
      expect(raised.map(({ type, sub_type, severity }) => [type, sub_type, severity])).to.deep.equal([
        ['counter/CommunicationFault', 'module-failed', 'High'],
      ]);
      expect(system.lines.with('uncaught')[0]).to.include({ module: 'counter', handler: 'counter.timer' });
    });
  });

  it('fails the calls it was serving', async () => {
    const handlers = { add: () => new Promise<number>(() => undefined) };
    await withSystem({ handlers, counter: { restart: 'never' } }, async (system) => {
      const calls = [1, 2].map((amount) => rejection(system.requires.counter.call.add({ amount })));
      await crash(system);
      for (const error of await Promise.all(calls)) expect(isCallError(error, 'NotReady')).to.equal(true);
    });
  });

  it('has its shutdown run and its side effects undone', async () => {
    const log: string[] = [];
    await withSystem(
      {
        counter: { restart: 'never' },
        hooks: {
          ready: (module) => module['context'].onUnload(() => void log.push('undone')),
          shutdown: () => void log.push('shutdown'),
        },
      },
      async (system) => {
        await crash(system);
        await settle();
        expect(log).to.deep.equal(['shutdown', 'undone']);
      },
    );
  });

  it('is started again after a delay that grows, and given up in the end', async () => {
    await withSystem(
      { counter: { restart: { delay_ms: 100, max_delay_ms: 300, max_attempts: 3 } } },
      async (system) => {
        for (const delayMs of [100, 200, 300]) {
          await crash(system);
          const instances = system.counters.length;
          await system.clock.advance(delayMs - 1);
          expect(system.counters).to.have.lengthOf(instances);
          await system.clock.advance(1);
          expect(system.counters).to.have.lengthOf(instances + 1);
          expect(stateOf(system)).to.equal('running');
        }
        expect(system.runtime.modules()[0]!.restarts).to.equal(3);
        await crash(system);
        await system.clock.advance(1_000_000);
        expect(stateOf(system)).to.equal('failed');
        expect(system.counters).to.have.lengthOf(4);
      },
    );
  });

  it('begins a new count after a time without failure', async () => {
    await withSystem(
      { counter: { restart: { delay_ms: 100, max_attempts: 1, reset_after_ms: 5_000 } } },
      async (system) => {
        await crash(system);
        await system.clock.advance(100);
        await system.clock.advance(6_000);
        await crash(system);
        await system.clock.advance(100);
        expect(stateOf(system)).to.equal('running');
      },
    );
  });

  it('serves the same clients after its restart, with old values forgotten and old errors cleared', async () => {
    await withSystem({ counter: { restart: { delay_ms: 100 } } }, async (system) => {
      const { counter } = system.requires;
      const log: string[] = [];
      counter.errors.subscribe('*', {
        raised: ({ type }) => void log.push(`raised ${type}`),
        cleared: ({ type, state }) => void log.push(`${state} ${type}`),
      });
      const seen: number[] = [];
      counter.subscribe.total((value) => void seen.push(value));
      await counter.call.add({ amount: 5 });
      system.counters[0]!['provides'].main.errors.raise({ type: 'counter/Overflow', message: '' });
      await settle();
      expect(counter.latest.total).to.equal(5);
      await crash(system);
      await system.clock.advance(100);
      expect(counter.latest.total).to.equal(undefined);
      expect(await counter.call.add({ amount: 1 })).to.equal(1);
      await settle();
      expect(seen).to.deep.equal([5, 1]);
      expect(log).to.deep.equal([
        'raised counter/Overflow',
        'raised counter/CommunicationFault',
        'ClearedByReboot counter/Overflow',
        'ClearedByReboot counter/CommunicationFault',
      ]);
    });
  });

  it('keeps an error that the new instance raises again', async () => {
    const options = {
      counter: { restart: { delay_ms: 100 } },
      hooks: {
        ready: (module: System['counters'][number]) =>
          void module['provides'].main.errors.raise({ type: 'counter/Overflow', message: '' }),
      },
    };
    await withSystem(options, async (system) => {
      await settle();
      const uuid = system.requires.counter.errors.active[0]!.uuid;
      await crash(system);
      await system.clock.advance(100);
      expect(system.requires.counter.errors.active.map((error) => error.uuid)).to.deep.equal([uuid]);
    });
  });

  it('that fails again while it starts is tried again', async () => {
    let fails = 0;
    await withSystem(
      {
        counter: { restart: { delay_ms: 100 } },
        hooks: {
          init: () => {
            if (fails > 0) {
              fails -= 1;
              throw new Error('still broken');
            }
          },
        },
      },
      async (system) => {
        fails = 1;
        await crash(system);
        await system.clock.advance(100);
        expect(stateOf(system)).to.equal('failed');
        await system.clock.advance(200);
        expect(stateOf(system)).to.equal('running');
      },
    );
  });

  it('during its start ends the start', async () => {
    const system = await makeSystem({
      hooks: {
        ready: async (module) => {
          module['clock'].setTimeout(() => {
            throw new Error('early');
          }, 5);
          await new Promise(() => undefined);
        },
      },
    });
    const start = rejection(system.runtime.start());
    await system.clock.advance(5);
    expect((await start).message).to.equal('module counter: ready failed: early');
    expect(system.clock.pending).to.equal(0);
  });

  it('is not started again once the runtime stops', async () => {
    const system = await makeSystem({ counter: { restart: { delay_ms: 100 } } });
    await system.runtime.start();
    await crash(system);
    await system.runtime.stop();
    expect(system.clock.pending).to.equal(0);
    expect(system.counters).to.have.lengthOf(1);
  });
});

describe('a handler that holds the event loop', () => {
  it('is named, and only the innermost one', async () => {
    const handlers = {
      add: () => {
        const end = performance.now() + 60;
        while (performance.now() < end);
        return 1;
      },
    };
    await withSystem({ handlers, settings: { block_warning_ms: 50 } }, async (started) => {
      // The caller's timer holds the loop as well, but only since it waits for the other.
      started.user.parts.context.clock.setTimeout(
        () => void started.requires.counter.call.add({ amount: 1 }),
        1,
      );
      await started.clock.advance(1);
      const warnings = started.lines.with('a handler held the event loop');
      expect(warnings).to.have.lengthOf(1);
      expect(warnings[0]).to.include({ handler: 'counter/main.add' });
      expect(warnings[0]!['heldMs']).to.be.within(60, 2_000);
    });
  });
});
