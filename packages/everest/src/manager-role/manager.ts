// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { FindingText } from '@carabiner/dialect';
import {
  OverlayFile,
  overlayPathOf,
  type Bus,
  type Logger,
  type ModuleEntry,
  type ModuleShape,
  type ModuleState,
  type RemoteHost,
  type RemoteModules,
  type RunConfiguration,
  type Runtime,
  type RuntimeEvent,
  type Subscription,
} from '@carabiner/core';
import { encodeModuleList } from '../bus/module-list.js';
import { RateLimitedLog } from '../bus/rate-limited-log.js';
import { decode, encodeConfiguration, encodeGlobalReady } from '../protocol/envelope.js';
import { CONFIGURATION_MESSAGES } from '../protocol/generation.js';
import { checkBroker } from './check-broker.js';
import { ConfigurationService } from './configuration-service.js';
import { makeDefinitions, type Definition } from './definitions.js';
import { guestIdentity } from './guest-identity.js';
import { Placements, specFolders } from './placement.js';
import { ProcessGroup } from './process-group.js';
import { watchRemote } from './remote-watch.js';
import { prefixesOf, type SystemBroker } from './system-broker.js';
import { SystemLink } from './system-link.js';

/** How often missing modules are named while everybody waits for them. */
const REMINDER_MS = 10_000;

const { response: RESPONSE } = CONFIGURATION_MESSAGES['2026'];

/** What a manager needs. */
export interface ManagerOptions {
  readonly configuration: RunConfiguration;
  /** Path of the composition, beside which values set at run time are kept; undefined for data. */
  readonly file: string | undefined;
  /** Folder that packages and relative paths are looked for from. */
  readonly folder: string;
  readonly broker: SystemBroker;
  readonly clock: Clock;
  readonly log: Logger;
  /** What module processes log. */
  readonly logLevel?: string;
  readonly logFormat?: string;
  /** EVerest's behaviour: the end of any module's process ends everything. */
  readonly strict?: boolean;
  /** Called when everything has to end: in strict mode, when a process ended. */
  readonly onFatal?: (reason: string) => void;
}

/**
 * Plays EVerest's manager for the modules of other processes: tells them who they are and what there is, starts and
 * supervises those that are its own children, and says when everybody is ready.
 */
export class Manager implements RemoteModules {
  readonly bus: Bus;
  readonly #options: ManagerOptions;
  readonly #placements: Placements;
  readonly #link: SystemLink;
  readonly #processes: ProcessGroup;
  readonly #states = new Map<string, ModuleState>();
  readonly #remote: readonly ModuleEntry[];
  /** Modules whose loss the broker keeps word of. */
  readonly #lost = new Set<string>();
  #definitions: readonly Definition[] = [];
  #host: RemoteHost | undefined;
  #everybodyReady = false;
  #check: () => void = () => undefined;
  #giveUp: (error: Error) => void = () => undefined;
  #stopped = false;
  /** Set once the runtime exists; the parameters of its modules are kept there. */
  runtime: Runtime | undefined;

  /**
   * @throws SystemBrokerError when the modules need another broker
   * @throws GuestIdentityError when guests cannot run as who they should
   */
  constructor(options: ManagerOptions) {
    const { configuration, folder, broker, clock, log } = options;
    this.#options = options;
    this.#placements = new Placements(configuration.settings, folder, undefined);
    this.#remote = configuration.modules.filter((entry) => this.hosts(entry));
    checkBroker(this.#remote, this.#placements, broker);
    const identity = guestIdentity(this.#remote, this.#placements, configuration.settings);
    this.#link = new SystemLink({
      configuration,
      placements: this.#placements,
      broker,
      host: undefined,
      clock,
      log,
    });
    this.bus = this.#link.bus;
    this.#link.onReconnected = () => {
      if (this.#host === undefined) return;
      this.#publishDefinitions();
      // A broker that was started anew has forgotten who is lost.
      for (const id of this.#lost) this.#sayLost(id);
    };
    const { carabiner } = configuration.settings;
    this.#processes = new ProcessGroup(
      this.#link,
      this.#placements,
      {
        broker: broker.address,
        brokerEnvironment: broker.environment,
        prefixes: prefixesOf(configuration.settings),
        folders: this.#placements.folders,
        folder,
        logLevel: options.logLevel ?? carabiner.logLevel,
        logFormat: options.logFormat ?? 'auto',
        spare: carabiner.spareProcess,
        identity,
      },
      clock,
      log,
      {
        ended: (id, reason, final) => this.#onEnded(id, reason, final),
        restarted: (id) => this.#move(id, 'initialising', 'started again'),
      },
      options.strict,
    );
    this.#processes.launch();
  }

  /** Process ids of the children, by module id. */
  get pids(): ReadonlyMap<string, number> {
    return this.#processes.pids;
  }

  /** Process id of the process that waits to replace one that ends; undefined while there is none. */
  get sparePid(): number | undefined {
    return this.#processes.sparePid;
  }

  hosts(entry: ModuleEntry): boolean {
    return this.#placements.of(entry).kind !== 'inline';
  }

  shapeOf(entry: ModuleEntry): ModuleShape | undefined {
    return this.#placements.shapeOf(entry);
  }

  whyMissing(entry: ModuleEntry): FindingText | undefined {
    return this.#placements.whyMissing(entry);
  }

  exports(moduleId: string): boolean {
    return this.#remote.some(
      (entry) =>
        Object.values(entry.connections).some((targets) =>
          targets.some((target) => target.moduleId === moduleId),
        ) || this.#placements.declarationOf(entry)?.enableGlobalErrors === true,
    );
  }

  async start(host: RemoteHost): Promise<void> {
    this.#host = host;
    const { session, topics } = this.#link;
    await this.#link.open();
    const { configuration, file, clock, log } = this.#options;
    const { settings, modules } = configuration;
    const warnings = new RateLimitedLog(log, clock);
    const service = new ConfigurationService({
      entries: modules,
      shapes: host.shapes,
      telemetryEnabled: settings.everest['telemetry_enabled'] === true,
      session,
      topics,
      clock,
      log,
      warnings,
      overlay: file === undefined ? undefined : new OverlayFile(overlayPathOf(file)),
      isRunning: (id) => this.#states.get(id) === 'running',
      isSettable: () => this.#everybodyReady && !isEnding(this.runtime),
      isLocal: (id) => !this.#remote.some((entry) => entry.id === id),
      runtime: () => this.runtime,
    });
    session.subscribe(topics.configRequest, (topic, payload) => {
      service.take(topic, payload);
    });
    for (const { id } of this.#remote) {
      this.#states.set(id, 'loaded');
      session.subscribe(topics.moduleReady(id), (topic, payload) => {
        const message = decode(payload);
        if ('malformed' in message || message.type !== 'ModuleReady')
          warnings.warn('a message that is no ready was dropped', { topic });
        else if (message.ready) this.#onReady(id);
      });
    }
    const prefix = topics.lost('');
    session.subscribe(topics.lost('+'), (topic, payload) => {
      this.#onLost(topic.slice(prefix.length), payload);
    });
    await session.acknowledged();
    this.#definitions = makeDefinitions(
      {
        entries: modules,
        shapes: host.shapes,
        settings,
        folders: this.#placements.folders,
        specFolders: specFolders(this.#placements, modules),
        complete: this.#remote.some((entry) => this.#needsDefinitions(entry)),
      },
      topics,
    );
    this.#publishDefinitions();
    this.#processes.start();
  }

  async initialised(): Promise<void> {
    const { clock, log } = this.#options;
    let reminder: Timer | undefined;
    const remind = (): void => {
      log.warn('waiting for modules of other processes', { missing: this.#missing() });
      reminder = clock.setTimeout(remind, REMINDER_MS);
    };
    reminder = clock.setTimeout(remind, REMINDER_MS);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#giveUp = reject;
        if (this.#stopped) reject(stoppedWaiting());
        this.#check = () => {
          if (this.#missing().length === 0) resolve();
        };
        this.#check();
      });
    } finally {
      reminder.cancel();
    }
    this.#everybodyReady = true;
    this.#clearDefinitions();
    this.#link.publish(this.#link.topics.globalReady, encodeGlobalReady());
    for (const { id } of this.#remote) this.#move(id, 'running');
    this.#processes.ready();
  }

  /** Hears every variable and error of the modules of other processes, as observers of the runtime hear those of this one. */
  async watch(listener: (event: RuntimeEvent) => void): Promise<Subscription> {
    const { broker, clock, log } = this.#options;
    return await watchRemote(
      {
        address: broker.address,
        topics: this.#link.topics,
        clock,
        log,
        wanted: (id) => this.#remote.some((entry) => entry.id === id),
      },
      listener,
    );
  }

  /** Leaves without a word to the modules, as a crash would; children end because their parent's pipe closes. */
  async abandon(): Promise<void> {
    await this.#link.session.close();
  }

  async stop(): Promise<void> {
    const { session, topics } = this.#link;
    const { broker } = this.#options;
    // Nobody waits for modules that do not come any more.
    this.#stopped = true;
    this.#giveUp(stoppedWaiting());
    let asked = false;
    if (session.connected) {
      const taken = this.#link.isTaken(topics.shutdown, 'true');
      for (const { topic } of this.#definitions) this.#link.publish(topic, '', true);
      this.#link.publish(topics.generationHint, '', true);
      this.#link.sayAbsent();
      // What the broker does not take over reaches nobody, so there is nothing to wait for.
      asked = await taken;
    }
    await this.#processes.stop(asked);
    await session.close();
    await broker.close();
  }

  #publishDefinitions(): void {
    const { topics } = this.#link;
    // The settings stay with it, for modules that are started again when the definitions are gone.
    const settings = this.#definitions.find(({ topic }) => topic === topics.definitions('settings'));
    this.#link.publish(topics.generationHint, encodeConfiguration(RESPONSE, settings?.data ?? {}), true);
    for (const { topic, data } of this.#definitions)
      this.#link.publish(topic, encodeConfiguration(RESPONSE, data), true);
    // After a loss of the broker: whoever was there all the time says ready again, and the rest is known.
    if (this.#everybodyReady) this.#clearDefinitions();
  }

  /** A child that watches all errors needs them whenever it is started again. */
  #clearDefinitions(): void {
    const needed = this.#link
      .entriesOf('child')
      .some((entry) => this.#placements.declarationOf(entry)?.enableGlobalErrors === true);
    if (needed) return;
    for (const { topic } of this.#definitions)
      this.#link.session.publish(topic, '', 0, true).catch(() => undefined);
  }

  /** Our own modules know the interfaces; others ask. */
  #needsDefinitions(entry: ModuleEntry): boolean {
    const { kind } = this.#placements.of(entry);
    return kind !== 'child' || this.#placements.declarationOf(entry)?.enableGlobalErrors === true;
  }

  #missing(): readonly string[] {
    return [...this.#states].filter(([, state]) => state !== 'initialised').map(([id]) => id);
  }

  #onReady(id: string): void {
    const { topics } = this.#link;
    // Modules of EVerest do not take it back themselves.
    if (this.#lost.delete(id)) this.#link.publish(topics.lost(id), '', true);
    if (!this.#everybodyReady) {
      this.#move(id, 'initialised');
      this.#check();
      return;
    }
    // It started again; the others have heard that everybody is ready and ignore it.
    this.#link.publish(topics.globalReady, encodeGlobalReady());
    this.#move(id, 'running');
  }

  #sayLost(id: string): void {
    this.#link.publish(this.#link.topics.lost(id), encodeModuleList([id]), true);
  }

  #onEnded(id: string, reason: string, final: boolean): void {
    this.#lost.add(id);
    this.#move(id, 'failed', reason);
    if (this.#options.strict === true) {
      const text = `the process of module ${id} ended: ${reason}`;
      this.#giveUp(new Error(text));
      this.#options.onFatal?.(text);
      return;
    }
    if (final) this.#giveUp(new Error(`module ${id} does not start: ${reason}`));
  }

  /** A host, a process on a host or a standalone module is gone; those that come back say ready again themselves. */
  #onLost(processName: string, payload: Buffer): void {
    if (payload.length === 0) return;
    for (const entry of this.#remote) {
      const { id, host } = entry;
      if (host !== undefined && host === processName) this.#move(id, 'failed', `host ${host} is lost`);
      const { kind } = this.#placements.of(entry);
      // The end of a child was noticed already, and it may have been started again.
      if (id !== processName || (kind !== 'standalone' && kind !== 'host')) continue;
      this.#lost.add(id);
      this.#move(id, 'failed', 'its process is gone');
    }
  }

  #move(id: string, state: ModuleState, reason?: string): void {
    if (this.#states.get(id) === state) return;
    this.#states.set(id, state);
    this.#host?.stateChanged(id, state, reason);
  }
}

function stoppedWaiting(): Error {
  return new Error('the system was stopped while it waited for modules of other processes');
}

function isEnding(runtime: Runtime | undefined): boolean {
  return runtime?.state === 'stopping' || runtime?.state === 'stopped';
}
