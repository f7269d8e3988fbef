// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  TOKEN_NAMES,
  createRuntime,
  inject,
  injectable,
  singleton,
  token,
  type DependencyContainer,
  type Logger,
  type ModuleInfo,
} from '@carabiner/core';
import type { Clock } from '@carabiner/clock';
import { CounterModule, UserModule, type CounterContext, type UserRequires } from '../support/modules.js';

const contextToken = token<CounterContext>(TOKEN_NAMES.context);

@singleton()
class Device {
  readonly calls: string[] = [];
  constructor(
    @inject(token(TOKEN_NAMES.info)) readonly info: ModuleInfo,
    @inject(token(TOKEN_NAMES.clock)) readonly clock: Clock,
    @inject(token(TOKEN_NAMES.logger)) readonly log: Logger,
    @inject(token(TOKEN_NAMES.config)) readonly config: { readonly step: number },
    @inject(token(TOKEN_NAMES.signal)) readonly signal: AbortSignal,
  ) {}
}

@injectable()
class Poller {
  constructor(@inject(Device) readonly device: Device) {}
}

const SERIAL = Symbol('serial');
const made: InjectedCounter[] = [];

@injectable()
class InjectedCounter extends CounterModule {
  constructor(
    @inject(contextToken) context: CounterContext,
    @inject(Device) readonly device: Device,
    @inject(Poller) readonly poller: Poller,
    @inject(SERIAL) readonly serial: { readonly port: string },
  ) {
    super(context);
    made.push(this);
  }

  static register(container: DependencyContainer): void {
    container.register(SERIAL, { useFactory: () => ({ port: 'one' }) });
  }
}

class Inheriting extends InjectedCounter {}

async function run(modules: object, active: object): Promise<void> {
  made.length = 0;
  const runtime = await createRuntime({
    composition: { active_modules: active },
    modules: modules as Record<string, typeof CounterModule>,
    log: { level: 'silent' },
  });
  await runtime.start();
  await runtime.stop();
}

describe('injection', () => {
  it('gives a constructor what it asks for, by tokens and by class', async () => {
    await run(
      { CounterModule: InjectedCounter },
      { one: { module: 'CounterModule', config_module: { step: 4 } } },
    );
    const [module] = made;
    expect(module!.device.info.id).to.equal('one');
    expect(module!.device.config).to.deep.equal({ step: 4 });
    expect(module!.device.signal).to.equal(module!['signal']);
    expect(module!.device.clock).to.equal(module!['clock']);
    expect(module!.poller.device).to.equal(module!.device);
    expect(module!.serial).to.deep.equal({ port: 'one' });
  });

  it('shares nothing between two instances of a module', async () => {
    await run(
      { CounterModule: InjectedCounter },
      { one: { module: 'CounterModule' }, two: { module: 'CounterModule', config_module: { step: 9 } } },
    );
    const [one, two] = made;
    expect(one!.device).to.not.equal(two!.device);
    expect(one!.serial).to.not.equal(two!.serial);
    expect([one!.device.info.id, two!.device.info.id]).to.deep.equal(['one', 'two']);
    expect(one!['config']).to.not.equal(two!['config']);
    one!.device.calls.push('x');
    expect(two!.device.calls).to.deep.equal([]);
  });

  it('works for a class that inherits its constructor', async () => {
    await run({ CounterModule: Inheriting }, { one: { module: 'CounterModule' } });
    expect(made[0]).to.be.instanceOf(Inheriting);
    expect(made[0]!.device.info.id).to.equal('one');
  });

  it('gives a requirement as one client, as none, or as a list', async () => {
    let requires: UserRequires | undefined;
    class User extends UserModule {
      override init(): void {
        requires = this.requires;
      }
    }
    const to = (id: string): object => ({ module_id: id, implementation_id: 'main' });
    await run(
      { CounterModule, UserModule: User },
      {
        a: { module: 'CounterModule', mapping: { module: { evse: 2 } } },
        b: { module: 'CounterModule' },
        user: {
          module: 'UserModule',
          connections: { counter: [to('a')], spare: [to('b')], more: [to('b'), to('a')] },
        },
      },
    );
    expect(requires!.counter.connection).to.deep.equal({
      moduleId: 'a',
      implementationId: 'main',
      mapping: { evse: 2 },
    });
    expect(requires!.spare?.connection.moduleId).to.equal('b');
    expect(requires!.more.map(({ connection }) => connection.moduleId)).to.deep.equal(['b', 'a']);
  });
});
