// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { expect } from 'chai';
import fc from 'fast-check';
import { DeadlineList } from '../../dist/bus/deadline-list.js';
import { Fifo } from '../../dist/bus/fifo.js';
import { PendingCall } from '../../dist/bus/pending-call.js';
import { deferred, settle, withSystem } from '../support/system.js';

type Step =
  | {
      readonly kind: 'call';
      readonly handler: 'sync' | 'async' | 'throw' | 'reject';
      readonly timeoutMs: number | undefined;
    }
  | { readonly kind: 'abort' | 'release'; readonly which: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'turn' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('call' as const),
        handler: fc.constantFrom('sync', 'async', 'throw', 'reject'),
        timeoutMs: fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('abort', 'release'), which: fc.nat(20) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 30 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  ),
  { maxLength: 40 },
);

describe('calls of one command, however they end', () => {
  it('never overlap, keep their order, settle once, and leave nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        let running = 0;
        const begun: number[] = [];
        const gates: ReturnType<typeof deferred<void>>[] = [];
        const kinds: string[] = [];
        const handlers = {
          add: ({ amount }: { amount: number }): number | Promise<number> => {
            expect(running).to.equal(0);
            begun.push(amount);
            const kind = kinds[amount];
            if (kind === 'throw') throw new Error('thrown');
            if (kind === 'sync') return amount;
            running += 1;
            return gates[amount]!.promise.then(() => {
              running -= 1;
              if (kind === 'reject') throw new Error('rejected');
              return amount;
            });
          },
        };
        await withSystem({ handlers }, async ({ requires, clock, runtime }) => {
          const controllers: AbortController[] = [];
          const outcomes: string[][] = [];
          for (const step of script)
            switch (step.kind) {
              case 'call': {
                const index = gates.length;
                const controller = new AbortController();
                gates.push(deferred());
                kinds.push(step.handler);
                controllers.push(controller);
                const outcome: string[] = [];
                outcomes.push(outcome);
                requires.counter.call
                  .add(
                    { amount: index },
                    {
                      signal: controller.signal,
                      ...(step.timeoutMs === undefined ? {} : { timeoutMs: step.timeoutMs }),
                    },
                  )
                  .then(
                    (value) => outcome.push(`value ${value === index}`),
                    () => outcome.push('error'),
                  );
                break;
              }
              case 'abort':
                controllers[step.which]?.abort(new Error('aborted'));
                break;
              case 'release':
                gates[step.which]?.resolve();
                break;
              case 'advance':
                await clock.advance(step.ms);
                break;
              case 'turn':
                await settle();
                break;
            }
          for (const gate of gates) gate.resolve();
          for (let turn = 0; turn < gates.length; turn += 1) await settle();
          expect(outcomes.filter((each) => each.length !== 1)).to.deep.equal([]);
          expect(outcomes.flat()).to.not.include('value false');
          expect(begun).to.deep.equal([...begun].sort((a, b) => a - b));
          const port = [...runtime.slots.get('counter')!.endpoint.ports()][0]!;
          expect(port).to.include({ busy: false, waiting: 0 });
          expect(clock.pending).to.equal(0);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('Fifo', () => {
  it('behaves like an array', () => {
    const actions = fc.array(fc.oneof(fc.nat(50), fc.constantFrom('shift' as const, 'remove' as const)), {
      maxLength: 3_000,
    });
    fc.assert(
      fc.property(actions, (script) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        for (const action of script) {
          if (action === 'shift') expect(fifo.shift()).to.equal(model.shift());
          else if (action === 'remove') {
            const index = model.indexOf(7);
            expect(fifo.remove((item) => item === 7)).to.equal(index >= 0);
            if (index >= 0) model.splice(index, 1);
          } else {
            fifo.push(action);
            model.push(action);
          }
          expect(fifo.length).to.equal(model.length);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('stays small when it is long for long', () => {
    const fifo = new Fifo<number>();
    for (let index = 0; index < 2_000; index += 1) fifo.push(index);
    for (let index = 0; index < 5_000; index += 1) {
      fifo.push(2_000 + index);
      expect(fifo.shift()).to.equal(index);
    }
    expect(fifo.length).to.equal(2_000);
  });
});

describe('DeadlineList', () => {
  it('ends each call at its time, whichever others come and go', async () => {
    const script = fc.array(
      fc.oneof(
        fc.constant('add' as const),
        fc.record({ remove: fc.nat(20) }),
        fc.record({ advance: fc.integer({ min: 1, max: 60 }) }),
      ),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(script, async (actions) => {
        const clock = new VirtualClock();
        const list = new DeadlineList(clock, 100);
        const expired: number[] = [];
        const calls: { readonly call: PendingCall; readonly dueMs: number; open: boolean }[] = [];
        const owner = {
          expire: (call: PendingCall): void => {
            const index = calls.findIndex((each) => each.call === call);
            expired.push(index);
            expect(clock.monotonic()).to.equal(calls[index]!.dueMs);
            calls[index]!.open = false;
          },
        };
        for (const action of actions) {
          if (action === 'add') {
            const call = new PendingCall('x', {}, owner, 0);
            calls.push({ call, dueMs: clock.monotonic() + 100, open: true });
            list.add(call);
          } else if ('remove' in action) {
            const found = calls[action.remove];
            if (found === undefined) continue;
            list.remove(found.call);
            found.open = false;
          } else await clock.advance(action.advance);
        }
        const open = calls.flatMap(({ open: is }, index) => (is ? [index] : []));
        expired.splice(0);
        await clock.advance(100);
        expect(expired).to.deep.equal(open);
        expect(clock.pending).to.equal(0);
      }),
      { numRuns: 100 },
    );
  });
});
