// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { isCallError, NotReady, type CallContext } from '@carabiner/core';
import { deferred, makeSystem, rejection, settle, withSystem } from '../support/system.js';

describe('a command call', () => {
  it('never overlaps another call of the same command, and keeps the order', async () => {
    const gates = [deferred(), deferred(), deferred()];
    const log: string[] = [];
    await withSystem(
      {
        handlers: {
          add: async ({ amount }) => {
            log.push(`begin ${amount}`);
            await gates[amount]?.promise;
            log.push(`end ${amount}`);
            return amount;
          },
        },
      },
      async ({ requires }) => {
        const calls = [0, 1, 2].map((amount) => requires.counter.call.add({ amount }));
        gates[2]?.resolve();
        gates[1]?.resolve();
        await settle();
        expect(log).to.deep.equal(['begin 0']);
        gates[0]?.resolve();
        expect(await Promise.all(calls)).to.deep.equal([0, 1, 2]);
        expect(log).to.deep.equal(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
      },
    );
  });

  it('runs beside a call of another command', async () => {
    const gate = deferred<number>();
    await withSystem({ handlers: { add: () => gate.promise } }, async ({ requires }) => {
      const slow = requires.counter.call.add({ amount: 1 });
      await requires.counter.call.reset();
      gate.resolve(5);
      expect(await slow).to.equal(5);
    });
  });

  it('tells the handler its caller', async () => {
    let origin: string | undefined;
    await withSystem(
      {
        handlers: {
          add: (_args, call) => {
            origin = call.origin;
            return 0;
          },
        },
      },
      async ({ requires, runtime }) => {
        await requires.counter.call.add({ amount: 1 });
        expect(origin).to.equal('user');
        await runtime.call('counter', 'main', 'add', { amount: 1 });
        expect(origin).to.equal('carabiner');
      },
    );
  });

  it('turns what a handler throws or rejects with into HandlerException and keeps the cause', async () => {
    const cause = new RangeError('off by one');
    for (const add of [
      () => {
        throw cause;
      },
      () => Promise.reject(cause),
    ])
      await withSystem({ handlers: { add } }, async ({ requires }) => {
        const error = await rejection(requires.counter.call.add({ amount: 1 }));
        expect(isCallError(error, 'HandlerException')).to.equal(true);
        expect(error.message).to.contain('counter/main.add').and.to.contain('off by one');
        expect(error.cause).to.equal(cause);
        await requires.counter.call.reset();
      });
  });

  it('hands on a call error as it is', async () => {
    const inner = new NotReady('ask later');
    await withSystem({ handlers: { add: () => Promise.reject(inner) } }, async ({ requires }) => {
      expect(await rejection(requires.counter.call.add({ amount: 1 }))).to.equal(inner);
    });
  });

  it('ends with CmdTimeout after its time, which defaults to 300 s', async () => {
    await withSystem(
      { handlers: { add: () => new Promise(() => undefined) } },
      async ({ requires, clock }) => {
        const own = rejection(requires.counter.call.add({ amount: 1 }, { timeoutMs: 50 }));
        await clock.advance(50);
        expect(isCallError(await own, 'CmdTimeout')).to.equal(true);

        let late: Error | undefined;
        void rejection(requires.counter.call.add({ amount: 2 })).then((error) => {
          late = error;
        });
        await settle();
        await clock.advance(299_900);
        expect(late).to.equal(undefined);
        await clock.advance(200);
        expect(isCallError(late, 'CmdTimeout')).to.equal(true);
      },
    );
  });

  it('keeps later calls waiting while a handler that timed out is still at work', async () => {
    const gate = deferred<number>();
    let begun = 0;
    await withSystem(
      {
        handlers: {
          add: () => {
            begun += 1;
            return begun === 1 ? gate.promise : 2;
          },
        },
      },
      async ({ requires, clock }) => {
        const first = rejection(requires.counter.call.add({ amount: 1 }, { timeoutMs: 10 }));
        const second = requires.counter.call.add({ amount: 1 });
        await clock.advance(10);
        await first;
        expect(begun).to.equal(1);
        gate.resolve(1);
        expect(await second).to.equal(2);
      },
    );
  });

  it('ends when its signal aborts, and aborts the handler’s', async () => {
    let context: CallContext | undefined;
    await withSystem(
      {
        handlers: {
          add: (_args, call) => {
            context = call;
            return new Promise(() => undefined);
          },
        },
      },
      async ({ requires }) => {
        const controller = new AbortController();
        const call = rejection(requires.counter.call.add({ amount: 1 }, { signal: controller.signal }));
        const reason = new Error('changed my mind');
        controller.abort(reason);
        expect(await call).to.equal(reason);
        expect(context?.signal.aborted).to.equal(true);
        expect(context?.signal.reason).to.equal(reason);
      },
    );
  });

  it('never begins when it was given up while it waited', async () => {
    const gate = deferred<number>();
    const seen: number[] = [];
    await withSystem(
      {
        handlers: {
          add: ({ amount }) => {
            seen.push(amount);
            return amount === 1 ? gate.promise : amount;
          },
        },
      },
      async ({ requires }) => {
        const controller = new AbortController();
        const first = requires.counter.call.add({ amount: 1 });
        const second = rejection(requires.counter.call.add({ amount: 2 }, { signal: controller.signal }));
        const third = requires.counter.call.add({ amount: 3 });
        controller.abort(new Error('no longer'));
        await second;
        gate.resolve(1);
        expect(await first).to.equal(1);
        expect(await third).to.equal(3);
        expect(seen).to.deep.equal([1, 3]);
      },
    );
  });

  it('is refused with NotReady before the callee is initialised and with Shutdown after it stopped', async () => {
    let early: Promise<Error> | undefined;
    const system = await makeSystem({
      hooks: {
        init: () => {
          early = rejection(system.runtime.call('counter', 'main', 'reset'));
        },
      },
    });
    await system.runtime.start();
    expect(isCallError(await early, 'NotReady')).to.equal(true);
    await system.runtime.stop();
    expect(isCallError(await rejection(system.requires.counter.call.reset()), 'Shutdown')).to.equal(true);
  });

  it('that is served when its module stops ends with Shutdown', async () => {
    const system = await makeSystem({ handlers: { add: () => new Promise(() => undefined) } });
    await system.runtime.start();
    const call = rejection(system.requires.counter.call.add({ amount: 1 }));
    await system.runtime.stop();
    expect(isCallError(await call, 'Shutdown')).to.equal(true);
    expect(system.clock.pending).to.equal(0);
  });

  it('is told by its signal that the module shuts down, and may still answer', async () => {
    const system = await makeSystem({
      handlers: {
        add: (_args, { signal }) =>
          new Promise((resolve) => signal.addEventListener('abort', () => resolve(42), { once: true })),
      },
    });
    await system.runtime.start();
    const call = system.requires.counter.call.add({ amount: 1 });
    await system.runtime.stop();
    expect(await call).to.equal(42);
  });

  it('beyond the bound of the queue is refused at once and reported', async () => {
    const gate = deferred<number>();
    await withSystem(
      { settings: { queue_limit: 150 }, handlers: { add: () => gate.promise } },
      async ({ requires, lines }) => {
        const calls = Array.from({ length: 151 }, () => requires.counter.call.add({ amount: 1 }));
        expect(lines.with('a queue grows long')).to.have.lengthOf(1);
        const error = await rejection(requires.counter.call.add({ amount: 1 }));
        expect(isCallError(error, 'NotReady')).to.equal(true);
        expect(lines.with('a queue is full')[0]).to.include({ queue: 'counter/main.add', lost: 1 });
        gate.resolve(1);
        await Promise.all(calls);
      },
    );
  });

  it('that was given up leaves its place in the queue', async () => {
    const gate = deferred<number>();
    await withSystem(
      { settings: { queue_limit: 1 }, handlers: { add: () => gate.promise } },
      async ({ requires }) => {
        const first = requires.counter.call.add({ amount: 1 });
        const controller = new AbortController();
        const second = rejection(requires.counter.call.add({ amount: 2 }, { signal: controller.signal }));
        controller.abort(new Error('no longer'));
        await second;
        const third = requires.counter.call.add({ amount: 3 });
        gate.resolve(9);
        expect(await Promise.all([first, third])).to.deep.equal([9, 9]);
      },
    );
  });

  it('leaves no timer behind', async () => {
    await withSystem({}, async ({ requires, clock }) => {
      await requires.counter.call.add({ amount: 1 });
      await requires.counter.call.add({ amount: 1 }, { timeoutMs: 1_000 });
      await settle();
      expect(clock.pending).to.equal(0);
    });
  });
});

describe('validation', () => {
  const bad = { amount: 'much' as unknown as number };

  it('all: refuses bad arguments in the caller, bad results in the callee, bad values in the publisher', async () => {
    let reached = false;
    await withSystem(
      {
        handlers: {
          add: () => {
            reached = true;
            return 'text' as unknown as number;
          },
        },
      },
      async ({ requires, counters }) => {
        const caller = await rejection(requires.counter.call.add(bad));
        expect(isCallError(caller, 'SchemaValidationError')).to.equal(true);
        expect(reached).to.equal(false);
        const callee = await rejection(requires.counter.call.add({ amount: 1 }));
        expect(isCallError(callee, 'SchemaValidationError')).to.equal(true);
        expect(callee.message).to.contain('expected a number');
        const provides = counters[0]!['provides'];
        expect(() => provides.main.publish.total('x' as unknown as number)).to.throw('expected a number');
      },
    );
  });

  for (const validation of ['boundary', 'off'])
    it(`${validation}: trusts what stays in this process`, async () => {
      await withSystem(
        { settings: { validation }, handlers: { add: ({ amount }) => amount } },
        async ({ requires }) => {
          expect(await requires.counter.call.add(bad)).to.equal('much');
        },
      );
    });

  it('boundary: checks what comes from outside; off: does not', async () => {
    for (const [validation, refused] of [
      ['boundary', true],
      ['off', false],
    ] as const)
      await withSystem(
        { settings: { validation }, handlers: { add: ({ amount }) => amount } },
        async ({ runtime }) => {
          const outcome = await runtime.call('counter', 'main', 'add', bad).catch((error: unknown) => error);
          expect(isCallError(outcome, 'SchemaValidationError')).to.equal(refused);
        },
      );
  });
});
