// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path';
import type { Clock } from '@carabiner/clock';
import type { Finding } from '@carabiner/dialect';
import type { Bus, ConnectionListener, ImplementationAddress } from '../bus/bus.js';
import type { Peer } from '../bus/client.js';
import { QueueReport } from '../bus/queue-report.js';
import type { ValidationMode } from '../bus/validation.js';
import { overlayPathOf } from '../composition/composition-source.js';
import type { RunConfiguration } from '../composition/run-configuration.js';
import { OverlayFile } from '../config/overlay-file.js';
import { RuntimeConfig } from '../config/runtime-config.js';
import type { ModuleScope } from '../containment/module-scope.js';
import type { Logger, RaisedError, Subscription } from '../contract/index.js';
import { toError } from '../exceptions/index.js';
import { BrokerAccess } from '../mqtt/broker-access.js';
import { BlockWatch } from '../observability/block-watch.js';
import type { BootStep, BootTimer } from '../observability/boot-tree.js';
import { LogBook } from '../observability/logger.js';
import { Metrics, MetricsServer } from '../observability/metrics.js';
import { busOf } from './bus-of.js';
import { EventHub } from './event-hub.js';
import { HOST_ORIGIN, callAnywhere, endpointFor, type HostCallOptions } from './host-call.js';
import { ModuleStepError, RuntimeStateError, UnknownNameError } from './lifecycle-errors.js';
import type { ModuleHost } from './module-host.js';
import type { ModuleInstance } from './module-instance.js';
import { ModuleSlot, PeerRegister } from './module-slot.js';
import type { ModuleState, ModuleStatus } from './module-state.js';
import type { RemoteModules } from './remote-modules.js';
import { Onlookers } from './onlookers.js';
import { RemoteStates } from './remote-states.js';
import type { RuntimeEvent, RuntimeState } from './runtime-events.js';
import type { RuntimeParts } from './runtime-parts.js';
import { inOrder, reversed, startOrder, type Dependencies } from './start-order.js';
import { Supervisor } from './supervisor.js';
import { swap, type Replacement } from './swap.js';

/** A composition at work. Made by `createRuntime`. */
export class Runtime implements ModuleHost {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly log: Logger;
  /** Logs of host and modules, whose levels can be changed. */
  readonly logs: LogBook;
  readonly configuration: RunConfiguration;
  readonly blockWatch: BlockWatch;
  readonly queues: QueueReport;
  readonly validation: ValidationMode;
  readonly callTimeoutMs: number;
  /** Parameters that can be read and changed. */
  readonly config: RuntimeConfig;
  readonly metrics: Metrics;
  /** Modules of this process, by id. */
  readonly slots: ReadonlyMap<string, ModuleSlot>;
  /** @internal */
  readonly broker: BrokerAccess;
  readonly #parts: RuntimeParts;
  readonly #boot: BootTimer;
  readonly #remote: RemoteModules | undefined;
  readonly #remoteStates: RemoteStates;
  readonly #peers = new PeerRegister();
  readonly #events: EventHub;
  readonly #onlookers = new Onlookers(this);
  readonly #order: Dependencies;
  readonly #supervisor: Supervisor;
  readonly #metricsServer: MetricsServer;
  readonly #handlerFailures = new Map<string, number>();
  #metricsPort: number | undefined;
  #state: RuntimeState = 'created';
  #stopping: Promise<void> | undefined;

  /** @internal */
  constructor(parts: RuntimeParts) {
    const { loaded, remote } = parts;
    const { carabiner } = loaded.configuration.settings;
    this.#parts = parts;
    this.#boot = parts.boot;
    this.#remote = remote;
    this.configuration = loaded.configuration;
    this.clock = parts.clock;
    this.logs =
      parts.log instanceof LogBook ? parts.log : new LogBook({ level: carabiner.logLevel, ...parts.log });
    this.log = this.logs.host;
    this.#events = new EventHub(this.log);
    this.validation = carabiner.validation;
    this.callTimeoutMs = carabiner.callTimeoutMs;
    this.blockWatch = new BlockWatch(
      carabiner.blockWarningMs === 0 ? Number.POSITIVE_INFINITY : carabiner.blockWarningMs,
      (handler, heldMs) =>
        this.log.warn('a handler held the event loop', { handler, heldMs: Math.round(heldMs) }),
    );
    this.queues = new QueueReport(carabiner.queueLimit, (event) => {
      this.log.warn(event.lost > 0 ? 'a queue is full' : 'a queue grows long', event);
    });
    this.#remoteStates = new RemoteStates(loaded, remote);
    this.bus = busOf(remote, new Set(parts.modules.keys()));
    const slots = new Map<string, ModuleSlot>();
    this.slots = slots;
    for (const entry of this.configuration.modules) {
      const module = parts.modules.get(entry.id);
      if (module !== undefined) slots.set(entry.id, new ModuleSlot(entry, module, this));
    }
    this.#order = startOrder(
      new Map(
        [...slots.values()].map(({ id, entry }) => [
          id,
          Object.values(entry.connections).flatMap((targets) => targets.map(({ moduleId }) => moduleId)),
        ]),
      ),
    );
    const overlay = loaded.file === undefined ? undefined : new OverlayFile(overlayPathOf(loaded.file));
    this.config = new RuntimeConfig(slots, overlay, this.log, this.configuration.modules);
    this.#supervisor = new Supervisor(this);
    const folder = loaded.file === undefined ? process.cwd() : dirname(loaded.file);
    this.broker = new BrokerAccess(loaded.configuration.settings, folder, this.log, this.queues, remote);
    this.metrics = new Metrics({
      slots,
      restarts: (id) => this.#supervisor.restarts(id),
      handlerFailures: (id) => this.#handlerFailures.get(id) ?? 0,
    });
    this.#metricsServer = new MetricsServer(this.metrics);
  }

  get state(): RuntimeState {
    return this.#state;
  }

  /** Warnings of the composition's check. */
  get findings(): readonly Finding[] {
    return this.#parts.findings;
  }

  /** How long each step of the start took. */
  get bootTree(): BootStep {
    return this.#boot;
  }

  /** Port of `/metrics`; undefined while it is not served. */
  get metricsPort(): number | undefined {
    return this.#metricsPort;
  }

  /** All modules and how they are, in the order of the composition. */
  modules(): readonly ModuleStatus[] {
    return this.configuration.modules.flatMap(({ id }) => {
      const slot = this.slots.get(id);
      if (slot === undefined) return this.#remoteStates.status(id);
      const { descriptor } = slot.loaded.moduleClass;
      return [
        {
          id,
          module: descriptor.module,
          package: slot.loaded.package,
          state: slot.state,
          reason: slot.reason,
          restarts: this.#supervisor.restarts(id),
          provides: Object.fromEntries(
            Object.entries(descriptor.provides).map(([name, implementation]) => [
              name,
              implementation.interface.name,
            ]),
          ),
        },
      ];
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
      const { metrics } = this.configuration.settings.carabiner;
      if (metrics !== undefined) this.#metricsPort = await this.#metricsServer.start(metrics);
      for (const slot of this.slots.values()) slot.endpoint.attach();
      await this.#boot.measure('construct', async (timer) => {
        for (const slot of this.slots.values()) await timer.measure(slot.id, async () => slot.construct());
      });
      await this.#remote?.start({
        configuration: this.configuration,
        shapes: this.#parts.loaded.shapes,
        clock: this.clock,
        log: this.log,
        stateChanged: (id, state, reason) => this.#remoteChanged(id, state, reason),
      });
      await this.#step('init', this.#order, async (slot, instance) => {
        await slot.init(instance);
        slot.endpoint.gate.open();
      });
      await this.bus.settled();
      if (this.#remote !== undefined)
        await this.#boot.measure('others', async () => this.#remote?.initialised());
      const together: Dependencies = new Map([...this.slots.keys()].map((id) => [id, new Set()]));
      await this.#step('ready', together, async (slot, instance) => slot.ready(instance));
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

  /**
   * Calls a command of a module as the host; modules of other processes included.
   *
   * @throws UnknownNameError when there is no such module or command
   * @throws CallError when the call failed
   */
  async call(
    moduleId: string,
    implementation: string,
    command: string,
    args: object = {},
    options: HostCallOptions = {},
  ): Promise<unknown> {
    if (!this.#remoteStates.has(moduleId)) {
      const endpoint = endpointFor(this, moduleId, implementation, command);
      return await endpoint.invoke(implementation, command, args, { origin: HOST_ORIGIN, ...options });
    }
    return await callAnywhere(this, { moduleId, implementationId: implementation }, command, args, options);
  }

  /** Hears of everything that happens, in the stack of who did it: be quick. */
  observe(listener: (event: RuntimeEvent) => void): Subscription {
    return this.#events.observe(listener);
  }

  /** Errors of the modules of this process that are active now. */
  activeErrors(): readonly RaisedError[] {
    return [...this.slots.values()].flatMap(({ endpoint }) =>
      [...endpoint.errors()].flatMap(([, errors]) => errors.active),
    );
  }

  /**
   * Puts another module in the place of a running one. Calls wait meanwhile, consumers keep their clients.
   *
   * @throws CompositionError when it does not fit, with nothing changed
   * @throws SwapError when it does not start; the former one serves again if it can
   */
  async replace(moduleId: string, replacement: Replacement): Promise<void> {
    const slot = this.slots.get(moduleId);
    if (slot === undefined)
      throw new UnknownNameError(
        `there is no module ${moduleId} in this process`,
        moduleId,
        this.slots.keys(),
      );
    if (this.#state !== 'running')
      throw new RuntimeStateError(`the runtime is ${this.#state}; modules can be replaced while it runs`);
    const { source, resolver } = this.#parts.loaded;
    const { clock, bus, log, configuration, slots } = this;
    const supervisor = this.#supervisor;
    await swap(slot, replacement, { clock, bus, log, configuration, slots, supervisor, source, resolver });
  }

  /** @internal */
  logOf(moduleId: string): Logger {
    return this.logs.of(moduleId);
  }

  /** @internal */
  peerMade(peer: Peer, providerId: string, scope: ModuleScope): void {
    this.#peers.add(peer, providerId, scope);
  }

  /** @internal */
  onlookerOf(target: ImplementationAddress, scope: ModuleScope): ConnectionListener | undefined {
    if (!this.#remoteStates.has(target.moduleId)) return undefined;
    return this.#onlookers.of(target, scope);
  }

  /** @internal */
  providerReplaced(moduleId: string): void {
    this.#peers.forget(moduleId);
  }

  /** @internal */
  stateChanged(moduleId: string, state: ModuleState, reason: string | undefined): void {
    this.log.debug('module state', { moduleId, state, ...(reason === undefined ? {} : { reason }) });
    if (state === 'failed') for (const { endpoint } of this.slots.values()) endpoint.callerLost(moduleId);
    this.#events.tell({ kind: 'module', moduleId, state, reason });
  }

  /** @internal */
  published(moduleId: string, implementationId: string, name: string, value: unknown): void {
    if (this.#events.observed)
      this.#events.tell({ kind: 'variable', moduleId, implementationId, name, value });
  }

  /** @internal */
  raised(error: RaisedError): void {
    const { type, sub_type: subType, message, severity, origin } = error;
    const text = error.state === 'Active' ? 'error raised' : 'error cleared';
    this.log.info(text, { type, subType, message, severity, origin });
    if (this.#events.observed) this.#events.tell({ kind: 'error', error });
  }

  /** @internal */
  handlerFailed(scope: ModuleScope, error: Error, where: string): void {
    this.#handlerFailures.set(scope.moduleId, (this.#handlerFailures.get(scope.moduleId) ?? 0) + 1);
    scope.log.error('a handler failed', { handler: where, err: error });
  }

  /** @internal */
  crashed(scope: ModuleScope, error: Error, where: string): void {
    const slot = this.slots.get(scope.moduleId);
    if (slot?.instance?.scope !== scope || scope.signal.aborted) {
      // What a module leaves behind when it is taken down; a sleep that ended, for example.
      scope.log.debug('uncaught after the shutdown', { handler: where, err: error });
      return;
    }
    scope.log.error('uncaught', { handler: where, err: error });
    slot.instance.crash(error);
    this.#supervisor.failed(slot, error);
  }

  async #step(
    name: 'init' | 'ready',
    order: Dependencies,
    work: (slot: ModuleSlot, instance: ModuleInstance) => Promise<void>,
  ): Promise<void> {
    const failures = await this.#boot.measure(name, async (timer) =>
      inOrder(order, async (id) => {
        const slot = this.slots.get(id);
        if (this.#state !== 'starting')
          throw new RuntimeStateError('the runtime was stopped during its start');
        if (slot?.instance === undefined) throw new ModuleStepError(id, name, 'has no instance');
        const { instance } = slot;
        await timer.measure(id, async () => work(slot, instance));
      }),
    );
    const [first, ...others] = failures;
    for (const other of others) this.log.error('another module failed, too', { err: other });
    if (first !== undefined) throw first;
  }

  async #stop(): Promise<void> {
    this.#moveTo('stopping');
    this.#supervisor.stop();
    await inOrder(reversed(this.#order), async (id) => {
      const slot = this.slots.get(id);
      await slot?.exclusive(async () => {
        slot.moveTo('stopping');
        slot.endpoint.gate.shutDown();
        await slot.unload();
        slot.endpoint.interrupt(slot.endpoint.gate.refusal());
        await slot.endpoint.detach();
        slot.moveTo('stopped');
      });
    });
    for (const [what, end] of [
      ['modules of other processes', () => this.#remote?.stop()],
      ['the bus', () => this.bus.close()],
      ['the external broker', () => this.broker.close()],
      ['the metrics server', () => this.#metricsServer.stop()],
    ] as const)
      try {
        await end();
      } catch (thrown) {
        this.log.error(`${what} did not stop cleanly`, { err: toError(thrown) });
      }
    // What modules left behind rejects in this turn of the event loop, while whoever contains failures still listens.
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#moveTo('stopped');
  }

  #remoteChanged(moduleId: string, state: ModuleState, reason: string | undefined): void {
    this.#remoteStates.set(moduleId, state, reason);
    // Another process begins: what the former one said last is not its word.
    if (state === 'loaded' || state === 'initialising') this.#peers.forget(moduleId);
    this.stateChanged(moduleId, state, reason);
  }

  #moveTo(state: RuntimeState): void {
    this.#state = state;
    this.log.info(`runtime ${state}`);
    this.#events.tell({ kind: 'runtime', state });
  }
}
