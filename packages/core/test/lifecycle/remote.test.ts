// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import {
  CompositionError,
  createRuntime,
  isCallError,
  type ModuleClass,
  type RemoteHost,
  type RemoteModules,
  type Runtime,
} from '@carabiner/core';
import { expect } from 'chai';
import { BoundaryBus } from '../support/boundary-bus.js';
import { CounterModule, UserModule, type UserRequires } from '../support/modules.js';
import { Lines, deferred, rejection, settle } from '../support/system.js';

const composition = {
  active_modules: {
    counter: { module: 'CounterModule', isolation: 'process' },
    user: {
      module: 'UserModule',
      connections: { counter: [{ module_id: 'counter', implementation_id: 'main' }] },
    },
  },
};

/** Two runtimes of one composition, each with one of the modules, joined by a bus. */
class Split {
  readonly bus = new BoundaryBus();
  readonly clock = new VirtualClock();
  readonly lines = new Lines();
  readonly log: string[] = [];
  readonly barrier = deferred();
  host: RemoteHost | undefined;
  requires: UserRequires | undefined;
  counter: CounterModule | undefined;
  far!: Runtime;
  near!: Runtime;

  /** @param near - `settings.carabiner` of the consumer's process; `far` that of the provider's */
  async start(near: object = {}, far: object = {}): Promise<void> {
    const { log } = this;
    const keep = (module: object): void => {
      if (module instanceof CounterModule) this.counter = module;
      if (module instanceof UserModule) this.requires = module.parts.requires;
    };
    class Counter extends CounterModule {
      override init(): void {
        keep(this);
      }
    }
    class User extends UserModule {
      override init(): void {
        keep(this);
        log.push('user init');
      }
      override ready(): void {
        log.push('user ready');
      }
    }
    const modules: { readonly [module: string]: ModuleClass } = { CounterModule: Counter, UserModule: User };
    const make = async (remote: RemoteModules, settings: object): Promise<Runtime> =>
      createRuntime({
        composition: { ...composition, settings: { carabiner: settings } },
        modules,
        remote,
        clock: this.clock,
        log: { destination: this.lines },
      });
    this.far = await make(this.#remote('user', Promise.resolve()), far);
    this.near = await make(this.#remote('counter', this.barrier.promise), near);
    await this.far.start();
    const start = this.near.start();
    await settle();
    log.push('others ready');
    this.barrier.resolve();
    await start;
  }

  async stop(): Promise<void> {
    await this.near.stop();
    await this.far.stop();
  }

  #remote(elsewhere: string, others: Promise<void>): RemoteModules {
    return {
      bus: this.bus,
      hosts: ({ id }) => id === elsewhere,
      start: (host) => {
        if (elsewhere === 'counter') this.host = host;
        return Promise.resolve();
      },
      initialised: () => others,
      stop: () => {
        this.log.push(`stop ${elsewhere}`);
        return Promise.resolve();
      },
    };
  }
}

describe('modules in another process', () => {
  let split: Split;
  beforeEach(() => {
    split = new Split();
  });
  afterEach(async () => split.stop());

  it('look to the others like those of this process', async () => {
    await split.start();
    const { counter } = split.requires!;
    const seen: number[] = [];
    counter.subscribe.total((value) => void seen.push(value));
    expect(await counter.call.add({ amount: 3 })).to.equal(3);
    await settle();
    expect(seen).to.deep.equal([3]);
    expect(counter.latest.total).to.equal(3);
    split.counter!['provides'].main.errors.raise({ type: 'counter/Overflow', message: 'x' });
    await settle();
    expect(counter.errors.isActive('counter/Overflow')).to.equal(true);
    expect(await split.near.call('counter', 'main', 'add', { amount: 1 })).to.equal(4);
  });

  it('can be observed as far as a module of this process hears of them', async () => {
    await split.start();
    const events: string[] = [];
    split.near.observe((event) => {
      if (event.kind === 'variable') events.push(`${event.moduleId}/${event.name} ${String(event.value)}`);
      if (event.kind === 'error') events.push(event.error.type);
    });
    const { publish, errors } = split.counter!['provides'].main;
    publish.total(3);
    errors.raise({ type: 'counter/Overflow', message: 'x' });
    await settle();
    expect(events).to.deep.equal(['counter/total 3', 'counter/Overflow']);
  });

  it('are waited for before ready, and stopped last', async () => {
    await split.start();
    expect(split.log).to.deep.equal(['user init', 'others ready', 'user ready']);
    await split.near.stop();
    expect(split.log.at(-1)).to.equal('stop counter');
  });

  it('are listed with what they say of themselves', async () => {
    await split.start();
    expect(split.near.modules()[0]).to.deep.include({
      id: 'counter',
      state: 'loaded',
      provides: { main: 'counter' },
    });
    split.host!.stateChanged('counter', 'failed', 'exit code 3');
    expect(split.near.modules()[0]).to.include({ state: 'failed', reason: 'exit code 3' });
  });

  it('that begin anew have their old values forgotten', async () => {
    await split.start();
    await split.requires!.counter.call.add({ amount: 3 });
    await settle();
    split.host!.stateChanged('counter', 'initialising');
    expect(split.requires!.counter.latest.total).to.equal(undefined);
  });

  it('are not believed: values and results are checked, bad ones dropped or refused', async () => {
    await split.start({ validation: 'boundary' }, { validation: 'off' });
    const { counter } = split.requires!;
    const seen: number[] = [];
    counter.subscribe.total((value) => void seen.push(value));
    const { publish } = split.counter!['provides'].main;
    publish.total('x' as never);
    publish.total(2);
    await settle();
    expect(seen).to.deep.equal([2]);
    expect(split.lines.with('a variable that does not conform was dropped')).to.have.lengthOf(1);
    split.counter!.total = 'text' as never;
    const result = await rejection(counter.call.add({ amount: 1 }));
    expect(isCallError(result, 'SchemaValidationError')).to.equal(true);
    const unsent = await rejection(counter.call.add({ amount: 'x' as never }));
    expect(unsent.message).to.contain('arguments of counter/main.add');
  });

  it('check what comes from outside, and what they send there', async () => {
    await split.start({ validation: 'off' }, { validation: 'boundary' });
    const { counter } = split.requires!;
    const refused = await rejection(counter.call.add({ amount: 'x' as never }));
    expect(isCallError(refused, 'SchemaValidationError')).to.equal(true);
    const { publish } = split.counter!['provides'].main;
    expect(() => publish.total('x' as never)).to.throw('expected a number');
  });

  it('that do not answer end the call with CmdTimeout', async () => {
    await split.start();
    split.bus.forget('counter');
    const call = rejection(split.requires!.counter.call.add({ amount: 1 }, { timeoutMs: 70 }));
    await settle();
    await split.clock.advance(70);
    const error = await call;
    expect(isCallError(error, 'CmdTimeout')).to.equal(true);
    expect(split.clock.pending).to.equal(0);
  });

  it('are refused by a runtime that has no way to other processes', async () => {
    const error = await rejection(
      createRuntime({ composition, modules: { CounterModule, UserModule }, log: { level: 'silent' } }),
      CompositionError,
    );
    expect(error.findings.map(({ code }) => code)).to.deep.equal(['no-other-processes']);
    await split.start();
  });
});
