// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { createRuntime, type Runtime, type RuntimeOptions } from '@carabiner/core';
import { CounterModule, UserModule, type CounterProvider, type UserRequires } from './modules.js';

/** Log lines as they would be written. */
export class Lines {
  readonly all: { readonly [key: string]: unknown }[] = [];

  write(line: string): void {
    this.all.push(JSON.parse(line) as { readonly [key: string]: unknown });
  }

  /** Lines with this text. */
  with(message: string): readonly { readonly [key: string]: unknown }[] {
    return this.all.filter(({ msg }) => msg === message);
  }
}

/** A running composition of one counter and one user. */
export interface System {
  readonly runtime: Runtime;
  readonly clock: VirtualClock;
  readonly lines: Lines;
  /** Instances of the counter module, in the order they were made. */
  readonly counters: CounterModule[];
  /** The present user's requirements. */
  readonly requires: UserRequires;
  readonly user: UserModule;
}

/** What a system is made of. */
export interface SystemOptions extends Partial<RuntimeOptions> {
  /** `settings.carabiner`. */
  readonly settings?: object;
  /** Added to the counter's entry. */
  readonly counter?: object;
  /** Replaces command handlers of the counter. */
  readonly handlers?: Partial<CounterProvider>;
  /** Further entries. */
  readonly more?: object;
  /** Hooks of the counter's life. */
  readonly hooks?: {
    readonly constructed?: (module: CounterModule) => void;
    readonly init?: (module: CounterModule) => void | Promise<void>;
    readonly ready?: (module: CounterModule) => void | Promise<void>;
    readonly shutdown?: (module: CounterModule) => void | Promise<void>;
  };
  /** Called in the user's init. */
  readonly userInit?: (user: UserModule) => void | Promise<void>;
  readonly userReady?: (user: UserModule) => void | Promise<void>;
}

/** Makes a system without starting it. */
export async function makeSystem(options: SystemOptions = {}): Promise<System> {
  const clock = new VirtualClock();
  const lines = new Lines();
  const counters: CounterModule[] = [];
  const users: UserModule[] = [];
  const { hooks, handlers, settings, counter, more, userInit, userReady, ...rest } = options;

  class Counter extends CounterModule {
    constructor(context: CounterModule['context']) {
      super(context);
      Object.assign(this.implementations.main, handlers);
      counters.push(this);
      hooks?.constructed?.(this);
    }
    override async init(): Promise<void> {
      await hooks?.init?.(this);
    }
    override async ready(): Promise<void> {
      await hooks?.ready?.(this);
    }
    override async shutdown(): Promise<void> {
      await hooks?.shutdown?.(this);
    }
  }
  class User extends UserModule {
    override async init(): Promise<void> {
      users.push(this);
      await userInit?.(this);
    }
    override async ready(): Promise<void> {
      await userReady?.(this);
    }
  }
  const runtime = await createRuntime({
    composition: {
      settings: { carabiner: settings ?? {} },
      active_modules: {
        counter: { module: 'CounterModule', ...counter },
        user: {
          module: 'UserModule',
          connections: { counter: [{ module_id: 'counter', implementation_id: 'main' }] },
        },
        ...more,
      },
    },
    modules: { CounterModule: Counter, UserModule: User, ...rest.modules },
    clock,
    log: { level: 'trace', destination: lines },
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => key !== 'modules')),
  });
  return {
    runtime,
    clock,
    lines,
    counters,
    get requires() {
      return users.at(-1)!.parts.requires;
    },
    get user() {
      return users.at(-1)!;
    },
  };
}

/** Makes and starts a system; `use` gets it, and it is stopped afterwards. */
export async function withSystem(
  options: SystemOptions,
  use: (system: System) => void | Promise<void>,
): Promise<void> {
  const system = await makeSystem(options);
  await system.runtime.start();
  try {
    await use(system);
  } finally {
    await system.runtime.stop();
  }
}

/** Lets everything that is ready to run do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** A promise with its ends. */
export function deferred<T = void>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** What a promise rejected with; an error of `kind`. */
export async function rejection<E extends Error = Error>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => E = Error as never,
): Promise<E> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof kind) return thrown;
    throw new TypeError(`rejected with something that is no ${kind.name}`, { cause: thrown });
  }
  throw new TypeError('did not reject');
}
