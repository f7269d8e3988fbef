// SPDX-License-Identifier: Apache-2.0
import { own } from '@carabiner/dialect';
import type { Bus } from '../bus/bus.js';
import type { Peer } from '../bus/client.js';
import { ModuleEndpoint } from '../bus/module-endpoint.js';
import type { ModuleEntry } from '../composition/run-configuration.js';
import { completeConfig, type ModuleConfig } from '../config/complete-config.js';
import { ConfigHandlers } from '../config/config-handlers.js';
import { currentActivity, runInScope } from '../containment/activity.js';
import { ModuleScope } from '../containment/module-scope.js';
import type { ConfigValue, ModuleDescriptor, ModuleInfo } from '../contract/index.js';
import { Shutdown, toError } from '../exceptions/index.js';
import type { LoadedModule } from '../composition/module-resolver.js';
import { ModuleContainer } from '../injection/module-container.js';
import { buildContext } from './build-context.js';
import { ModuleStepError } from './lifecycle-errors.js';
import type { ModuleHost } from './module-host.js';
import { Mutex } from './mutex.js';
import { ModuleInstance } from './module-instance.js';
import type { ModuleState } from './module-state.js';

/** The place of one module of a composition. Instances of the module come and go in it. */
export class ModuleSlot {
  readonly id: string;
  info: ModuleInfo;
  readonly endpoint: ModuleEndpoint;
  readonly configHandlers = new ConfigHandlers();
  config: ModuleConfig;
  instance: ModuleInstance | undefined;
  readonly #mutex = new Mutex();
  #state: ModuleState = 'loaded';
  #reason: string | undefined;

  constructor(
    public entry: ModuleEntry,
    public loaded: LoadedModule,
    private readonly host: ModuleHost,
  ) {
    this.id = entry.id;
    const { descriptor } = loaded.moduleClass;
    this.info = infoOf(entry, descriptor);
    this.config = this.#completeConfig();
    this.endpoint = new ModuleEndpoint(this.info, descriptor.provides, host.logOf(entry.id), host);
  }

  get state(): ModuleState {
    return this.#state;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  /** Runs work that changes the module's life, one at a time. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#mutex.run(work);
  }

  moveTo(state: ModuleState, reason?: string): void {
    this.#state = state;
    this.#reason = reason;
    this.host.stateChanged(this.id, state, reason);
  }

  /** A parameter was set at run time: instances that come from now on are made with it. */
  remember(parameter: string, value: ConfigValue, implementation: string | undefined): void {
    const { configModule, configImplementation } = this.entry;
    this.entry =
      implementation === undefined
        ? { ...this.entry, configModule: { ...configModule, [parameter]: value } }
        : {
            ...this.entry,
            configImplementation: {
              ...configImplementation,
              [implementation]: { ...configImplementation[implementation], [parameter]: value },
            },
          };
  }

  /**
   * Makes a new instance: its container, its context, the connections of its requirements.
   *
   * @throws ModuleStepError; what was made by then is undone
   */
  async construct(): Promise<ModuleInstance> {
    const { moduleClass } = this.loaded;
    const scope = new ModuleScope(this.id, this.host.logOf(this.id), this.host);
    try {
      this.config = this.#completeConfig();
      const { enableExternalMqtt, enableTelemetry } = moduleClass.descriptor;
      if (enableExternalMqtt || enableTelemetry) await this.host.broker.prepare();
      this.endpoint.begin(scope);
      this.host.providerReplaced(this.id);
      const { context, held } = buildContext({
        info: this.info,
        entry: this.entry,
        descriptor: moduleClass.descriptor,
        endpoint: this.endpoint,
        scope,
        config: this.config,
        configHandlers: this.configHandlers,
        host: this.host,
      });
      const container = new ModuleContainer(context);
      scope.undo.add(() => container.dispose());
      const module = runInScope(scope, `${this.id}.constructor`, currentActivity()?.trace, () =>
        container.construct(moduleClass, context),
      );
      this.endpoint.bind(module.implementations);
      this.instance = new ModuleInstance(module, scope, held);
      return this.instance;
    } catch (thrown) {
      scope.abort();
      await scope.undo.unwind();
      const cause = toError(thrown);
      throw new ModuleStepError(this.id, 'construct', `failed: ${cause.message}`, cause);
    }
  }

  /** Runs `init`; calls are served from its end on. */
  async init(instance: ModuleInstance): Promise<void> {
    this.moveTo('initialising');
    await instance.init(this.host.configuration.settings.carabiner.initTimeoutMs);
    this.moveTo('initialised');
  }

  /** Runs `ready`. */
  async ready(instance: ModuleInstance): Promise<void> {
    this.moveTo('starting');
    await instance.ready(this.host.configuration.settings.carabiner.readyTimeoutMs);
    for (const [, errors] of this.endpoint.errors()) errors.dropFormerLife();
    this.moveTo('running');
  }

  /**
   * Constructs, initialises and readies a new instance beside running neighbours, then lets calls in.
   *
   * @throws ModuleStepError
   */
  async bringUp(bus: Bus): Promise<void> {
    const instance = await this.construct();
    await this.init(instance);
    await bus.settled();
    await this.ready(instance);
    this.endpoint.gate.open();
  }

  /** Takes another module class from now on; the present instance must have been unloaded. */
  adopt(entry: ModuleEntry, loaded: LoadedModule): void {
    const { descriptor } = loaded.moduleClass;
    this.entry = entry;
    this.loaded = loaded;
    this.info = infoOf(entry, descriptor);
    this.config = this.#completeConfig();
    this.endpoint.adopt(this.info, descriptor.provides);
  }

  /** Shuts the present instance down and undoes all it did. Failures are logged, never thrown. */
  async unload(): Promise<void> {
    const { instance } = this;
    this.instance = undefined;
    if (instance === undefined) return;
    this.endpoint.warn(new Shutdown(`module ${this.id} is shutting down`));
    const { shutdownTimeoutMs } = this.host.configuration.settings.carabiner;
    for (const error of await instance.unload(shutdownTimeoutMs))
      instance.scope.log.error('a module did not shut down cleanly', { err: error });
  }

  #completeConfig(): ModuleConfig {
    const { descriptor } = this.loaded.moduleClass;
    return {
      module: completeConfig(this.entry.configModule, descriptor.config),
      implementations: Object.fromEntries(
        Object.entries(descriptor.provides).map(([id, { config }]) => [
          id,
          completeConfig(own(this.entry.configImplementation, id) ?? {}, config),
        ]),
      ),
    };
  }
}

function infoOf(entry: ModuleEntry, { module }: ModuleDescriptor): ModuleInfo {
  return {
    id: entry.id,
    module,
    implementationMapping: entry.implementationMapping,
    ...(entry.mapping === undefined ? {} : { mapping: entry.mapping }),
  };
}

/** Consumers' ends by the module they are connected to. */
export class PeerRegister {
  readonly #peers = new Map<string, Set<Peer>>();

  add(peer: Peer, providerId: string, scope: ModuleScope): void {
    const peers = this.#peers.get(providerId) ?? new Set();
    this.#peers.set(providerId, peers);
    peers.add(peer);
    scope.undo.add(() => void peers.delete(peer));
  }

  /** The provider is another instance: its last values are not the new one's. */
  forget(providerId: string): void {
    for (const peer of this.#peers.get(providerId) ?? []) peer.forget();
  }
}
