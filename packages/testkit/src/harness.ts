// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { VirtualClock } from '@carabiner/clock/virtual';
import {
  Shutdown,
  toError,
  type ConfigChangeResult,
  type ConfigParameter,
  type ConfigValue,
  type ErrorHandlers,
  type ErrorMonitor,
  type ModuleContext,
  type RaisedError,
} from '@carabiner/core';
import { completeConfig, HarnessConfigError, problemOf } from './config-values.js';
import { construct } from './construct.js';
import { FakeExternalMqtt } from './fake-mqtt.js';
import { UntypedFakePeer } from './fake-peer.js';
import type { AnyModule, HarnessOptions, ModuleClass, ModuleHarness } from './harness-types.js';
import { Journal, snapshot } from './journal.js';
import { ModuleClock } from './module-clock.js';
import { PassageOfTime } from './passage-of-time.js';
import { ProvidedEnd } from './provided-end.js';
import { RecordedLog } from './recorded-log.js';
import { subscription } from './subscription.js';
import { Violations } from './violations.js';

const DEFAULT_STEP_TIMEOUT_MS = 60_000;

type ConfigChangeHandler = (value: ConfigValue) => ConfigChangeResult | Promise<ConfigChangeResult>;
type Loose<T> = { readonly [key: string]: T | undefined };

/**
 * Runs one module with a fake peer behind every requirement.
 *
 * @throws HarnessConfigError when the configuration does not fit the manifest, and what the constructor, `init` or
 * `ready` throw
 */
export async function createHarness<M extends AnyModule>(
  moduleClass: ModuleClass<M>,
  options: HarnessOptions<M> = {},
): Promise<ModuleHarness<M>> {
  const harness = new Harness(moduleClass, options);
  const start = options.start ?? 'ready';
  try {
    if (start !== 'construct') await harness.init();
    if (start === 'ready') await harness.ready();
  } catch (error) {
    await harness.shutdown().catch(() => undefined);
    throw error;
  }
  // The members are made from the module's descriptor; its generated types say what the descriptor says.
  return harness as unknown as ModuleHarness<M>;
}

class Harness<M extends AnyModule> {
  readonly module: M;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly violations = new Violations();
  readonly requires: Record<string, UntypedFakePeer | UntypedFakePeer[]> = {};
  readonly provides: Record<string, ProvidedEnd['client']> = {};
  readonly externalMqtt: FakeExternalMqtt | undefined;
  readonly logLines;
  readonly #time: PassageOfTime;
  readonly #moduleClock: ModuleClock;
  readonly #controller = new AbortController();
  readonly #undo: (() => void | Promise<void>)[] = [];
  readonly #peers: UntypedFakePeer[] = [];
  readonly #ends: ProvidedEnd[] = [];
  readonly #globalWatchers = new Set<{ readonly type: string; readonly handlers: ErrorHandlers }>();
  readonly #configHandlers = new Map<string, ConfigChangeHandler>();
  readonly #stepTimeoutMs: number;
  #openCommands: () => void = () => undefined;
  #initialised = false;
  #shutdown: Promise<void> | undefined;

  constructor(
    private readonly moduleClass: ModuleClass<M>,
    private readonly options: HarnessOptions<M>,
  ) {
    const { descriptor } = moduleClass;
    this.clock = options.clock ?? new VirtualClock();
    this.#stepTimeoutMs = options.stepTimeoutMs ?? DEFAULT_STEP_TIMEOUT_MS;
    this.journal = new Journal(this.clock);
    this.#time = new PassageOfTime(this.clock);
    this.#moduleClock = new ModuleClock(this.clock, (error) => {
      this.violations.add(`a timer callback threw: ${error.message}`);
    });
    const log = new RecordedLog(() => this.journal.nowMs);
    this.logLines = log.lines;
    this.externalMqtt = descriptor.enableExternalMqtt
      ? new FakeExternalMqtt(this.journal, (topic, error) => {
          this.violations.add(`the handler for MQTT topic ${topic} threw: ${toError(error).message}`);
        })
      : undefined;
    const requires = this.#makePeers();
    const provides = this.#makeProvides();
    const context: ModuleContext<unknown, unknown, unknown, unknown> = {
      info: {
        id: this.#id,
        module: descriptor.module,
        implementationMapping: options.implementationMapping ?? {},
        ...(options.mapping === undefined ? {} : { mapping: options.mapping }),
      },
      config: completeConfig(descriptor.config, options.config ?? {}, 'config'),
      implementationConfig: this.#implementationConfig(),
      provides,
      requires,
      log,
      clock: this.#moduleClock,
      signal: this.#controller.signal,
      externalMqtt: this.externalMqtt,
      telemetry: descriptor.enableTelemetry
        ? {
            publish: (category, subcategory, values) => {
              this.journal.add({ kind: 'telemetry', category, subcategory, values: snapshot(values) });
            },
          }
        : undefined,
      globalErrors: descriptor.enableGlobalErrors ? this.#globalErrors() : undefined,
      onConfigChange: (parameter, handler, implementation) => {
        const key = configKey(parameter, implementation);
        this.#configHandlers.set(key, handler);
        return subscription(() => this.#configHandlers.delete(key));
      },
      onUnload: (undo) => {
        this.#undo.push(undo);
      },
    };
    this.journal.add({ kind: 'step', step: 'construct' });
    const { module, container } = construct(moduleClass, context);
    this.module = module;
    this.#undo.push(async () => {
      await container.dispose();
    });
  }

  get pendingTimers(): number {
    return this.#moduleClock.pending;
  }

  async init(): Promise<void> {
    if (this.#initialised) return;
    this.journal.add({ kind: 'step', step: 'init' });
    await this.#step('init', () => this.module.init());
    this.#initialised = true;
    this.#openCommands();
  }

  async ready(): Promise<void> {
    await this.init();
    this.journal.add({ kind: 'step', step: 'ready' });
    await this.#step('ready', () => this.module.ready());
  }

  async advance(ms: number): Promise<void> {
    await this.#time.advance(ms);
  }

  async settle(): Promise<void> {
    await this.#time.settle();
  }

  async until(condition: () => boolean, limitMs: number, what?: string): Promise<number> {
    return await this.#time.until(condition, limitMs, what);
  }

  async finish<T>(work: PromiseLike<T> | T, limitMs = this.#stepTimeoutMs, what?: string): Promise<T> {
    return await this.#time.finish(work, limitMs, what);
  }

  async setConfig(
    parameter: string,
    value: ConfigValue,
    implementation?: string,
  ): Promise<ConfigChangeResult> {
    const declared = this.#parameters(implementation)[parameter];
    const name = configKey(parameter, implementation);
    if (declared === undefined) throw new HarnessConfigError(`${name}: unknown parameter`);
    const problem = problemOf(parameter, declared, value);
    if (problem !== undefined) throw new HarnessConfigError(problem);
    if (declared.mutability === 'ReadOnly') return { rejected: `${name} is read-only` };
    const handler = this.#configHandlers.get(name);
    return handler === undefined ? 'reboot-required' : await this.finish(handler(value));
  }

  async loseCaller(): Promise<void> {
    await this.finish(Promise.all(this.#ends.map(async (end) => end.loseCaller())));
  }

  async shutdown(): Promise<void> {
    await (this.#shutdown ??= this.#doShutdown());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  get #id(): string {
    return this.options.id ?? this.moduleClass.descriptor.module.toLowerCase();
  }

  async #step(name: 'init' | 'ready' | 'shutdown', work: () => void | Promise<void>): Promise<void> {
    await this.#time.finish((async () => work())(), this.#stepTimeoutMs, `${this.#id}.${name}()`);
  }

  async #doShutdown(): Promise<void> {
    this.journal.add({ kind: 'step', step: 'shutdown' });
    this.#controller.abort(new Shutdown(`module ${this.#id} is shutting down`));
    try {
      await this.#step('shutdown', () => this.module.shutdown());
    } finally {
      for (const undo of this.#undo.reverse()) await undo();
      this.#moduleClock.end();
      for (const peer of this.#peers) peer.stop();
      for (const end of this.#ends) end.stop();
    }
    this.violations.throwIfAny();
  }

  #parameters(implementation: string | undefined): { readonly [parameter: string]: ConfigParameter } {
    const { descriptor } = this.moduleClass;
    if (implementation === undefined) return descriptor.config;
    return descriptor.provides[implementation]?.config ?? {};
  }

  #implementationConfig(): { readonly [implementation: string]: object } {
    const given: Loose<object> = this.options.implementationConfig ?? {};
    return Object.fromEntries(
      Object.entries(this.moduleClass.descriptor.provides).map(([implementation, { config }]) => [
        implementation,
        completeConfig(config, { ...given[implementation] }, `implementationConfig.${implementation}`),
      ]),
    );
  }

  #makePeers(): { readonly [requirement: string]: unknown } {
    const clients: Record<string, unknown> = {};
    const answers: Loose<object> = this.options.requires ?? {};
    const counts: Loose<number> = this.options.connections ?? {};
    const mappings: Loose<{ evse: number; connector?: number }> = this.options.peerMapping ?? {};
    for (const [requirement, declared] of Object.entries(this.moduleClass.descriptor.requires)) {
      const single = declared.maxConnections === 1;
      const count = counts[requirement] ?? Math.max(1, declared.minConnections);
      if (count < declared.minConnections || count > declared.maxConnections)
        throw new HarnessConfigError(
          `connections.${requirement}: ${count} is outside of the manifest's ${declared.minConnections} to ${declared.maxConnections}`,
        );
      // An optional requirement that is not connected still has a fake, so that a test can name it.
      const peers = Array.from({ length: single ? 1 : count }, (_, index) => {
        const suffix = single ? '' : `_${index + 1}`;
        return new UntypedFakePeer({
          place: { requirement, index },
          interface: declared.interface,
          moduleId: `${requirement}${suffix}`,
          implementationId: 'main',
          mapping: mappings[requirement],
          clock: this.clock,
          journal: this.journal,
          violations: this.violations,
          answers: { ...answers[requirement] },
          ignore: declared.ignore,
          onError: (error, what) => this.#tellGlobal(error, what),
        });
      });
      this.#peers.push(...peers);
      const [first] = peers;
      if (single && first !== undefined) {
        this.requires[requirement] = first;
        clients[requirement] = count === 0 ? undefined : first.end.client;
      } else {
        this.requires[requirement] = peers;
        clients[requirement] = peers.map((peer) => peer.end.client);
      }
    }
    return clients;
  }

  #makeProvides(): { readonly [implementation: string]: unknown } {
    const provides: Record<string, unknown> = {};
    const open = new Promise<void>((resolve) => (this.#openCommands = resolve));
    for (const [implementation, declared] of Object.entries(this.moduleClass.descriptor.provides)) {
      const own = this.options.implementationMapping?.[implementation] ?? this.options.mapping;
      const mapping = own === undefined ? {} : { mapping: own };
      const end = new ProvidedEnd({
        implementation,
        interface: declared.interface,
        connection: { moduleId: this.#id, implementationId: implementation, ...mapping },
        origin: { module_id: this.#id, implementation_id: implementation, ...mapping },
        clock: this.clock,
        journal: this.journal,
        violations: this.violations,
        open,
        signal: this.#controller.signal,
        handler: (command) => handlerOf(this.module.implementations, implementation, command),
        onError: (error, what) => this.#tellGlobal(error, what),
      });
      this.#ends.push(end);
      this.provides[implementation] = end.client;
      provides[implementation] = end.provided;
    }
    return provides;
  }

  #globalErrors(): ErrorMonitor {
    const active = (): readonly RaisedError[] => [
      ...this.#peers.flatMap((peer) => peer.errors.active),
      ...this.#ends.flatMap((end) => end.provided.errors.active),
    ];
    return {
      subscribe: (type, handlers) => {
        const watcher = { type, handlers };
        this.#globalWatchers.add(watcher);
        return subscription(() => this.#globalWatchers.delete(watcher));
      },
      isActive: (type, subType = '') =>
        active().some((error) => error.type === type && error.sub_type === subType),
      get active() {
        return active();
      },
    };
  }

  #tellGlobal(error: RaisedError, what: 'raised' | 'cleared'): void {
    for (const { type, handlers } of [...this.#globalWatchers]) {
      if (type !== '*' && type !== error.type) continue;
      queueMicrotask(() => {
        try {
          handlers[what]?.(error);
        } catch (thrown) {
          this.violations.add(`a handler for global errors threw: ${toError(thrown).message}`);
        }
      });
    }
  }
}

function configKey(parameter: string, implementation: string | undefined): string {
  return implementation === undefined ? parameter : `${implementation}.${parameter}`;
}

/** The method that serves a command, bound to its object. */
function handlerOf(
  implementations: unknown,
  implementation: string,
  command: string,
): ((args: object, call: object) => unknown) | undefined {
  const object: unknown = Reflect.get(Object(implementations), implementation);
  const method: unknown =
    typeof object === 'object' && object !== null ? Reflect.get(object, command) : undefined;
  return typeof method === 'function'
    ? (args, call): unknown => Reflect.apply(method, object, [args, call])
    : undefined;
}
