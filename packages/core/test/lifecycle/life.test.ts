// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ModuleStepError, createRuntime, formatBootTree } from '@carabiner/core';
import { CounterDescriptor, CounterModule, UserModule } from '../support/modules.js';
import { makeSystem, rejection, settle, withSystem } from '../support/system.js';

describe('the life of modules', () => {
  it('is constructed, init, ready of all, shutdown in reverse', async () => {
    const log: string[] = [];
    class User extends UserModule {
      override init(): void {
        log.push('init user');
      }
      override ready(): void {
        log.push('ready user');
      }
      override shutdown(): void {
        log.push('shutdown user');
      }
    }
    const system = await makeSystem({
      modules: { UserModule: User },
      hooks: {
        constructed: () => void log.push('constructed counter'),
        init: async () => {
          await settle();
          log.push('init counter');
        },
        ready: () => void log.push('ready counter'),
        shutdown: () => void log.push('shutdown counter'),
      },
    });
    const states: string[] = [];
    system.runtime.observe((event) => {
      if (event.kind === 'module' && event.state !== 'running')
        states.push(`${event.moduleId} ${event.state}`);
      if (event.kind === 'runtime') states.push(event.state);
    });
    await system.runtime.start();
    await system.runtime.stop();
    expect(log).to.deep.equal([
      'constructed counter',
      'init counter',
      'init user',
      'ready counter',
      'ready user',
      'shutdown user',
      'shutdown counter',
    ]);
    expect(states).to.deep.equal([
      'starting',
      'counter initialising',
      'counter initialised',
      'user initialising',
      'user initialised',
      'counter starting',
      'user starting',
      'running',
      'stopping',
      'user stopping',
      'user stopped',
      'counter stopping',
      'counter stopped',
      'stopped',
    ]);
  });

  it('is not disturbed by names that every object inherits', async () => {
    const requirement = { ...UserModule.descriptor.requires['spare']! };
    const text = { type: 'string', description: 'It', default: 'x', mutability: 'ReadOnly' } as const;
    class Odd extends CounterModule {
      static override readonly descriptor = {
        ...CounterDescriptor,
        config: { ...CounterDescriptor.config, constructor: text },
        provides: { valueOf: { ...CounterDescriptor.provides['main']!, config: { name: text } } },
        requires: { toString: requirement },
      };
      override readonly implementations = {
        main: { add: () => 0, reset: () => undefined },
        valueOf: { add: () => 1, reset: () => undefined },
      };
    }
    const odd = { module: 'Odd', mapping: { module: { evse: 1 } } };
    const connections = { counter: [{ module_id: 'odd', implementation_id: 'valueOf' }] };
    const user = { module: 'UserModule', connections };
    await withSystem({ modules: { Odd }, more: { odd, user } }, async ({ runtime, requires }) => {
      const { context } = runtime.slots.get('odd')!.instance!.module as unknown as {
        readonly context: {
          readonly config: object;
          readonly implementationConfig: object;
          readonly requires: { readonly toString: unknown };
          readonly provides: {
            readonly valueOf: { readonly errors: CounterModule['provides']['main']['errors'] };
          };
        };
      };
      expect(context.config).to.deep.equal({ step: 0, constructor: 'x' });
      expect(context.implementationConfig).to.deep.equal({ valueOf: { name: 'x' } });
      expect(Object.hasOwn(context.requires, 'toString')).to.equal(true);
      expect(context.requires.toString).to.equal(undefined);
      expect(requires.counter.connection.mapping).to.deep.equal({ evse: 1 });
      expect(await requires.counter.call.add({ amount: 1 })).to.equal(1);
      const error = context.provides.valueOf.errors.raise({ type: 'counter/Overflow', message: 'm' });
      expect(error?.origin.mapping).to.deep.equal({ evse: 1 });
    });
  });

  it('starts in a circle of modules', async () => {
    const ring = (id: string, other: string): object => ({
      module: id,
      connections: { counter: [{ module_id: other, implementation_id: 'main' }] },
    });
    const make = (module: string): typeof UserModule =>
      class extends UserModule {
        static override readonly descriptor = {
          ...UserModule.descriptor,
          module,
          provides: CounterDescriptor.provides,
        };
        override readonly implementations = { main: { add: () => 0, reset: () => undefined } };
      };
    const runtime = await createRuntime({
      composition: { active_modules: { a: ring('A', 'b'), b: ring('B', 'a') } },
      modules: { A: make('A'), B: make('B') },
      log: { level: 'silent' },
    });
    await runtime.start();
    expect(runtime.modules().map(({ state }) => state)).to.deep.equal(['running', 'running']);
    await runtime.stop();
  });

  for (const step of ['init', 'ready'] as const) {
    it(`names the module whose ${step} fails, and takes everything down again`, async () => {
      const log: string[] = [];
      const system = await makeSystem({
        hooks: {
          init: (module) => module['context'].onUnload(() => void log.push('undone')),
          shutdown: () => void log.push('shutdown counter'),
        },
        ...(step === 'init'
          ? { userInit: () => Promise.reject(new Error('no device')) }
          : { userReady: () => Promise.reject(new Error('no device')) }),
      });
      const error = await rejection(system.runtime.start(), ModuleStepError);
      expect(error).to.include({ moduleId: 'user', step });
      expect(error.message).to.equal(`module user: ${step} failed: no device`);
      expect(log).to.deep.equal(['shutdown counter', 'undone']);
      expect(system.runtime.state).to.equal('stopped');
      expect(system.clock.pending).to.equal(0);
    });

    it(`names the module whose ${step} takes too long`, async () => {
      const forever = (): Promise<void> => new Promise(() => undefined);
      const system = await makeSystem({
        settings: { [`${step}_timeout_ms`]: 700 },
        hooks: { [step]: forever },
      });
      const start = rejection(system.runtime.start());
      await system.clock.advance(699);
      expect(system.runtime.state).to.equal('starting');
      await system.clock.advance(2);
      await settle();
      const error = await start;
      expect(error.message).to.equal(`module counter: ${step} did not finish within 700 ms`);
    });
  }

  it('fails when a constructor throws, with what was made by then undone', async () => {
    class Throws extends CounterModule {
      constructor(context: CounterModule['context']) {
        super(context);
        this.clock.setInterval(() => undefined, 10);
        throw new Error('bad wiring');
      }
    }
    const system = await makeSystem({ modules: { CounterModule: Throws } });
    const error = await rejection(system.runtime.start());
    expect(error.message).to.equal('module counter: construct failed: bad wiring');
    expect(system.clock.pending).to.equal(0);
  });

  it('fails when a command has no method', async () => {
    const system = await makeSystem({ handlers: { add: undefined as never } });
    const error = await rejection(system.runtime.start());
    expect(error.message).to.contain('has no method implementations.main.add');
  });

  it('bounds a shutdown that hangs, and goes on with the others', async () => {
    const system = await makeSystem({
      settings: { shutdown_timeout_ms: 300 },
      hooks: { shutdown: () => new Promise(() => undefined) },
    });
    await system.runtime.start();
    const stop = system.runtime.stop();
    await system.clock.advance(301);
    await stop;
    expect(system.lines.with('a module did not shut down cleanly')).to.have.lengthOf(1);
    expect(system.runtime.state).to.equal('stopped');
  });

  it('undoes every side effect of a module by itself, in reverse order', async () => {
    const log: string[] = [];
    let ticks = 0;
    let pending: (() => number) | undefined;
    await withSystem(
      {
        hooks: {
          init: (module) => {
            module['context'].onUnload(() => void log.push('first'));
            module['context'].onUnload(() => Promise.reject(new Error('stuck')));
            module['context'].onUnload(() => void log.push('second'));
            module['clock'].setInterval(() => (ticks += 1), 10);
            module['clock'].setTimeout(() => (ticks += 100), 1_000);
            void module['clock'].sleep(1_000_000).catch(() => log.push('woken'));
          },
          shutdown: (module) => void log.push(`signal ${module['signal'].aborted}`),
        },
      },
      async ({ clock }) => {
        pending = () => clock.pending;
        await clock.advance(35);
        expect(ticks).to.equal(3);
      },
    );
    expect(pending?.()).to.equal(0);
    expect(log.filter((line) => line !== 'woken')).to.deep.equal(['signal true', 'second', 'first']);
    expect(log).to.contain('woken');
  });

  it('makes an unloaded module mute', async () => {
    const system = await makeSystem();
    await system.runtime.start();
    const { provides } = system.counters[0]! as unknown as { provides: CounterModule['provides'] };
    await system.runtime.stop();
    expect(() => provides.main.publish.total(1)).to.not.throw();
    expect(provides.main.errors.raise({ type: 'counter/Overflow', message: '' })).to.equal(undefined);
  });

  it('is measured as a tree', async () => {
    await withSystem({ userInit: async () => undefined }, ({ runtime }) => {
      const tree = runtime.bootTree;
      expect(tree.steps.map(({ name }) => name)).to.deep.equal([
        'check',
        'load',
        'construct',
        'init',
        'ready',
      ]);
      expect(tree.steps[1]!.steps.map(({ name }) => name)).to.deep.equal(['counter', 'user']);
      expect(tree.steps[3]!.steps.map(({ name }) => name)).to.deep.equal(['counter', 'user']);
      expect(formatBootTree(tree)).to.match(/^start {2}0\.0 ms\n {2}check /);
    });
    const slow = await makeSystem({ hooks: { init: (module) => module['clock'].sleep(120) } });
    const start = slow.runtime.start();
    await slow.clock.advance(120);
    await start;
    expect(formatBootTree(slow.runtime.bootTree)).to.contain('    counter  120.0 ms');
    await slow.runtime.stop();
  });

  it('cannot be started twice', async () => {
    await withSystem({}, async ({ runtime }) => {
      expect((await rejection(runtime.start())).message).to.contain('running already');
    });
  });
});
