// SPDX-License-Identifier: Apache-2.0
import {
  Module,
  TOKEN_NAMES,
  inject,
  injectable,
  token,
  type CallContext,
  type CallOptions,
  type Client,
  type ConfigParameter,
  type InterfaceDescriptor,
  type ModuleContext,
  type ModuleDescriptor,
  type Provided,
  type Validator,
} from '@carabiner/core';

/** A validator from a predicate on one value. */
export function check(what: string, test: (value: unknown) => boolean): Validator {
  return {
    is: (value): value is unknown => test(value),
    explain: (value) => (test(value) ? [] : [{ path: '', message: `expected ${what}` }]),
  };
}

const numberArgs = (name: string): Validator =>
  check(`{ ${name}: number }`, (value) => typeof Reflect.get(Object(value), name) === 'number');
const isNumber = check('a number', (value) => typeof value === 'number');
const isVoid = check('nothing', (value) => value === undefined || value === null);
const noArgs = check('no arguments', (value) => Object.keys(value ?? {}).length === 0);

/** An interface with one command of each sort, a number, an event, and an error. */
export const Counter: InterfaceDescriptor = {
  name: 'counter',
  description: 'counts',
  commands: {
    add: {
      description: 'adds',
      argumentNames: ['amount'],
      args: numberArgs('amount'),
      result: isNumber,
      returnsValue: true,
    },
    reset: { description: 'to zero', argumentNames: [], args: noArgs, result: isVoid, returnsValue: false },
  },
  variables: {
    total: { description: 'the sum', value: isNumber },
    wrapped: { description: 'went over', value: isVoid },
  },
  errors: [
    { type: 'counter/Overflow', description: 'too much' },
    { type: 'counter/CommunicationFault', description: 'no answer' },
  ],
  definition: {},
  types: {},
};

export interface CounterVariables {
  readonly total: number;
  readonly wrapped: null;
}
export type CounterError = 'counter/Overflow' | 'counter/CommunicationFault';
export interface CounterCalls {
  add(args: { amount: number }, options?: CallOptions): Promise<number>;
  reset(args?: object, options?: CallOptions): Promise<void>;
}
export type CounterClient = Client<CounterCalls, CounterVariables, CounterError>;
export type CounterProvided = Provided<CounterVariables, CounterError>;
export interface CounterProvider {
  add(args: { amount: number }, call: CallContext): number | Promise<number>;
  reset(args: object, call: CallContext): void | Promise<void>;
}

const STEP: ConfigParameter = {
  type: 'integer',
  description: 'added on top',
  default: 0,
  minimum: 0,
  maximum: 10,
  mutability: 'ReadWrite',
};

export const CounterDescriptor: ModuleDescriptor = {
  module: 'CounterModule',
  description: 'provides a counter',
  config: { step: STEP },
  provides: { main: { description: 'the counter', interface: Counter, config: {} } },
  requires: {},
  enableExternalMqtt: false,
  enableTelemetry: false,
  enableGlobalErrors: false,
};

export type CounterContext = ModuleContext<
  { readonly step: number },
  { readonly main: object },
  { readonly main: CounterProvided },
  object
>;

/** Provides a counter. */
@injectable()
export class CounterModule extends Module<
  { readonly step: number },
  { readonly main: object },
  { readonly main: CounterProvided },
  object,
  { readonly main: CounterProvider }
> {
  static readonly descriptor: ModuleDescriptor = CounterDescriptor;
  total = 0;

  constructor(@inject(token(TOKEN_NAMES.context)) context: CounterContext) {
    super(context);
  }

  override readonly implementations: { readonly main: CounterProvider } = {
    main: {
      add: ({ amount }) => {
        this.total += amount + this.config.step;
        this.provides.main.publish.total(this.total);
        return this.total;
      },
      reset: () => {
        this.total = 0;
      },
    },
  };
}

export const UserDescriptor: ModuleDescriptor = {
  module: 'UserModule',
  description: 'uses counters',
  config: {},
  provides: {},
  requires: {
    counter: {
      interface: Counter,
      minConnections: 1,
      maxConnections: 1,
      ignore: { errors: false, variables: [] },
    },
    spare: {
      interface: Counter,
      minConnections: 0,
      maxConnections: 1,
      ignore: { errors: false, variables: [] },
    },
    more: {
      interface: Counter,
      minConnections: 0,
      maxConnections: 8,
      ignore: { errors: false, variables: [] },
    },
  },
  enableExternalMqtt: false,
  enableTelemetry: false,
  enableGlobalErrors: true,
};

export interface UserRequires {
  readonly counter: CounterClient;
  readonly spare: CounterClient | undefined;
  readonly more: readonly CounterClient[];
}

/** Requires counters; hands what it was given to the test. No constructor and no decorator, on purpose. */
export class UserModule extends Module<object, object, object, UserRequires, object> {
  static readonly descriptor: ModuleDescriptor = UserDescriptor;
  override readonly implementations = {};

  /** What tests look at. */
  get parts(): { readonly requires: UserRequires; readonly context: UserModule['context'] } {
    return { requires: this.requires, context: this.context };
  }
}

/** A subclass of a module class that tells the test of its instances. */
export function spying<C extends new (...args: never[]) => object>(
  moduleClass: C,
): C & { readonly made: InstanceType<C>[] } {
  const made: object[] = [];
  const proxy = new Proxy(moduleClass, {
    construct: (target, args, newTarget): object => {
      const instance = Reflect.construct(target, args, newTarget === proxy ? target : newTarget) as object;
      made.push(instance);
      return instance;
    },
    get: (target, key, receiver): unknown => (key === 'made' ? made : Reflect.get(target, key, receiver)),
  });
  return proxy as C & { readonly made: InstanceType<C>[] };
}
