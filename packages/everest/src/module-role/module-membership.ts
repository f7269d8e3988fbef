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
} from '@carabiner/core';
import type { BrokerSession } from '../broker/broker-session.js';
import { MODULE_LEVEL, parseConfigText } from '../configuration/module-configuration.js';
import { encodeSetAnswer, readSetRequest } from '../configuration/set-request.js';
import { encodeModuleReady } from '../protocol/envelope.js';
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
      // Any payload counts; an empty one is how a retained message would be cleared.
      session.subscribe(topics.shutdown, (_topic, payload) => {
        if (payload.length > 0) this.#options.onShutdown();
      }),
      session.subscribe(topics.configSet(moduleId), (topic, payload) => {
        void this.#onSetRequest(topic, payload);
      }),
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
      .then(async () => session.publish(topics.moduleReady(moduleId), encodeModuleReady()))
      .catch((error: unknown) => {
        log.warn('ready was not announced', {
          reason: error instanceof Error ? error.message : String(error),
        });
      });
  }

  stop(): Promise<void> {
    this.#readyAgain?.cancel();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    return Promise.resolve();
  }

  async #onSetRequest(topic: string, payload: Buffer): Promise<void> {
    const { client, topics, moduleId, log } = this.#options;
    const message = client.take(topic, payload);
    if (message?.type !== 'ConfigurationRequest') return;
    const answer = await this.#set(message.data);
    try {
      await client.respond(topics.configSetAnswer(moduleId), encodeSetAnswer(answer));
    } catch (error) {
      log.warn('a set request was not answered', { error });
    }
  }

  async #set(data: unknown): Promise<Parameters<typeof encodeSetAnswer>[0]> {
    const request = readSetRequest(data);
    const { runtime } = this;
    if (request === undefined) return { status: 'rejected', reason: 'the request cannot be understood' };
    const { address, value } = request;
    if (address.moduleId !== this.#options.moduleId)
      return { status: 'rejected', reason: `this is ${this.#options.moduleId}` };
    if (runtime === undefined) return { status: 'reboot-required', reason: 'the module is starting' };
    try {
      const state = runtime.config.get(address);
      if (state === 'access-denied') return { status: 'rejected', reason: 'access denied' };
      const parsed = parseConfigText(state.declaration.type, value);
      if (parsed === undefined)
        return { status: 'rejected', reason: `'${value}' is no ${state.declaration.type}` };
      const result = await runtime.config.set(address, parsed);
      // The manager keeps the value; that this process cannot is no news to it.
      return result.status === 'rejected' ? result : { status: result.status };
    } catch (error) {
      const place = address.implementationId ?? MODULE_LEVEL;
      const reason = error instanceof Error ? error.message : String(error);
      return { status: 'rejected', reason: `${place}: ${reason}` };
    }
  }
}
