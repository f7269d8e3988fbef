// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { FindingText } from '@carabiner/dialect';
import type {
  Bus,
  Logger,
  ModuleEntry,
  ModuleShape,
  RemoteHost,
  RemoteModules,
  RunConfiguration,
  Runtime,
} from '@carabiner/core';
import { encodeModuleList } from '../bus/module-list.js';
import { SetRequestResponder } from '../configuration/set-request-responder.js';
import { decode, encodeConfiguration, encodeModuleReady } from '../protocol/envelope.js';
import { CONFIGURATION_MESSAGES } from '../protocol/generation.js';
import { checkBroker } from './check-broker.js';
import { guestIdentity } from './guest-identity.js';
import { Placements } from './placement.js';
import { ProcessGroup } from './process-group.js';
import { prefixesOf, SystemBrokerError, type SystemBroker } from './system-broker.js';
import { SystemLink } from './system-link.js';

/** A ready that came while the manager was not listening is lost, so it is said again. */
const READY_AGAIN_MS = 2_000;

/** What a further host of a composition needs. */
export interface HostMemberOptions {
  readonly configuration: RunConfiguration;
  readonly folder: string;
  /** Name of this host. */
  readonly host: string;
  readonly broker: SystemBroker;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logLevel?: string;
  readonly logFormat?: string;
  /** EVerest's behaviour: the end of any process of this host ends the host. */
  readonly strict?: boolean;
  /** Called when this host has to end: in strict mode, when a process ended. */
  readonly onFatal?: (reason: string) => void;
  /** The manager asked everybody to shut down. */
  readonly onShutdown: (reason: string) => void;
}

/** One host of a composition that does not play the manager: runs its modules and answers for them. */
export class HostMember implements RemoteModules {
  readonly bus: Bus;
  readonly #options: HostMemberOptions;
  readonly #placements: Placements;
  readonly #link: SystemLink;
  readonly #processes: ProcessGroup;
  #host: RemoteHost | undefined;
  #announced = false;
  #everybodyReady = false;
  /** The manager asked everybody to shut down. */
  #dismissed = false;
  #again: Timer | undefined;
  /** Set once the runtime exists. */
  runtime: Runtime | undefined;

  /**
   * @throws SystemBrokerError when the composition has no module for this host, or no broker that it can reach
   * @throws GuestIdentityError when guests of this host cannot run as who they should
   */
  constructor(options: HostMemberOptions) {
    const { configuration, folder, host, broker, clock, log } = options;
    if (broker.embedded)
      throw new SystemBrokerError(
        `host '${host}' cannot reach an embedded broker: name one in settings.carabiner.mqtt.broker`,
      );
    if (!configuration.modules.some((entry) => entry.host === host))
      throw new SystemBrokerError(`no module of the composition is marked with 'host: ${host}'`);
    this.#options = options;
    this.#placements = new Placements(configuration.settings, folder, host);
    checkBroker(configuration.modules, this.#placements, broker);
    const identity = guestIdentity(configuration.modules, this.#placements, configuration.settings);
    this.#link = new SystemLink({ configuration, placements: this.#placements, broker, host, clock, log });
    this.bus = this.#link.bus;
    this.#link.onReconnected = () => this.#announce();
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
        identity,
        spare: carabiner.spareProcess,
      },
      clock,
      log,
      {
        ended: (id, reason) => {
          if (options.strict === true) options.onFatal?.(`the process of module ${id} ended: ${reason}`);
        },
        restarted: () => undefined,
      },
      options.strict,
    );
    this.#processes.launch();
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

  async start(host: RemoteHost): Promise<void> {
    await this.#link.open();
    const { session, topics } = this.#link;
    const { log, onShutdown } = this.#options;
    const responder = new SetRequestResponder({
      session,
      topics,
      log,
      runtime: () => this.runtime,
      respond: async (topic, data) => {
        await session.publish(topic, encodeConfiguration(CONFIGURATION_MESSAGES['2026'].response, data));
      },
    });
    for (const { id } of this.#link.entriesOf('inline')) responder.serve(id);
    session.subscribe(topics.shutdown, (_topic, payload) => {
      if (payload.length === 0) return;
      this.#dismissed = true;
      onShutdown('the manager asked to shut down');
    });
    // A manager that starts anew publishes them and then waits for everybody.
    session.subscribe(topics.definitions('module_names'), (_topic, payload) => {
      if (payload.length > 0) this.#announce();
    });
    await session.acknowledged();
    this.#processes.start();
    for (const { id } of host.configuration.modules) {
      if (this.#link.entriesOf('inline').some((entry) => entry.id === id)) continue;
      host.stateChanged(id, 'initialising');
    }
    this.#host = host;
  }

  async initialised(): Promise<void> {
    const { clock, log } = this.#options;
    const { session, topics } = this.#link;
    let waited = 0;
    await new Promise<void>((resolve) => {
      session.subscribe(topics.globalReady, (_topic, payload) => {
        const message = decode(payload);
        if ('malformed' in message || message.type !== 'GlobalReady' || !message.ready) return;
        if (this.#everybodyReady) return;
        this.#everybodyReady = true;
        this.#again?.cancel();
        resolve();
      });
      const again = (): void => {
        this.#announce();
        waited += READY_AGAIN_MS;
        if (waited % 10_000 === 0) log.warn('waiting for the manager and the modules of the other hosts');
        this.#again = clock.setTimeout(again, READY_AGAIN_MS);
      };
      this.#again = clock.setTimeout(again, READY_AGAIN_MS);
      this.#announced = true;
      session.acknowledged().then(
        () => {
          this.#announce();
        },
        () => undefined,
      );
    });
    for (const { id } of this.#options.configuration.modules)
      if (!this.#link.entriesOf('inline').some((entry) => entry.id === id))
        this.#host?.stateChanged(id, 'running');
    this.#processes.ready();
  }

  async stop(): Promise<void> {
    this.#again?.cancel();
    // Whoever leaves while the others go on is missed by them, and the broker keeps quiet of those who say goodbye.
    const missed = !this.#dismissed && this.#link.session.connected;
    await this.#processes.stop(false, missed);
    if (this.#link.session.connected) this.#link.sayAbsent();
    if (missed)
      this.#link.publish(
        this.#link.topics.lost(this.#link.processName),
        encodeModuleList(this.#link.entriesOf('inline').map(({ id }) => id)),
        true,
      );
    await this.#link.session.close();
  }

  #announce(): void {
    if (!this.#announced) return;
    const { topics } = this.#link;
    for (const { id } of this.#link.entriesOf('inline'))
      this.#link.publish(topics.moduleReady(id), encodeModuleReady());
  }
}
