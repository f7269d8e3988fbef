// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock, type Timer } from '@carabiner/clock';
import {
  asCallError,
  NotReady,
  Shutdown,
  type AttachedModule,
  type Attachment,
  type Bus,
  type Caller,
  type CommandEntry,
  type Connection,
  type ConnectionRequest,
  type Logger,
  type RaisedError,
  type Subscription,
} from '@carabiner/core';
import type { BrokerSession } from '../broker/broker-session.js';
import {
  decode,
  encodeCommand,
  encodeError,
  encodeFailure,
  encodeResult,
  encodeVariable,
  isObject,
  type InputLimits,
  type Message,
} from '../protocol/envelope.js';
import type { Topics } from '../protocol/topics.js';
import { LinkFaults } from './link-faults.js';
import { LostModules } from './lost-modules.js';
import { PeerErrors } from './peer-errors.js';
import { PendingCalls } from './pending-calls.js';
import { PresentModules } from './present-modules.js';
import { RateLimitedLog } from './rate-limited-log.js';
import { UnsentVariables } from './unsent-variables.js';

/** What the bus needs to know of the system beside the modules attached to it. */
export interface MqttBusOptions {
  readonly session: BrokerSession;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: InputLimits;
  /** May `caller` call the implementation? Undefined lets everybody. */
  readonly mayCall?: (caller: string, moduleId: string, implementation: string) => boolean;
  /** Error topics of every implementation in the system, for modules that watch all errors. */
  readonly errorTopics?: () => readonly string[];
}

/** After a reconnect publications wait at most so long, in real time, for those who listen; most are back at once. */
const LISTENERS_WAIT_MS = 6_000;

/** The bus over EVerest's MQTT protocol: every message goes through the broker. */
export class MqttBus implements Bus {
  readonly #options: MqttBusOptions;
  readonly #pending: PendingCalls;
  readonly #warnings: RateLimitedLog;
  /** Result topics that are subscribed, and by how many connections. */
  readonly #results = new Map<string, { users: number; readonly subscription: Subscription }>();
  /** Errors whose present state could not be sent, by topic and sub type. */
  readonly #unsentErrors = new Map<string, { readonly topic: string; readonly error: RaisedError }>();
  readonly #unsentVariables = new UnsentVariables();
  readonly #attached = new Set<AttachedModule>();
  /** Modules of other processes that have called modules of this one. */
  readonly #callers = new Set<string>();
  #nextCall = 0;
  readonly #callPrefix = crypto.randomUUID();

  readonly #connections = new Map<LinkFaults, ConnectionRequest>();
  readonly #peerErrors = new Set<PeerErrors>();
  readonly #lost: LostModules;
  readonly #present: PresentModules;
  readonly #aboutProcesses: readonly Subscription[];
  /** Set while publications wait: the connection is lost, or those who listen are not all back. */
  #holding: { readonly listeners: ReadonlySet<string>; timer?: Timer } | undefined;

  constructor(options: MqttBusOptions) {
    this.#options = options;
    const { session, topics } = options;
    this.#lost = new LostModules(systemClock, (moduleId, lost) => this.#onLost(moduleId, lost));
    this.#present = new PresentModules((moduleId) => this.#onPresent(moduleId));
    const nameIn = (topic: string): string => topic.slice(topic.lastIndexOf('/') + 1);
    this.#aboutProcesses = [
      session.subscribe(topics.lost('+'), (topic, payload) => {
        this.#lost.take(nameIn(topic), payload);
        if (payload.length > 0) this.#present.gone(nameIn(topic));
      }),
      session.subscribe(topics.present('+'), (topic, payload) => this.#present.take(nameIn(topic), payload)),
    ];
    this.#pending = new PendingCalls(options.clock);
    this.#warnings = new RateLimitedLog(options.log, options.clock);
  }

  attach(module: AttachedModule): Attachment {
    const { session, topics } = this.#options;
    const subscriptions: Subscription[] = [];
    for (const [implementation, descriptor] of Object.entries(module.implementations)) {
      for (const command of Object.keys(descriptor.commands)) {
        const topic = topics.command(module.id, implementation, command);
        subscriptions.push(
          session.subscribe(topic, (_topic, payload) =>
            this.#onCommand(module, implementation, command, payload),
          ),
        );
      }
    }
    this.#attached.add(module);
    return {
      boundary: true,
      publish: (implementation, variable, value) =>
        this.#sendVariable(topics.variable(module.id, implementation, variable), encodeVariable(value)),
      error: (implementation, error) =>
        this.#sendError(topics.error(module.id, implementation, error.type), error),
      detach: () => {
        this.#attached.delete(module);
        for (const subscription of subscriptions) subscription.unsubscribe();
      },
    };
  }

  connect(request: ConnectionRequest): Connection {
    const { session, topics } = this.#options;
    const { target, listener } = request;
    const subscriptions: Subscription[] = [];
    const listen = (topic: string, take: (message: Message) => boolean): void => {
      subscriptions.push(session.subscribe(topic, (_topic, payload) => this.#take(topic, payload, take)));
    };
    const errors = new PeerErrors((error) => listener.error(error));
    this.#peerErrors.add(errors);
    const faults = new LinkFaults(request, this.#options.clock);
    this.#connections.set(faults, request);
    if (this.#lost.has(target.moduleId)) faults.note('module-lost', `module ${target.moduleId} is gone`);
    const ignored = new Set(request.ignoredVariables ?? []);
    for (const variable of Object.keys(request.interface.variables)) {
      if (ignored.has(variable)) continue;
      listen(topics.variable(target.moduleId, target.implementationId, variable), (message) => {
        if (message.type !== 'Var') return false;
        listener.variable(variable, message.value);
        return true;
      });
    }
    for (const { type } of request.ignoreErrors === true ? [] : request.interface.errors) {
      listen(topics.error(target.moduleId, target.implementationId, type), (message) => {
        if (message.type !== 'Error' || message.error.type !== type) return false;
        errors.take(message.error);
        return true;
      });
    }
    // Before the first call, so that no answer can be missed and calls keep their order.
    for (const command of Object.keys(request.interface.commands)) {
      const { moduleId, implementationId } = target;
      subscriptions.push(
        this.#awaitResults(topics.result(moduleId, implementationId, command, request.consumer)),
      );
    }
    return {
      boundary: true,
      command: (name) => this.#entry(request, name),
      get activeErrors() {
        return [...errors.active, ...faults.active];
      },
      close: () => {
        this.#connections.delete(faults);
        this.#peerErrors.delete(errors);
        for (const subscription of subscriptions) subscription.unsubscribe();
      },
    };
  }

  watchErrors(_consumer: string, listener: (error: RaisedError) => void): Subscription {
    const errors = new PeerErrors(listener);
    this.#peerErrors.add(errors);
    const subscriptions = (this.#options.errorTopics?.() ?? []).map((topic) =>
      this.#options.session.subscribe(topic, (_topic, payload) =>
        this.#take(topic, payload, (message) => {
          if (message.type !== 'Error') return false;
          errors.take(message.error);
          return true;
        }),
      ),
    );
    const unsubscribe = (): void => {
      this.#peerErrors.delete(errors);
      for (const subscription of subscriptions) subscription.unsubscribe();
    };
    return { unsubscribe, [Symbol.dispose]: unsubscribe };
  }

  async settled(): Promise<void> {
    await this.#options.session.acknowledged();
  }

  close(): Promise<void> {
    this.#pending.failAll(() => new Shutdown('the bus was closed'));
    for (const subscription of this.#aboutProcesses) subscription.unsubscribe();
    this.#lost.close();
    this.#holding?.timer?.cancel();
    return Promise.resolve();
  }

  /** The connection to the broker was lost: whoever waits for an answer will not get it. */
  connectionLost(): void {
    this.#pending.failAll(() => new NotReady('the connection to the broker was lost before the answer came'));
    this.#holding?.timer?.cancel();
    this.#holding = { listeners: new Set([...this.#callers, ...(this.#holding?.listeners ?? [])]) };
    this.#present.connectionLost();
    for (const faults of this.#connections.keys()) faults.raise('broker-lost', 'the broker is out of reach');
    for (const caller of this.#callers) this.#callerLost(caller);
  }

  /** The connection to the broker is back, and everything is subscribed. Modules of other processes may still be away. */
  connectionRestored(): void {
    this.#lost.reconnected();
    for (const [faults, { target }] of this.#connections)
      if (!this.#present.awaits(target.moduleId)) faults.clear('broker-lost');
    // What could not be sent just before the loss was noticed waits as well.
    this.#holding ??= { listeners: new Set(this.#callers) };
    this.#holding.timer = systemClock.setTimeout(() => this.#release(), LISTENERS_WAIT_MS);
    this.#releaseIfHeard();
  }

  #onPresent(moduleId: string): void {
    if (!this.#options.session.connected) return;
    for (const [faults, { target }] of this.#connections)
      if (target.moduleId === moduleId) faults.clear('broker-lost');
    this.#releaseIfHeard();
  }

  #releaseIfHeard(): void {
    // Before the connection counts as restored there is no timer.
    if (this.#holding?.timer === undefined) return;
    if (![...this.#holding.listeners].some((id) => this.#present.awaits(id))) this.#release();
  }

  /**
   * Sends what was held back, and says again which errors are active, since those who listen may have started anew; those
   * that were cleared meanwhile are said to be. Receivers ignore what they know.
   */
  #release(): void {
    this.#holding?.timer?.cancel();
    this.#holding = undefined;
    const unsent = [...this.#unsentErrors.values()];
    this.#unsentErrors.clear();
    for (const { topic, payload } of this.#unsentVariables.take()) this.#sendVariable(topic, payload);
    for (const { topic, error } of unsent) if (error.state !== 'Active') this.#sendError(topic, error);
    for (const module of this.#attached)
      for (const implementation of Object.keys(module.implementations))
        for (const error of module.activeErrors(implementation))
          this.#sendError(this.#options.topics.error(module.id, implementation, error.type), error);
  }

  #sendVariable(topic: string, payload: string): void {
    const keep = (): void => this.#unsentVariables.keep(topic, payload);
    if (this.#holding !== undefined) keep();
    else this.#options.session.publish(topic, payload).catch(keep);
  }

  #sendError(topic: string, error: RaisedError): void {
    const keep = (): void => void this.#unsentErrors.set(`${topic} ${error.sub_type}`, { topic, error });
    if (this.#holding !== undefined) keep();
    else this.#options.session.publish(topic, encodeError(error)).catch(keep);
  }

  #entry(request: ConnectionRequest, command: string): CommandEntry {
    const { session, topics } = this.#options;
    const { moduleId, implementationId } = request.target;
    const what = `${moduleId}/${implementationId}.${command}`;
    const topic = topics.command(moduleId, implementationId, command);
    return async (args: object, caller: Caller) => {
      if (this.#lost.has(moduleId)) throw new NotReady(`${what}: the module's process is gone`);
      if (this.#present.awaits(moduleId)) throw new NotReady(`${what}: the module is not back at the broker`);
      this.#nextCall += 1;
      const id = `${this.#callPrefix}-${this.#nextCall}`;
      const answer = this.#pending.wait(id, moduleId, what, caller.timeoutMs, caller.signal);
      session.publish(topic, encodeCommand(id, request.consumer, args)).catch((error: unknown) => {
        this.#pending.fail(
          id,
          new NotReady(`${what}: ${error instanceof Error ? error.message : String(error)}`),
        );
      });
      return await answer;
    };
  }

  #onLost(moduleId: string, lost: boolean): void {
    if (lost)
      this.#pending.failTo(
        moduleId,
        () => new NotReady(`module ${moduleId} was lost before the answer came`),
      );
    if (lost) this.#callerLost(moduleId);
    for (const errors of this.#peerErrors)
      if (lost) errors.lost(moduleId);
      else errors.back(moduleId);
    for (const [faults, { target }] of this.#connections) {
      if (target.moduleId !== moduleId) continue;
      if (lost) faults.raise('module-lost', `module ${moduleId} is gone`);
      else faults.clear('module-lost');
    }
  }

  #callerLost(moduleId: string): void {
    this.#callers.delete(moduleId);
    for (const module of this.#attached) module.callerLost(moduleId);
  }

  #awaitResults(topic: string): Subscription {
    let known = this.#results.get(topic);
    if (known === undefined) {
      const subscription = this.#options.session.subscribe(topic, (_topic, payload) =>
        this.#onResult(topic, payload),
      );
      known = { users: 0, subscription };
      this.#results.set(topic, known);
    }
    const present = known;
    present.users += 1;
    let ended = false;
    const unsubscribe = (): void => {
      if (ended) return;
      ended = true;
      present.users -= 1;
      if (present.users > 0) return;
      this.#results.delete(topic);
      present.subscription.unsubscribe();
    };
    return { unsubscribe, [Symbol.dispose]: unsubscribe };
  }

  #onResult(topic: string, payload: Buffer): void {
    this.#take(topic, payload, (message) => {
      if (message.type !== 'CmdResult') return false;
      this.#pending.settle(message.id, message.outcome);
      return true;
    });
  }

  #onCommand(module: AttachedModule, implementation: string, command: string, payload: Buffer): void {
    const { topics, mayCall } = this.#options;
    const topic = topics.command(module.id, implementation, command);
    this.#take(topic, payload, (message) => {
      if (message.type !== 'Cmd') return false;
      const { id, origin, args } = message;
      if (
        !/^[a-zA-Z_][a-zA-Z0-9_.-]*$/.test(origin) ||
        mayCall?.(origin, module.id, implementation) === false
      ) {
        this.#warnings.warn('a command from a module that is not connected was refused', { topic, origin });
        return true;
      }
      this.#callers.add(origin);
      const answer = topics.result(module.id, implementation, command, origin);
      const names = module.implementations[implementation]?.commands[command]?.argumentNames ?? [];
      module.invoke(implementation, command, declaredOf(args, names), { origin }).then(
        (value) => this.#send(answer, encodeResult(id, module.id, value)),
        (error: unknown) => {
          const failure = asCallError(error, `${module.id}/${implementation}.${command}`);
          this.#send(answer, encodeFailure(id, module.id, failure.code, failure.message));
        },
      );
      return true;
    });
  }

  #take(topic: string, payload: Buffer, take: (message: Message) => boolean): void {
    const message = decode(payload, this.#options.limits);
    if ('malformed' in message) {
      this.#warnings.warn('a message that cannot be understood was dropped', {
        topic,
        reason: message.malformed,
      });
      return;
    }
    if (!take(message)) {
      this.#warnings.warn('a message of the wrong kind was dropped', { topic, type: message.type });
    }
  }

  #send(topic: string, payload: string): void {
    this.#options.session.publish(topic, payload).catch((error: unknown) => {
      this.#warnings.warn('a message was not sent', {
        topic,
        reason: error instanceof Error ? error.message : String(error),
      });
    });
  }
}

/** Callees of EVerest do not notice arguments that they do not declare. */
function declaredOf(args: unknown, names: readonly string[]): unknown {
  if (!isObject(args)) return args;
  return Object.fromEntries(Object.entries(args).filter(([name]) => names.includes(name)));
}
