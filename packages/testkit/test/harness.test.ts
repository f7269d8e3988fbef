// SPDX-License-Identifier: Apache-2.0
import { inject, injectable, isCallError, singleton, token, type DependencyContainer } from '@carabiner/core';
import { after, ContractViolationError, createHarness, fails, hangs, inTurn } from '@carabiner/testkit';
import { expect } from 'chai';
import { LampModuleBase, type LampModuleContext, type LampModuleImplementations } from './lamp-module.js';

const tokens = { context: token('context'), clock: token('clock') };

class LampModule extends LampModuleBase {
  readonly seen: unknown[] = [];
  override readonly implementations: LampModuleImplementations = {
    main: {
      dim: async ({ level }) => {
        if (level > this.config.maxLevel) throw new Error('too bright');
        await this.requires.relay.call.close({ delay: 5 }, { timeoutMs: 1_000 });
        this.provides.main.publish.level(level);
        return true;
      },
      off: async () => {
        await this.requires.relay.call.open();
      },
    },
  };

  override init(): void {
    this.requires.relay.subscribe.closed(async (closed) => {
      this.seen.push(closed);
      await this.clock.sleep(10);
    });
    this.requires.relay.errors.subscribe('*', {
      raised: ({ message }) =>
        this.provides.main.errors.raise({ type: 'lamp/Broken', message, severity: 'High' }),
      cleared: () => this.provides.main.errors.clear('lamp/Broken'),
    });
    this.context.onConfigChange('maxLevel', (value) => (value === 0 ? { rejected: 'dark' } : 'accepted'));
  }

  override ready(): void | Promise<void> {
    this.clock.setInterval(() => this.provides.main.publish.level(0), 100);
  }

  override async shutdown(): Promise<void> {
    await this.requires.relay.call.open();
  }
}

const config = { name: 'desk' };
const requires = { relay: { close: 'done' } };

async function lamp(): Promise<Awaited<ReturnType<typeof createHarness<LampModule>>>> {
  return await createHarness(LampModule, { config, requires });
}

async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('did not reject');
}

describe('createHarness', () => {
  it('runs the module and records what it does with virtual time stamps', async () => {
    await using harness = await lamp();
    await harness.advance(250);
    expect(await harness.finish(harness.provides.main.call.dim({ level: 3 }))).to.equal(true);
    expect(harness.provides.main.latest.level).to.equal(3);
    expect(harness.requires.relay.calls.close).to.deep.equal([{ args: { delay: 5 }, at: 250 }]);
    expect(harness.journal.of('published').map(({ at, value }) => [at, value])).to.deep.equal([
      [100, 0],
      [200, 0],
      [250, 3],
    ]);
    expect(harness.journal.entries.map(({ kind }) => kind)).to.deep.equal([
      ...['step', 'step', 'step', 'published', 'published'],
      ...['commanded', 'called', 'peer-answered', 'published', 'returned'],
    ]);
  });

  it('turns what a handler throws into HandlerException', async () => {
    await using harness = await lamp();
    const error = await rejection(harness.provides.main.call.dim({ level: 11 }));
    expect(isCallError(error, 'HandlerException')).to.equal(true);
    expect(error.message).to.include('too bright');
  });

  it('plays peers that are late, fail, hang or change their answer', async () => {
    await using harness = await lamp();
    const dim = async (): Promise<boolean> => await harness.provides.main.call.dim({ level: 1 });
    const { relay } = harness.requires;
    relay.answer({ close: after(300, 'late') });
    const startMs = harness.clock.monotonic();
    await harness.finish(dim());
    expect(harness.clock.monotonic() - startMs).to.equal(300);
    relay.answer({ close: fails('stuck') });
    expect((await rejection(harness.finish(dim()))).message).to.include('stuck');
    relay.answer({ close: hangs() });
    expect(isCallError(await rejection(harness.finish(dim())), 'CmdTimeout')).to.equal(true);
    relay.answer({ close: inTurn<{ delay: number }, string>(fails('once'), 'then fine') });
    expect((await rejection(harness.finish(dim()))).message).to.include('once');
    expect(await harness.finish(dim())).to.equal(true);
  });

  it('lets calls of one command wait for each other, and hands on nothing before init', async () => {
    await using harness = await createHarness(LampModule, {
      config,
      requires: { relay: { close: after(100, 'done') } },
      start: 'construct',
    });
    const both = Promise.all([1, 2].map(async (level) => await harness.provides.main.call.dim({ level })));
    await harness.settle();
    expect(harness.journal.of('commanded')).to.have.length(0);
    await harness.init();
    await harness.finish(both);
    expect(harness.requires.relay.calls.close.map(({ at }) => at)).to.deep.equal([0, 100]);
  });

  it('gives a slow subscriber the next value when it has done with the one before', async () => {
    await using harness = await lamp();
    for (const closed of [true, false, true]) harness.requires.relay.publish.closed(closed);
    expect(harness.module.seen).to.deep.equal([]);
    await harness.settle();
    expect(harness.module.seen).to.deep.equal([true]);
    await harness.advance(10);
    expect(harness.module.seen).to.deep.equal([true, false]);
    await harness.advance(10);
    expect(harness.module.seen).to.deep.equal([true, false, true]);
  });

  it('raises errors on both sides, once each', async () => {
    await using harness = await lamp();
    harness.requires.relay.raise({ type: 'relay/Welded', message: 'hot' });
    harness.requires.relay.raise({ type: 'relay/Welded', message: 'hot again' });
    await harness.settle();
    expect(harness.provides.main.errors.active.map(({ type, message }) => [type, message])).to.deep.equal([
      ['lamp/Broken', 'hot'],
    ]);
    harness.requires.relay.clear('relay/Welded');
    await harness.settle();
    expect(harness.provides.main.errors.active).to.deep.equal([]);
    expect(harness.journal.of('cleared')[0]?.error.state).to.equal('ClearedByModule');
  });

  it('shuts down: signal, undo in reverse, timers gone, calls refused', async () => {
    const undone: number[] = [];
    class Undoing extends LampModule {
      override init(): void {
        this.context.onUnload(() => void undone.push(1));
        this.context.onUnload(() => void undone.push(2));
      }
    }
    const harness = await createHarness(Undoing, { config, requires });
    expect(harness.pendingTimers).to.equal(1);
    await harness.shutdown();
    expect(undone).to.deep.equal([2, 1]);
    expect(harness.pendingTimers).to.equal(0);
    const mark = harness.journal.mark();
    await harness.advance(1_000);
    expect(harness.journal.since(mark)).to.deep.equal([]);
    const error = await rejection(harness.provides.main.call.off());
    expect(isCallError(error, 'Shutdown')).to.equal(true);
  });

  it('reports what breaks an interface when the harness is shut down', async () => {
    class Wrong extends LampModule {
      override ready(): void {
        this.clock.setTimeout(() => this.provides.main.publish.level('bright' as unknown as number), 1);
        this.clock.setTimeout(
          () => this.provides.main.errors.raise({ type: 'lamp/Odd' as 'lamp/Broken', message: '' }),
          2,
        );
      }
    }
    const harness = await createHarness(Wrong, { config, requires });
    await harness.advance(5);
    const error = await rejection(harness.shutdown());
    expect(error).to.be.instanceOf(ContractViolationError);
    expect(error.message).to.include('"bright" is not a number').and.include('lamp/Odd');
  });

  it('names a command without a scripted answer', async () => {
    const harness = await createHarness(LampModule, { config });
    const error = await rejection(harness.provides.main.call.dim({ level: 1 }));
    expect(error.message).to.include('requires.relay.close');
    expect(harness.violations.take()).to.have.length(1);
    await harness.shutdown();
  });

  it('checks the configuration against the manifest, all of it at once', async () => {
    const error = await rejection(
      createHarness(LampModule, { config: { maxLevel: 101, nmae: 'x' } as unknown as { maxLevel: number } }),
    );
    expect(error.message)
      .to.include('nmae: unknown')
      .and.include("'maxLevel' is 101")
      .and.include('name: missing');
  });

  it('sets parameters at run time', async () => {
    await using harness = await lamp();
    expect(await harness.setConfig('maxLevel', 20)).to.equal('accepted');
    expect(await harness.setConfig('maxLevel', 0)).to.deep.equal({ rejected: 'dark' });
    expect(await harness.setConfig('name', 'floor')).to.deep.equal({ rejected: 'name is read-only' });
  });

  it('connects optional and repeated requirements as asked', async () => {
    class Counting extends LampModule {
      get connected(): readonly unknown[] {
        return [this.requires.spare === undefined, this.requires.more.length];
      }
    }
    await using one = await createHarness(Counting, { config, requires });
    expect(one.module.connected).to.deep.equal([false, 1]);
    await using other = await createHarness(Counting, {
      config,
      requires,
      connections: { spare: 0, more: 3 },
    });
    expect(other.module.connected).to.deep.equal([true, 3]);
    expect(other.requires.more.map(({ moduleId }) => moduleId)).to.deep.equal(['more_1', 'more_2', 'more_3']);
  });

  it('passes messages of the world outside, telemetry and global errors', async () => {
    class Outside extends LampModule {
      override async ready(): Promise<void> {
        await this.context.externalMqtt?.subscribe('lamp/+/set', (payload, topic) => {
          this.seen.push([topic, payload]);
        });
        await this.context.externalMqtt?.publish('lamp/state', 'on', { retain: true });
        this.context.telemetry?.publish('light', 'level', { level: 1 });
        this.context.globalErrors?.subscribe('relay/Welded', {
          raised: ({ origin }) => this.seen.push(origin.module_id),
        });
      }
    }
    await using harness = await createHarness(Outside, { config, requires });
    await harness.externalMqtt?.receive('lamp/1/set', 'off');
    harness.requires.more[0]?.raise({ type: 'relay/Welded', message: '' });
    await harness.settle();
    expect(harness.module.seen).to.deep.equal([['lamp/1/set', 'off'], 'more_1']);
    expect(harness.journal.outputs.slice(0, 2).map(({ kind }) => kind)).to.deep.equal([
      'mqtt-published',
      'telemetry',
    ]);
  });

  it('injects through tokens when the module has a constructor of its own', async () => {
    @injectable()
    class Injected extends LampModule {
      constructor(
        @inject(tokens.context) context: LampModuleContext,
        @inject(tokens.clock) readonly injectedClock: unknown,
      ) {
        super(context);
      }
      get sameClock(): boolean {
        return this.injectedClock === this.clock;
      }
    }
    await using harness = await createHarness(Injected, { config, requires });
    expect(harness.module.sameClock).to.equal(true);
  });

  it('disposes of the classes that a module has registered', async () => {
    const disposed: string[] = [];
    @singleton()
    class Connection {
      dispose(): void {
        disposed.push('connection');
      }
    }
    @injectable()
    class Registering extends LampModule {
      static register(container: DependencyContainer): void {
        container.register('wire', { useToken: Connection });
      }
      constructor(
        @inject(tokens.context) context: LampModuleContext,
        @inject('wire') readonly wire: object,
      ) {
        super(context);
      }
    }
    const harness = await createHarness(Registering, { config, requires });
    expect(harness.module.wire).to.be.instanceOf(Connection);
    await harness.shutdown();
    expect(disposed).to.deep.equal(['connection']);
  });

  it('streams values until the module stops', async () => {
    const harness = await lamp();
    const levels: number[] = [];
    const reading = (async (): Promise<void> => {
      for await (const level of harness.provides.main.stream.level()) levels.push(level);
    })();
    await harness.advance(300);
    await harness.shutdown();
    await reading;
    expect(levels).to.deep.equal([0, 0, 0]);
  });

  it('fails to start with the step and the limit in the message', async () => {
    class Stuck extends LampModule {
      override async ready(): Promise<void> {
        await new Promise(() => undefined);
      }
    }
    const error = await rejection(createHarness(Stuck, { config, requires, stepTimeoutMs: 500 }));
    expect(error.message).to.equal('lampmodule.ready() did not hold within 500 ms');
  });
});
