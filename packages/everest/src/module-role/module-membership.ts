// SPDX-License-Identifier: Apache-2.0
import type { Timer } from '@carabiner/clock';
import type {
  Bus,
  Logger,
  ModuleEntry,
  ModuleShape,
  RemoteHost,
  RemoteModules,
  Runtime,
  Subscription,
  TelemetryMessage,
} from '@carabiner/core';
import type { BrokerSession } from '../broker/broker-session.js';
import { encodeModuleList } from '../bus/module-list.js';
import { SetRequestResponder } from '../configuration/set-request-responder.js';
import { encodeExternal, encodeModuleReady } from '../protocol/envelope.js';
import type { Generation } from '../protocol/generation.js';
import type { Topics } from '../protocol/topics.js';
import type { ManagerClient } from './manager-client.js';

/** A ready that came while the manager was not listening is lost, so it is said again. */
const READY_AGAIN_MS = 5_000;

/** What a membership needs. */
export interface MembershipOptions {
  readonly moduleId: string;
  /** Name the manager knows the module by. */
  readonly moduleName: string;
  readonly bus: Bus;
  readonly session: BrokerSession;
  readonly topics: Topics;
  readonly client: ManagerClient;
  readonly log: Logger;
  readonly generation: Generation;
  /** Interface of each implementation. */
  readonly provides: Readonly<Record<string, string>>;
  readonly shapeOf: (entry: ModuleEntry) => ModuleShape | undefined;
  /** The manager asked everybody to shut down. */
  readonly onShutdown: () => void;
}

/** One module of this process as a member of an EVerest system: all others are elsewhere, and so is the manager. */
export class ModuleMembership implements RemoteModules {
  readonly bus: Bus;
  readonly #options: MembershipOptions;
  readonly #subscriptions: Subscription[] = [];
  #readyAgain: Timer | undefined;
  #announced = false;
  #everybodyReady: () => void = () => undefined;
  readonly #globalReady: Promise<void>;
  #isGloballyReady = false;
  /** The broker keeps word of an earlier end of this module. */
  #wasLost = false;
  /** Set once the runtime exists; set requests that come before are refused. */
  runtime: Runtime | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.bus = options.bus;
    this.#globalReady = new Promise((resolve) => {
      this.#everybodyReady = resolve;
    });
  }

  hosts(entry: ModuleEntry): boolean {
    return entry.id !== this.#options.moduleId;
  }

  shapeOf(entry: ModuleEntry): ModuleShape | undefined {
    return this.#options.shapeOf(entry);
  }

  telemetry(json: string): TelemetryMessage {
    return this.#options.generation === '2025'
      ? { payload: encodeExternal(json), qos: 2 }
      : { payload: json, qos: 0 };
  }

  start(host: RemoteHost): Promise<void> {
    const { session, topics, client, moduleId } = this.#options;
    this.#subscriptions.push(
      session.subscribe(topics.globalReady, (topic, payload) => {
        const message = client.take(topic, payload);
        if (message?.type !== 'GlobalReady' || !message.ready || this.#isGloballyReady) return;
        this.#isGloballyReady = true;
        this.#readyAgain?.cancel();
        this.#everybodyReady();
        for (const { id } of host.configuration.modules)
          if (id !== moduleId) host.stateChanged(id, 'running');
      }),
      session.subscribe(topics.lost(moduleId), (_topic, payload) => {
        if (payload.length === 0) return;
        this.#wasLost = true;
        // A broker may be slow to tell what it keeps.
        if (this.#announced)
          this.#takeBack().catch(() => this.#options.log.debug('word of an earlier end was not taken back'));
      }),
      // Any payload counts; an empty one is how a retained message would be cleared.
      session.subscribe(topics.shutdown, (_topic, payload) => {
        if (payload.length > 0) this.#options.onShutdown();
      }),
      new SetRequestResponder({
        session,
        topics,
        log: this.#options.log,
        runtime: () => this.runtime,
        respond: async (topic, data) => client.respond(topic, data),
      }).serve(moduleId),
    );
    const sayAgain = (): void => {
      if (this.#announced && !this.#isGloballyReady) this.announce();
      this.#readyAgain = host.clock.setTimeout(sayAgain, READY_AGAIN_MS);
    };
    this.#readyAgain = host.clock.setTimeout(sayAgain, READY_AGAIN_MS);
    return Promise.resolve();
  }

  async initialised(): Promise<void> {
    await this.#options.session.acknowledged();
    this.#announced = true;
    this.announce();
    await this.#globalReady;
  }

  /** Tells the manager that the module is ready; does nothing before it is. */
  announce(): void {
    if (!this.#announced) return;
    const { client, session, topics, moduleId, moduleName, provides, log } = this.#options;
    const metadata = {
      module: moduleName,
      provides: Object.fromEntries(Object.entries(provides).map(([id, name]) => [id, { interface: name }])),
    };
    client
      .respond(topics.metadata(moduleId), metadata)
      .then(async () => {
        // Before the ready: whoever hears of that may call at once.
        await Promise.all([this.#takeBack(), this.#sayPresent()]);
        await session.publish(topics.moduleReady(moduleId), encodeModuleReady());
      })
      .catch((error: unknown) => {
        log.warn('ready was not announced', {
          reason: error instanceof Error ? error.message : String(error),
        });
      });
  }

  /** Where the manager is one of this project; no other has modules that look at it. */
  async #sayPresent(): Promise<void> {
    const { client, session, topics, moduleId } = this.#options;
    if (client.lastingSettings === undefined) return;
    await session.publish(topics.present(moduleId), encodeModuleList([moduleId]), 2, true);
  }

  /** Nobody but this project's own modules looks at it, so nothing is said where nothing was lost. */
  async #takeBack(): Promise<void> {
    if (!this.#wasLost) return;
    const { session, topics, moduleId } = this.#options;
    await session.publish(topics.lost(moduleId), '', 2, true);
    this.#wasLost = false;
  }

  stop(): Promise<void> {
    this.#readyAgain?.cancel();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    return Promise.resolve();
  }
}
