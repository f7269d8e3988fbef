// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type {
  CallContext,
  CallOptions,
  Client,
  ConfigChangeResult,
  ConfigValue,
  Mapping,
  Module,
  ModuleDescriptor,
  ModuleInfo,
  Provided,
} from '@carabiner/core';
import type { FakeExternalMqtt } from './fake-mqtt.js';
import type { Journal } from './journal.js';
import type { Fakes, RequirementAnswers } from './peer-types.js';
import type { LogLine } from './recorded-log.js';
import type { Violations } from './violations.js';

/** Any module. */
export type AnyModule = Module<unknown, unknown, unknown, unknown, unknown>;

/** A module class as a package exports it. */
export interface ModuleClass<M extends AnyModule> {
  readonly descriptor: ModuleDescriptor;
  readonly prototype: M;
  new (...args: never[]): M;
}

export type ConfigOf<M> = M extends Module<infer C, unknown, unknown, unknown, unknown> ? C : never;
export type ImplementationConfigOf<M> =
  M extends Module<unknown, infer C, unknown, unknown, unknown> ? C : never;
export type ProvidesOf<M> = M extends Module<unknown, unknown, infer P, unknown, unknown> ? P : never;
export type RequiresOf<M> = M extends Module<unknown, unknown, unknown, infer R, unknown> ? R : never;
export type ImplementationsOf<M> = M extends Module<unknown, unknown, unknown, unknown, infer I> ? I : never;

/** The calls that a consumer has of a provider's methods. */
export type CallsOfProvider<Provider> = {
  readonly [Command in keyof Provider]: Provider[Command] extends (
    args: infer Args,
    call: CallContext,
  ) => infer Result
    ? object extends Args
      ? (args?: Args, options?: CallOptions) => Promise<Awaited<Result>>
      : (args: Args, options?: CallOptions) => Promise<Awaited<Result>>
    : never;
};

/** A consumer's client for each provided implementation. */
export type ProvidedClients<Provides, Implementations> = {
  readonly [I in keyof Provides]: Provides[I] extends Provided<infer Variables, infer ErrorType>
    ? Client<
        I extends keyof Implementations ? CallsOfProvider<Implementations[I]> : never,
        Variables,
        ErrorType
      >
    : never;
};

/** How to run the module under test. */
export interface HarnessOptions<M extends AnyModule> {
  /** Module-level configuration; what is left out gets the manifest's default. */
  readonly config?: Partial<ConfigOf<M>>;
  /** Configuration of the implementations; what is left out gets the manifest's default. */
  readonly implementationConfig?: {
    readonly [I in keyof ImplementationConfigOf<M>]?: Partial<ImplementationConfigOf<M>[I]>;
  };
  /** How the fake peers answer. A command with a result needs an answer; one without is answered at once. */
  readonly requires?: RequirementAnswers<RequiresOf<M>>;
  /**
   * Number of fakes behind a requirement. Default: one, or the manifest's minimum if that is more. With 0 an optional
   * requirement is not connected.
   */
  readonly connections?: { readonly [R in keyof RequiresOf<M>]?: number };
  /** Mapping of the peers of a requirement. */
  readonly peerMapping?: { readonly [R in keyof RequiresOf<M>]?: Mapping };
  /** Default: a `VirtualClock`. */
  readonly clock?: Clock;
  /** Default: the module's name in lower case. */
  readonly id?: string;
  readonly mapping?: Mapping;
  readonly implementationMapping?: ModuleInfo['implementationMapping'];
  /** How far to start: the constructor, `init`, or everything (default). */
  readonly start?: 'construct' | 'init' | 'ready';
  /** Time `init`, `ready` and `shutdown` may take on the clock, milliseconds; default 60 000. */
  readonly stepTimeoutMs?: number;
}

/** One running module with fake peers around it. */
export interface ModuleHarness<M extends AnyModule> extends AsyncDisposable {
  readonly module: M;
  readonly clock: Clock;
  /** Everything that went in and came out, in order, with time stamps. */
  readonly journal: Journal;
  /** The fake peers, by requirement. */
  readonly requires: Fakes<RequiresOf<M>>;
  /** The module as a consumer sees it: call its commands, see what it publishes and raises. */
  readonly provides: ProvidedClients<ProvidesOf<M>, ImplementationsOf<M>>;
  /** The world outside; there when the manifest has `enable_external_mqtt`. */
  readonly externalMqtt: FakeExternalMqtt | undefined;
  readonly logLines: readonly LogLine[];
  /** What the module (or a scripted answer) did against an interface. `shutdown` throws when there is something. */
  readonly violations: Violations;
  /** Number of timers that the module has running. */
  readonly pendingTimers: number;
  /** Runs `init` when the harness was made with `start: 'construct'`. */
  init(): Promise<void>;
  /** Runs `ready` (and `init` when it has not run). */
  ready(): Promise<void>;
  /** Lets `ms` pass on the clock. */
  advance(ms: number): Promise<void>;
  /** Lets everything run that needs no time. */
  settle(): Promise<void>;
  /** Lets time pass until `condition` holds; returns how long it took. */
  until(condition: () => boolean, limitMs: number, what?: string): Promise<number>;
  /** Lets time pass until `work` ends and gives its result. */
  finish<T>(work: PromiseLike<T> | T, limitMs?: number, what?: string): Promise<T>;
  /** Sets a `ReadWrite` parameter as an operator would at run time. */
  setConfig(parameter: string, value: ConfigValue, implementation?: string): Promise<ConfigChangeResult>;
  /**
   * Shuts the module down; does nothing the second time.
   *
   * @throws ContractViolationError when an interface was broken
   */
  shutdown(): Promise<void>;
  /** Tells the module that the test, as whoever has called it so far, is gone without having taken leave. */
  loseCaller(): Promise<void>;
}
