// SPDX-License-Identifier: Apache-2.0
import { systemClock, withTimeout, type Clock } from '@carabiner/clock';
import {
  createRuntime,
  HOST_ORIGIN,
  LogBook,
  runUntilStopped,
  type Logger,
  type LogOptions,
  type ModuleClasses,
  type Runtime,
} from '@carabiner/core';
import { BrokerSession } from '../broker/broker-session.js';
import { describeBroker } from '../broker/broker-address.js';
import { encodeModuleList } from '../bus/module-list.js';
import { MqttBus } from '../bus/mqtt-bus.js';
import { RateLimitedLog } from '../bus/rate-limited-log.js';
import { readModuleConfiguration, type ModuleConfiguration } from '../configuration/module-configuration.js';
import type { Generation } from '../protocol/generation.js';
import { Topics } from '../protocol/topics.js';
import { ManagerClient } from './manager-client.js';
import { locateModule, type LocatedModule } from './locate-module.js';
import { moduleComposition } from './module-composition.js';
import { ModuleMembership } from './module-membership.js';
import { ModuleRoleError } from './module-role-error.js';
import type { ModuleSettings } from './module-settings.js';
import { peerShape, readErrorTopics, readSystemSettings } from './system-view.js';

/** A module that ends waits this long for the broker to take its last word. */
const GOODBYE_MS = 1_000;

/** What {@link runModule} runs, and how. */
export interface RunModuleOptions {
  readonly settings: ModuleSettings;
  /**
   * npm package or module name; undefined takes the module name that the manager tells. A package with several modules
   * is asked for that name.
   */
  readonly target?: string | undefined;
  /** Folder from which packages are looked for; default the working directory. */
  readonly folder?: string;
  /** Module classes by name, used before installed packages. */
  readonly modules?: ModuleClasses;
  /** `digestOf` of the module's manifest, from a manager of this project. */
  readonly declared?: string | undefined;
  readonly clock?: Clock;
  readonly log?: LogBook | LogOptions;
  /** Ends the module like SIGTERM does. */
  readonly signal?: AbortSignal;
  /** Called when the module and all others are ready. */
  readonly onRunning?: (runtime: Runtime) => void;
}

/**
 * Takes part in an EVerest system as one of its modules, until SIGTERM, SIGINT, `signal` or the manager's shutdown. A
 * broker or manager that goes away and comes back is joined again; when the manager comes back with another
 * configuration, the module is started anew with it.
 *
 * @returns the exit code
 * @throws ModuleRoleError, CompositionError, ModuleStepError when the module cannot start
 */
export async function runModule(options: RunModuleOptions): Promise<number> {
  const role = new ModuleRole(options);
  try {
    for (;;) {
      const code = await role.live();
      if (code !== 'again') return code;
    }
  } finally {
    await role.close();
  }
}

/** A process's place in a system; the module lives in it, sometimes more than once. */
class ModuleRole {
  readonly #options: RunModuleOptions;
  readonly #clock: Clock;
  readonly #book: LogBook;
  readonly #log: Logger;
  readonly #topics: Topics;
  readonly #session: BrokerSession;
  readonly #client: ManagerClient;
  #bus: MqttBus | undefined;
  #membership: ModuleMembership | undefined;
  /** The manager asked everybody to shut down. */
  #dismissed = false;

  constructor(options: RunModuleOptions) {
    const { settings, clock = systemClock, log } = options;
    const { moduleId, generation, broker } = settings;
    this.#options = options;
    this.#clock = clock;
    this.#book = log instanceof LogBook ? log : new LogBook(log);
    this.#log = this.#book.host;
    this.#topics = new Topics(settings.prefixes);
    this.#session = new BrokerSession(
      {
        address: broker,
        // The network lives in real time, whatever time the module has.
        clock: systemClock,
        log: this.#log,
        will: {
          topic: this.#topics.lost(moduleId),
          payload: encodeModuleList([moduleId]),
          qos: 1,
          retain: true,
        },
      },
      {
        connected: (again) => this.#connected(again),
        disconnected: (reason) => {
          this.#log.warn('the broker is out of reach; trying again', { reason });
          this.#bus?.connectionLost();
        },
      },
    );
    this.#client = new ManagerClient({
      moduleId,
      session: this.#session,
      topics: this.#topics,
      clock: systemClock,
      log: this.#log,
      warnings: new RateLimitedLog(this.#log, systemClock),
      generation,
    });
  }

  async close(): Promise<void> {
    this.#client.close();
    await this.#sayLost();
    await this.#session.close();
  }

  /**
   * Whoever leaves while the others go on is missed by them, and the broker keeps quiet of those who say goodbye. Nobody in
   * a system of EVerest looks at it.
   */
  async #sayLost(): Promise<void> {
    const { moduleId } = this.#options.settings;
    if (this.#dismissed || this.#client.lastingSettings === undefined || !this.#session.connected) return;
    const said = [
      this.#session.publish(this.#topics.lost(moduleId), encodeModuleList([moduleId]), 2, true),
      this.#session.publish(this.#topics.present(moduleId), '', 2, true),
    ];
    try {
      await withTimeout(systemClock, Promise.all(said), GOODBYE_MS, 'word of the end');
    } catch {
      this.#log.debug('the end of the module was not announced');
    }
  }

  /** One life of the module, from its configuration to its end. */
  async live(): Promise<number | 'again'> {
    const { settings, signal, onRunning, folder = process.cwd() } = this.#options;
    const configuration = await this.#configuration(signal);
    if (configuration === undefined) return 0;
    const resolved = await locateModule(this.#options, configuration);
    const system = await systemOf(resolved, this.#client, this.#topics, configuration, this.#log);
    const end = new AbortController();
    const life = { configuration, end, again: false };
    const generation = await this.#client.generation();
    const membership = this.#join(life, resolved.shape, system.errorTopics, generation);
    this.#client.onManagerStarted = () => this.#onManagerStarted(life);
    const runtime = await createRuntime({
      composition: moduleComposition(settings, system, configuration, resolved.module),
      folder,
      clock: this.#clock,
      log: this.#book,
      remote: membership,
      modules: resolved.classes,
    });
    membership.runtime = runtime;
    const onAbort = (): void => {
      end.abort();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    try {
      const code = await runUntilStopped(runtime, {
        signal: end.signal,
        ...(onRunning === undefined ? {} : { onRunning }),
      });
      return life.again ? 'again' : code;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #join(
    life: Life,
    shape: LocatedModule['shape'],
    errorTopics: readonly string[],
    generation: Generation,
  ): ModuleMembership {
    const { moduleId } = this.#options.settings;
    const [session, topics, client, log] = [this.#session, this.#topics, this.#client, this.#log];
    const { callers } = life.configuration;
    const bus = new MqttBus({
      ...{ session, topics, clock: this.#clock, log },
      errorTopics: () => errorTopics,
      mayCall: (caller, _moduleId, implementation) =>
        callers === undefined || caller === HOST_ORIGIN || callers[implementation]?.includes(caller) === true,
    });
    const membership = new ModuleMembership({
      moduleId,
      moduleName: life.configuration.moduleName,
      bus,
      session,
      topics,
      client,
      log,
      generation,
      provides: Object.fromEntries(
        Object.entries(shape.provides).map(([id, provided]) => [id, provided.interface]),
      ),
      shapeOf: (entry) =>
        entry.id === moduleId ? undefined : peerShape(entry.id, life.configuration, shape.requires),
      onShutdown: () => {
        log.info('the manager asked to shut down');
        this.#dismissed = true;
        life.end.abort();
      },
    });
    this.#bus = bus;
    this.#membership = membership;
    return membership;
  }

  #connected(again: boolean): void {
    const { broker } = this.#options.settings;
    this.#log.info(again ? 'connected to the broker again' : 'connected to the broker', {
      broker: describeBroker(broker),
    });
    if (!again) return;
    this.#bus?.connectionRestored();
    this.#membership?.announce();
  }

  /** A manager that starts anew wants to hear a ready from everybody, and may have another configuration. */
  #onManagerStarted(life: Life): void {
    const membership = this.#membership;
    this.#configuration(life.end.signal).then(
      (fresh) => {
        if (fresh === undefined) return;
        if (JSON.stringify(fresh) === JSON.stringify(life.configuration)) {
          membership?.announce();
          return;
        }
        this.#log.info('the manager has another configuration for this module, which starts anew with it');
        life.again = true;
        life.end.abort();
      },
      (error: unknown) => {
        this.#log.error('a manager that started has no configuration for this module', { error });
      },
    );
  }

  async #configuration(signal: AbortSignal | undefined): Promise<ModuleConfiguration | undefined> {
    return await ownConfiguration(this.#client, this.#options.settings.moduleId, signal);
  }
}

interface Life {
  readonly configuration: ModuleConfiguration;
  readonly end: AbortController;
  again: boolean;
}

async function ownConfiguration(
  client: ManagerClient,
  moduleId: string,
  signal: AbortSignal | undefined,
): Promise<ModuleConfiguration | undefined> {
  const asked = client.request({ type: 'Module' });
  const answer = signal === undefined ? await asked : await Promise.race([asked, aborted(signal)]);
  if (answer === undefined) return undefined;
  const configuration = readModuleConfiguration(answer);
  if ('problem' in configuration)
    throw new ModuleRoleError(`no configuration for module '${moduleId}': ${configuration.problem}`);
  return configuration;
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  await new Promise((resolve) => {
    const onAbort = (): void => {
      resolve(undefined);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function systemOf(
  { shape, requiredErrors }: LocatedModule,
  client: ManagerClient,
  topics: Topics,
  configuration: ModuleConfiguration,
  log: Logger,
): Promise<Awaited<ReturnType<typeof readSystemSettings>> & { readonly errorTopics: readonly string[] }> {
  // What nobody needs is not fetched: the definitions are gone when the module starts late.
  const settings = shape.enableTelemetry
    ? await readSystemSettings(client, topics, configuration)
    : { telemetryEnabled: false, telemetryPrefix: 'everest-telemetry/' };
  const errorTopics = shape.enableGlobalErrors
    ? await readErrorTopics(client, topics, configuration, requiredErrors, log)
    : [];
  return { ...settings, errorTopics };
}
