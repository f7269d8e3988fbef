// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { CompositionError, SwapError, isCallError } from '@carabiner/core';
import { Counter, CounterDescriptor, CounterModule } from '../support/modules.js';
import { Installation, MANIFEST, moduleCode } from '../support/packages.js';
import { deferred, rejection, settle, withSystem } from '../support/system.js';

/** Serves like a counter, but says with a high number who it is. */
class Better extends CounterModule {
  static override readonly descriptor = { ...CounterDescriptor, module: 'Better' };
  override readonly implementations: CounterModule['implementations'] = {
    main: { add: ({ amount }: { amount: number }) => 1_000_000 + amount, reset: () => undefined },
  };
  override ready(): void {
    this.provides.main.publish.total(-1);
  }
}

describe('a swap', () => {
  it('under load loses no call and answers none twice', async () => {
    const served: number[] = [];
    await withSystem(
      {
        handlers: {
          add: async ({ amount }) => {
            served.push(amount);
            await settle();
            return amount;
          },
        },
      },
      async ({ runtime, requires }) => {
        class Recording extends Better {
          override readonly implementations = {
            main: {
              add: async ({ amount }: { amount: number }) => {
                served.push(amount);
                await settle();
                return 1_000_000 + amount;
              },
              reset: () => undefined,
            },
          };
        }
        const answers: Promise<number>[] = [];
        let next = 0;
        const stop = new AbortController();
        const pusher = (async () => {
          while (!stop.signal.aborted) {
            answers.push(requires.counter.call.add({ amount: next }));
            next += 1;
            await new Promise<void>((resolve) => setImmediate(resolve));
          }
        })();
        await settle();
        await runtime.replace('counter', Recording);
        await settle();
        stop.abort();
        await pusher;
        const results = await Promise.all(answers);
        expect(results.map((result) => result % 1_000_000)).to.deep.equal(results.map((_, index) => index));
        expect(served).to.deep.equal(results.map((_, index) => index));
        const first = results.findIndex((result) => result >= 1_000_000);
        expect(first).to.be.greaterThan(0);
        expect(results.slice(first).every((result) => result >= 1_000_000)).to.equal(true);
        expect(runtime.modules()[0]).to.include({ module: 'Better', state: 'running' });
      },
    );
  });

  it('keeps clients, subscriptions and iterations of the consumers, and forgets old values', async () => {
    await withSystem({}, async ({ runtime, requires }) => {
      const seen: number[] = [];
      requires.counter.subscribe.total((value) => void seen.push(value));
      await requires.counter.call.add({ amount: 3 });
      await settle();
      await runtime.replace('counter', Better);
      await settle();
      expect(seen).to.deep.equal([3, -1]);
      expect(requires.counter.latest.total).to.equal(-1);
    });
  });

  it('waits for the call that is served; one that takes too long ends with Shutdown', async () => {
    const log: string[] = [];
    const gate = deferred<number>();
    await withSystem(
      {
        settings: { drain_timeout_ms: 500 },
        handlers: { add: ({ amount }) => (amount === 1 ? gate.promise : new Promise(() => undefined)) },
        hooks: { shutdown: () => void log.push('shutdown') },
      },
      async ({ runtime, requires, clock }) => {
        const first = requires.counter.call.add({ amount: 1 }).then((value) => log.push(`answered ${value}`));
        const swap = runtime.replace('counter', Better);
        await settle();
        expect(log).to.deep.equal([]);
        gate.resolve(7);
        await swap;
        await first;
        expect(log).to.deep.equal(['answered 7', 'shutdown']);
        expect(clock.pending).to.equal(0);
      },
    );
    await withSystem(
      { settings: { drain_timeout_ms: 500 }, handlers: { add: () => new Promise(() => undefined) } },
      async ({ runtime, requires, clock }) => {
        const hanging = rejection(requires.counter.call.add({ amount: 1 }));
        const waiting = requires.counter.call.add({ amount: 2 });
        const swap = runtime.replace('counter', Better);
        await clock.advance(500);
        await swap;
        expect(isCallError(await hanging, 'Shutdown')).to.equal(true);
        expect(await waiting).to.equal(1_000_002);
      },
    );
  });

  it('starts the former module again when the new one fails, and tells why', async () => {
    class Broken extends Better {
      override init(): void {
        throw new Error('no such device');
      }
    }
    await withSystem({}, async ({ runtime, requires, counters }) => {
      const swap = rejection(runtime.replace('counter', Broken), SwapError);
      const meanwhile = requires.counter.call.add({ amount: 4 });
      const error = await swap;
      expect(error.restored).to.equal(true);
      expect(error.message).to.contain('no such device').and.to.contain('serves again');
      expect(await meanwhile).to.equal(4);
      expect(counters).to.have.lengthOf(2);
      expect(runtime.modules()[0]).to.include({ module: 'CounterModule', state: 'running' });
    });
  });

  it('leaves a module that cannot be brought back to the restart policy', async () => {
    class Broken extends Better {
      override init(): void {
        throw new Error('no such device');
      }
    }
    let broken = false;
    await withSystem(
      {
        counter: { restart: { delay_ms: 50 } },
        hooks: {
          init: () => {
            if (broken) throw new Error('lost it');
          },
        },
      },
      async ({ runtime, requires, clock }) => {
        broken = true;
        const error = await rejection(runtime.replace('counter', Broken), SwapError);
        expect(error.restored).to.equal(false);
        const refused = await rejection(requires.counter.call.reset());
        expect(isCallError(refused, 'NotReady')).to.equal(true);
        broken = false;
        await clock.advance(50);
        expect(await requires.counter.call.add({ amount: 1 })).to.equal(1);
      },
    );
  });

  const misfits: { readonly [title: string]: readonly [typeof CounterModule, string] } = {
    'another interface': [
      class extends Better {
        static override readonly descriptor = {
          ...Better.descriptor,
          provides: { main: { description: '', interface: { ...Counter, name: 'other' }, config: {} } },
        };
      },
      'interface-mismatch',
    ],
    'a value that is missing': [
      class extends Better {
        static override readonly descriptor = {
          ...Better.descriptor,
          config: { port: { type: 'string', description: '', mutability: 'ReadOnly' } },
        } as const;
      },
      'missing-parameter',
    ],
    'an interface that lost a command': [
      class extends Better {
        static override readonly descriptor = {
          ...Better.descriptor,
          provides: {
            main: {
              description: '',
              interface: {
                ...Counter,
                definition: { cmds: {} },
              },
              config: {},
            },
          },
        };
      },
      'incompatible-interface',
    ],
  };
  for (const [title, [misfit, code]] of Object.entries(misfits))
    it(`is refused before anything is touched: ${title}`, async () => {
      const own = { ...Counter, definition: { cmds: { add: { arguments: {} } } } };
      class User extends (await import('../support/modules.js')).UserModule {
        static override readonly descriptor = {
          ...super.descriptor,
          requires: { counter: { ...super.descriptor.requires['counter']!, interface: own } },
        };
      }
      class Provider extends CounterModule {
        static override readonly descriptor = {
          ...CounterDescriptor,
          provides: { main: { description: '', interface: own, config: {} } },
        };
      }
      const modules = { CounterModule: Provider, UserModule: User };
      await withSystem({ modules }, async ({ runtime }) => {
        const states: string[] = [];
        runtime.observe((event) => {
          if (event.kind === 'module') states.push(event.state);
        });
        const error = await rejection(runtime.replace('counter', misfit), CompositionError);
        expect(error.findings.map((finding) => finding.code)).to.include(code);
        expect(states).to.deep.equal([]);
      });
    });

  it('takes a package that was installed meanwhile', async () => {
    const place = new Installation();
    try {
      class Plain extends CounterModule {
        static override readonly descriptor = {
          ...CounterDescriptor,
          config: {},
          provides: {
            main: { description: '', interface: { ...Counter, commands: {}, variables: {} }, config: {} },
          },
        };
        override readonly implementations = { main: {} } as never;
      }
      const composition = { active_modules: { counter: { module: 'CounterModule' } } };
      await withSystem(
        { composition, modules: { CounterModule: Plain }, folder: place.folder },
        async ({ runtime }) => {
          place.install(
            'acme-counter',
            { carabiner: { modules: { Acme: './manifest.yaml' } } },
            { 'manifest.yaml': MANIFEST, 'index.js': moduleCode('Acme', 'from the package') },
          );
          await runtime.replace('counter', { module: 'Acme' });
          expect(await runtime.call('counter', 'main', 'id')).to.equal('from the package');
          expect(runtime.modules()[0]!.package).to.equal('acme-counter@1.2.3');
        },
      );
    } finally {
      place.remove();
    }
  });

  it('needs a running runtime and a module of this process', async () => {
    await withSystem({}, async ({ runtime }) => {
      expect((await rejection(runtime.replace('nobody', Better))).message).to.contain('no module nobody');
      await runtime.stop();
      expect((await rejection(runtime.replace('counter', Better))).message).to.contain('stopped');
    });
  });
});
