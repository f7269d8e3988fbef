// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { deferred, settle, withSystem, type System } from '../support/system.js';

function publish({ counters }: System, value: number): void {
  counters.at(-1)!['provides'].main.publish.total(value);
}

describe('a variable', () => {
  it('reaches every subscriber in order, and holds back only the next value of a slow one', async () => {
    await withSystem({}, async (system) => {
      const gate = deferred();
      const slow: number[] = [];
      const fast: number[] = [];
      system.requires.counter.subscribe.total(async (value) => {
        slow.push(value);
        await gate.promise;
      });
      system.requires.counter.subscribe.total((value) => void fast.push(value));
      for (const value of [1, 2, 3]) publish(system, value);
      await settle();
      expect(fast).to.deep.equal([1, 2, 3]);
      expect(slow).to.deep.equal([1]);
      gate.resolve();
      await settle();
      expect(slow).to.deep.equal([1, 2, 3]);
    });
  });

  it('drops the oldest values for a subscriber that does not keep up, and says so', async () => {
    await withSystem({ settings: { queue_limit: 10 } }, async (system) => {
      const gate = deferred();
      const seen: number[] = [];
      system.requires.counter.subscribe.total(async (value) => {
        seen.push(value);
        await gate.promise;
      });
      for (let value = 0; value < 20; value += 1) publish(system, value);
      await settle();
      gate.resolve();
      await settle();
      expect(seen).to.deep.equal([0, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
      const reports = system.lines.with('a queue is full');
      expect(reports.at(0)).to.include({ queue: 'counter/main.total for user', lost: 1 });
      expect(reports.at(-1)).to.include({ lost: 8 });
    });
  });

  it('reports a queue that grows long once', async () => {
    await withSystem({}, async (system) => {
      const gate = deferred();
      system.requires.counter.subscribe.total(() => gate.promise);
      for (let value = 0; value < 200; value += 1) publish(system, value);
      await settle();
      expect(system.lines.with('a queue grows long')).to.have.lengthOf(1);
      gate.resolve();
    });
  });

  it('is remembered, and can be iterated', async () => {
    await withSystem({}, async (system) => {
      const { counter } = system.requires;
      expect(counter.latest.total).to.equal(undefined);
      const controller = new AbortController();
      const seen: number[] = [];
      const reading = (async () => {
        for await (const value of counter.stream.total({ signal: controller.signal })) {
          seen.push(value);
          if (value === 3) controller.abort();
        }
      })();
      for (const value of [1, 2, 3, 4]) publish(system, value);
      await reading;
      expect(seen.slice(0, 3)).to.deep.equal([1, 2, 3]);
      expect(counter.latest.total).to.equal(4);
    });
  });

  it('stream ends when the module stops', async () => {
    let ended = false;
    await withSystem({}, async ({ requires }) => {
      void (async () => {
        for await (const value of requires.counter.stream.total()) value;
        ended = true;
      })();
    });
    await settle();
    expect(ended).to.equal(true);
  });

  it('without payload arrives as null', async () => {
    await withSystem({}, async ({ requires, counters }) => {
      const seen: unknown[] = [];
      requires.counter.subscribe.wrapped((value) => void seen.push(value));
      counters[0]!['provides'].main.publish.wrapped();
      await settle();
      expect(seen).to.deep.equal([null]);
    });
  });

  it('is not replayed to a subscriber that comes later', async () => {
    await withSystem({}, async (system) => {
      publish(system, 1);
      await settle();
      const seen: number[] = [];
      system.requires.counter.subscribe.total((value) => void seen.push(value));
      publish(system, 2);
      await settle();
      expect(seen).to.deep.equal([2]);
    });
  });

  it('that came during the consumer’s init is delivered after it', async () => {
    const log: string[] = [];
    let system: System | undefined;
    await withSystem(
      {
        hooks: { constructed: (module) => void setImmediate(() => module['provides'].main.publish.total(1)) },
        userInit: async (user) => {
          user.parts.requires.counter.subscribe.total((value) => void log.push(`value ${value}`));
          await settle();
          log.push('init ended');
        },
      },
      async (started) => {
        system = started;
        await settle();
      },
    );
    expect(system?.requires.counter.latest.total).to.equal(1);
    expect(log).to.deep.equal(['init ended', 'value 1']);
  });

  it('does not reach a handler that was unsubscribed', async () => {
    await withSystem({}, async (system) => {
      const seen: number[] = [];
      const handle = system.requires.counter.subscribe.total((value) => void seen.push(value));
      {
        using other = system.requires.counter.subscribe.total((value) => void seen.push(-value));
        other;
      }
      publish(system, 1);
      await settle();
      handle.unsubscribe();
      publish(system, 2);
      await settle();
      expect(seen).to.deep.equal([1]);
    });
  });

  it('handler that fails is reported; the module and the other subscribers go on', async () => {
    await withSystem({}, async (system) => {
      const seen: number[] = [];
      system.requires.counter.subscribe.total(() => {
        throw new Error('no');
      });
      system.requires.counter.subscribe.total(() => Promise.reject(new Error('no either')));
      system.requires.counter.subscribe.total((value) => void seen.push(value));
      publish(system, 1);
      publish(system, 2);
      await settle();
      expect(seen).to.deep.equal([1, 2]);
      expect(system.lines.with('a handler failed')).to.have.lengthOf(4);
      expect(system.lines.with('a handler failed')[0]).to.include({
        module: 'user',
        handler: 'counter/main.total for user',
      });
      expect(system.runtime.modules().every(({ state }) => state === 'running')).to.equal(true);
    });
  });

  it('exchange without end does not starve the event loop', async () => {
    await withSystem({}, async (system) => {
      let rounds = 0;
      system.requires.counter.subscribe.total((value) => {
        rounds += 1;
        if (rounds < 5_000) publish(system, value + 1);
      });
      publish(system, 0);
      const before = await new Promise<number>((resolve) => setImmediate(() => resolve(rounds)));
      expect(before).to.be.lessThan(5_000);
      while (rounds < 5_000) await settle();
    });
  });
});
