// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';
import type { Finding } from '@carabiner/dialect';
import { LocalBus } from '../bus/local-bus.js';
import type { Bus } from '../bus/bus.js';
import { QueueReport } from '../bus/queue-report.js';
import type { ValidationMode } from '../bus/validation.js';
import type { RunConfiguration } from '../composition/run-configuration.js';
import type { ModuleScope } from '../containment/module-scope.js';
import type { ExternalMqtt, Logger, RaisedError, Subscription, Telemetry } from '../contract/index.js';
import type { Peer } from '../bus/client.js';
import { BlockWatch } from '../observability/block-watch.js';
import { BootTimer, type BootStep } from '../observability/boot-tree.js';
import { LogBook, type LogOptions } from '../observability/logger.js';
import { ModuleStepError, RuntimeStateError, UnknownNameError } from './lifecycle-errors.js';
import type { ModuleHost } from './module-host.js';
import { ModuleSlot, PeerRegister, type LoadedModule } from './module-slot.js';
import type { ModuleState, ModuleStatus } from './module-state.js';
import type { RuntimeEvent, RuntimeState } from './runtime-events.js';
import { inOrder, reversed, startOrder, type Dependencies } from './start-order.js';
import { subscription } from './subscription.js';

/** What a runtime is made of, once its composition was checked and its modules were loaded. */
export interface RuntimeParts {
  readonly configuration: RunConfiguration;
  /** By module id. */
  readonly modules: ReadonlyMap<string, LoadedModule>;
  /** Warnings of the check. */
  readonly findings: readonly Finding[];
  readonly clock?: Clock;
  readonly log?: LogBook | LogOptions;
  readonly bus?: Bus;
  readonly boot?: BootTimer;
}

/** Origin of calls that the host itself makes, for a command line or a dashboard. */
export const HOST_ORIGIN = 'carabiner';

/** A composition at work. */
export class Runtime implements ModuleHost {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly log: Logger;
  readonly logs: LogBook;
  readonly configuration: RunConfiguration;
  readonly findings: readonly Finding[];
  readonly blockWatch: BlockWatch;
  readonly queues: QueueReport;
  readonly validation: ValidationMode;
  readonly callTimeoutMs: number;
  readonly #boot: BootTimer;
  readonly #slots = new Map<string, ModuleSlot>();
  readonly #peers = new PeerRegister();
  readonly #observers = new Set<(event: RuntimeEvent) => void>();
  readonly #order: Dependencies;
  #state: RuntimeState = 'created';
  #stopping: Promise<void> | undefined;

  constructor(parts: RuntimeParts) {
    const { carabiner } = parts.configuration.settings;
    this.configuration = parts.configuration;
    this.findings = parts.findings;
    this.clock = parts.clock ?? systemClock;
    this.logs = parts.log instanceof LogBook ? parts.log : new LogBook(parts.log);
    this.log = this.logs.host;
    this.bus = parts.bus ?? new LocalBus();
    this.validation = carabiner.validation;
    this.callTimeoutMs = carabiner.callTimeoutMs;
    this.blockWatch = new BlockWatch(
      this.clock,
      carabiner.blockWarningMs === 0 ? Number.POSITIVE_INFINITY : carabiner.blockWarningMs,
      (handler, blockedMs) => {
        this.log.warn('a handler held the event loop', { handler, blockedMs: Math.round(blockedMs) });
      },
    );
    this.queues = new QueueReport(carabiner.queueLimit, (event) => {
      this.log.warn(event.lost > 0 ? 'a queue is full' : 'a queue grows long', event);
    });
    this.#boot = parts.boot ?? new BootTimer('start', this.clock);
    for (const entry of this.configuration.modules) {
      const loaded = parts.modules.get(entry.id);
      if (loaded !== undefined) this.#slots.set(entry.id, new ModuleSlot(entry, loaded, this));
    }
    this.#order = startOrder(
      new Map(
        [...this.#slots.values()].map(({ id, entry }) => [
          id,
          Object.values(entry.connections).flatMap((targets) => targets.map(({ moduleId }) => moduleId)),
        ]),
      ),
    );
  }

  get state(): RuntimeState {
    return this.#state;
  }

  /** How long each step of the start took. */
  get bootTree(): BootStep {
    return this.#boot;
  }

  /** All modules and how they are. */
  modules(): readonly ModuleStatus[] {
    return [...this.#slots.values()].map((slot) => {
      const { descriptor } = slot.loaded.moduleClass;
      return {
        id: slot.id,
        module: descriptor.module,
        package: slot.loaded.package,
        state: slot.state,
        reason: slot.reason,
        restarts: 0,
        provides: Object.fromEntries(
          Object.entries(descriptor.provides).map(([id, implementation]) => [
            id,
            implementation.interface.name,
          ]),
        ),
      };
    });
  }

  /**
   * Constructs, initialises and readies all modules, providers before their consumers.
   *
   * @throws ModuleStepError of the first module that failed; everything was taken down again by then
   */
  async start(): Promise<void> {
    if (this.#state !== 'created') throw new RuntimeStateError(`the runtime is ${this.#state} already`);
    this.#moveTo('starting');
    try {
      for (const slot of this.#slots.values()) slot.endpoint.attach();
      for (const slot of this.#slots.values())
        await this.#boot.measure(`${slot.id} construct`, async () => slot.construct());
      await this.#startStep('init', async (slot, instance) => {
        await slot.init(instance);
        slot.endpoint.gate.open();
      });
      await this.bus.settled();
      await this.#startStep('ready', async (slot, instance) => slot.ready(instance));
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
    this.#boot.end();
    this.#moveTo('running');
  }

  /** Stops all modules, consumers before their providers, and ends the bus. Idempotent; never throws. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Calls a command of a module as the host. */
  async call(
    moduleId: string,
    implementation: string,
    command: string,
    args: object = {},
    options: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<unknown> {
    const { endpoint } = this.#slot(moduleId);
    if (endpoint.entry(implementation, command) === undefined)
      throw new UnknownNameError(`module ${moduleId} has no command ${implementation}.${command}`);
    return await endpoint.invoke(implementation, command, args, { origin: HOST_ORIGIN, ...options });
  }

  /** Hears of everything that happens. The listener must not throw. */
  observe(listener: (event: RuntimeEvent) => void): Subscription {
    this.#observers.add(listener);
    return subscription(() => void this.#observers.delete(listener));
  }

  logOf(moduleId: string): Logger {
    return this.logs.of(moduleId);
  }

  externalMqttOf(_scope: ModuleScope): ExternalMqtt | undefined {
    return undefined;
  }

  telemetryOf(_scope: ModuleScope, _telemetryId: number | undefined): Telemetry | undefined {
    return undefined;
  }

  peerMade(peer: Peer, providerId: string, scope: ModuleScope): void {
    this.#peers.add(peer, providerId, scope);
  }

  providerReplaced(moduleId: string): void {
    this.#peers.forget(moduleId);
  }

  stateChanged(moduleId: string, state: ModuleState, reason: string | undefined): void {
    this.#tell({ kind: 'module', moduleId, state, reason });
  }

  published(moduleId: string, implementationId: string, name: string, value: unknown): void {
    if (this.#observers.size > 0) this.#tell({ kind: 'variable', moduleId, implementationId, name, value });
  }

  handlerFailed(scope: ModuleScope, error: Error, where: string): void {
    scope.log.error('a handler failed', { handler: where, err: error });
  }

  crashed(scope: ModuleScope, error: Error, where: string): void {
    scope.log.error('uncaught', { handler: where, err: error });
    this.#slots.get(scope.moduleId)?.instance?.crash(error);
  }

  async #startStep(
    step: 'init' | 'ready',
    work: (slot: ModuleSlot, instance: NonNullable<ModuleSlot['instance']>) => Promise<void>,
  ): Promise<void> {
    const order: Dependencies =
      step === 'init' ? this.#order : new Map([...this.#order.keys()].map((id) => [id, new Set<string>()]));
    const failures = await this.#boot.measure(step, async (timer) =>
      inOrder(order, async (id) => {
        const slot = this.#slot(id);
        const { instance } = slot;
        if (instance === undefined) throw new ModuleStepError(id, step, 'has no instance');
        await timer.measure(id, async () => work(slot, instance));
      }),
    );
    const first = failures[0];
    if (first !== undefined) throw first;
  }

  async #stop(): Promise<void> {
    this.#moveTo('stopping');
    await inOrder(reversed(this.#order), async (id) => {
      const slot = this.#slot(id);
      slot.moveTo('stopping');
      slot.endpoint.gate.shutDown();
      await slot.unload();
      await slot.endpoint.detach();
      slot.moveTo('stopped');
    });
    await this.bus.close();
    this.#moveTo('stopped');
  }

  #slot(moduleId: string): ModuleSlot {
    const slot = this.#slots.get(moduleId);
    if (slot === undefined) throw new UnknownNameError(`there is no module ${moduleId}`);
    return slot;
  }

  #moveTo(state: RuntimeState): void {
    this.#state = state;
    this.#tell({ kind: 'runtime', state });
  }

  #tell(event: RuntimeEvent): void {
    for (const observer of this.#observers) observer(event);
  }

  /** Errors of all modules of this process that are active now. */
  activeErrors(): readonly RaisedError[] {
    return [...this.#slots.values()].flatMap(({ endpoint }) =>
      [...endpoint.errors()].flatMap(([, errors]) => errors.active),
    );
  }
}
