// SPDX-License-Identifier: Apache-2.0
import { systemClock, withTimeout, type Clock, type Timer } from '@carabiner/clock';
import type { Logger, Subscription } from '@carabiner/core';
import type { IClientOptions, IClientPublishOptions } from 'mqtt';
// By file, since the whole library comes with WebSockets and proxies, which no module's process needs.
import mqttClient from 'mqtt/lib/client';
import { RateLimitedLog } from '../bus/rate-limited-log.js';
import { Arrived } from './arrived.js';
import { connectionProblem, describeBroker, openTransport, type BrokerAddress } from './broker-address.js';
import { topicMatches } from './topic-filter.js';

/** Takes what arrives on a subscribed topic. What it throws is logged. */
export type MessageHandler = (topic: string, payload: Buffer) => void;

/** Options of a {@link BrokerSession}. */
export interface BrokerSessionOptions {
  readonly address: BrokerAddress;
  readonly clock: Clock;
  readonly log: Logger;
  /** MQTT protocol version: 5 for Mosquitto, 4 (3.1.1) for the embedded broker. Default 4, which every broker speaks. */
  readonly protocolVersion?: 4 | 5;
  /** First delay before another attempt to connect, ms; doubles up to `maxReconnectMs`. Default 100. */
  readonly minReconnectMs?: number;
  /** Default 5000. */
  readonly maxReconnectMs?: number;
  /** Published by the broker when this session is lost. */
  readonly will?: {
    readonly topic: string;
    readonly payload: string;
    readonly qos: 0 | 1 | 2;
    readonly retain: boolean;
  };
}

/** Changes of a session's state. */
export interface BrokerSessionEvents {
  /** Connected, and everything that was subscribed is subscribed again. `again` is false the first time. */
  connected?: (again: boolean) => void;
  disconnected?: (reason: string) => void;
  /** An attempt to connect failed for this reason; others follow. */
  failed?: (reason: string) => void;
}

interface Filter {
  readonly qos: 0 | 2;
  readonly handlers: Set<MessageHandler>;
  /** Settled when the broker has confirmed; replaced with each connection. */
  acknowledged: Promise<void>;
}

interface Publication {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly options: IClientPublishOptions;
  readonly done: (error?: Error) => void;
}

const { default: MqttClient } = mqttClient;
type MqttClient = InstanceType<typeof MqttClient>;

const KEEP_ALIVE_S = 20;
/** Hand-shakes of QoS 2 that are under way at most; brokers allow 20 unless they are told otherwise. */
const IN_FLIGHT = 20;
/** Publications that wait for a place in flight. A broker that is this far behind is as good as gone. */
const WAITING_LIMIT = 20_000;
/** A broker has this long, in real time, to take what is under way and the end of the session. */
const END_MS = 1_000;

/**
 * One connection to a broker that comes back by itself: clean session, subscriptions renewed after each reconnect, small
 * packets sent at once. Messages of others that were published in between are lost, as the protocol has it.
 */
export class BrokerSession {
  readonly #filters = new Map<string, Filter>();
  readonly #wildcards = new Set<string>();
  /** Filters whose end the broker has not confirmed yet. */
  readonly #leaving = new Map<string, Promise<void>>();
  readonly #options: BrokerSessionOptions;
  readonly #events: BrokerSessionEvents;
  readonly #failures: RateLimitedLog;
  #client: MqttClient;
  #reconnect: Timer | undefined;
  #delayMs: number;
  #everConnected = false;
  #connected = false;
  /** Why the last attempt to connect failed. */
  #problem: string | undefined;
  #closed = false;
  /** Who is told of the end of hand-shakes, by topic. */
  readonly #handshakes = new Map<string, () => void>();
  #waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  #inFlight = 0;
  /** Waiting publications from `#nextWaiting` on. */
  #publications: Publication[] = [];
  #nextWaiting = 0;
  #batch: { readonly filters: Map<string, 0 | 2>; readonly sent: Promise<void> } | undefined;

  constructor(options: BrokerSessionOptions, events: BrokerSessionEvents = {}) {
    this.#options = options;
    this.#events = events;
    this.#failures = new RateLimitedLog(options.log, systemClock);
    this.#delayMs = options.minReconnectMs ?? 100;
    this.#client = this.#open();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Resolves when the session is connected; rejects when it was closed before. */
  async whenConnected(): Promise<void> {
    if (this.#connected) return;
    if (this.#closed) throw new Error('the broker session is closed');
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /**
   * Subscribes a topic filter. One subscription is made for each filter, however many handlers there are.
   *
   * @param qos - 2 inside the system, 0 for the outside world
   * @returns the subscription at once; {@link BrokerSession.acknowledged} waits for the broker
   */
  subscribe(filter: string, handler: MessageHandler, qos: 0 | 2 = 2): Subscription {
    let known = this.#filters.get(filter);
    if (known === undefined) {
      known = { qos, handlers: new Set(), acknowledged: Promise.resolve() };
      this.#filters.set(filter, known);
      if (filter.includes('+') || filter.includes('#')) this.#wildcards.add(filter);
      if (this.#connected) known.acknowledged = this.#enqueue(filter, qos);
    }
    known.handlers.add(handler);
    const unsubscribe = (): void => this.#unsubscribe(filter, handler);
    return { unsubscribe, [Symbol.dispose]: unsubscribe };
  }

  /** Resolves when the broker has confirmed every subscription made so far; at once while it is out of reach. */
  async acknowledged(): Promise<void> {
    await Promise.all([...this.#filters.values()].map(({ acknowledged }) => acknowledged));
  }

  /**
   * Calls `handler` whenever the hand-shake of a message on a subscribed topic is over, a while after it was handed on; one
   * for each topic.
   */
  onHandshake(topic: string, handler: () => void): Subscription {
    this.#handshakes.set(topic, handler);
    const unsubscribe = (): void => void this.#handshakes.delete(topic);
    return { unsubscribe, [Symbol.dispose]: unsubscribe };
  }

  /**
   * Publishes; resolves when the broker has taken the message over.
   *
   * @throws Error while the broker is out of reach
   */
  async publish(topic: string, payload: string | Buffer, qos: 0 | 2 = 2, retain = false): Promise<void> {
    if (!this.#connected) {
      throw new Error(`no connection to the broker ${describeBroker(this.#options.address)}`);
    }
    if (this.#publications.length - this.#nextWaiting >= WAITING_LIMIT) {
      throw new Error(`${WAITING_LIMIT} messages wait for the broker already`);
    }
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error): void => {
        if (error === undefined) resolve();
        else reject(error);
      };
      const publication: Publication = { topic, payload, options: { qos, retain }, done };
      if (qos === 0 || this.#inFlight < IN_FLIGHT) this.#publish(publication);
      else this.#publications.push(publication);
    });
  }

  /** Disconnects for good, within about a second also where the broker does not answer any more. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#reconnect?.cancel();
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the broker session was closed'));
    const client = this.#client;
    const ended = new Promise<void>((resolve) => {
      client.end(!this.#connected, {}, () => resolve());
    });
    try {
      await withTimeout(systemClock, ended, END_MS, 'end of the broker session');
    } catch {
      this.#options.log.debug('the broker did not take the end of the session; the connection was cut');
      // The client takes no second end while the first one waits for the broker.
      client.disconnecting = false;
      client.end(true);
    }
  }

  /**
   * Each connection has a client of its own: one that reconnects would send what it held back, and a command of before
   * the loss must not be carried out after it.
   */
  #open(): MqttClient {
    const { address } = this.#options;
    const client = new MqttClient(() => openTransport(address), this.#clientOptions());
    client.on('connect', () => {
      if (client === this.#client) this.#onConnect();
    });
    client.on('close', () => {
      if (client === this.#client) this.#onClose('connection closed');
    });
    client.on('error', (error) => this.#onError(error));
    client.on('message', (topic) => this.#handshakes.get(topic)?.());
    const arrived = new Arrived();
    client.on('packetreceive', (packet) => {
      if (client !== this.#client) return;
      if (packet.cmd === 'publish') {
        const { topic, payload } = packet;
        if (arrived.isNew(packet))
          this.#dispatch(topic, typeof payload === 'string' ? Buffer.from(payload) : payload);
      } else if (packet.cmd === 'pubrel') arrived.release(packet.messageId);
    });
    client.connect();
    return client;
  }

  #clientOptions(): IClientOptions {
    const { address, protocolVersion = 4, will } = this.#options;
    return {
      protocolVersion,
      clean: true,
      keepalive: KEEP_ALIVE_S,
      reconnectPeriod: 0,
      // Buffers for all 65,536 packet ids take 20 ms and 6 MB.
      writeCache: false,
      resubscribe: false,
      queueQoSZero: false,
      manualConnect: true,
      ...(protocolVersion === 5 ? {} : { clientId: `carabiner-${crypto.randomUUID()}` }),
      ...(address.username === undefined ? {} : { username: address.username }),
      ...(address.password === undefined ? {} : { password: Buffer.from(address.password) }),
      ...(will === undefined ? {} : { will: { ...will, payload: Buffer.from(will.payload) } }),
    };
  }

  #onError(error: Error): void {
    const { address, log } = this.#options;
    const reason = connectionProblem(address, error);
    const fields = { broker: describeBroker(address), reason };
    // Said once: attempts go on.
    if (this.#connected || this.#closed || reason === this.#problem) log.debug('broker connection', fields);
    else log.warn('no connection to the broker; trying again', fields);
    this.#problem = reason;
    if (!this.#connected) this.#events.failed?.(reason);
  }

  #onConnect(): void {
    this.#problem = undefined;
    this.#delayMs = this.#options.minReconnectMs ?? 100;
    const again = this.#everConnected;
    this.#everConnected = true;
    this.#connected = true;
    for (const [filter, known] of this.#filters) known.acknowledged = this.#enqueue(filter, known.qos);
    this.acknowledged().then(
      () => {
        if (!this.#connected) return;
        for (const { resolve } of this.#waiting.splice(0)) resolve();
        this.#events.connected?.(again);
      },
      (error: unknown) => {
        this.#options.log.warn('subscriptions were not renewed', { error });
      },
    );
  }

  #onClose(reason: string): void {
    if (this.#connected) {
      this.#connected = false;
      if (!this.#closed) this.#events.disconnected?.(reason);
    }
    if (this.#closed || this.#reconnect !== undefined) return;
    // Fails what is in flight.
    this.#client.end(true);
    this.#dropPublications();
    this.#reconnect = this.#options.clock.setTimeout(() => {
      this.#reconnect = undefined;
      if (!this.#closed) this.#client = this.#open();
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, this.#options.maxReconnectMs ?? 5000);
  }

  #publish({ topic, payload, options, done }: Publication): void {
    const counts = options.qos !== 0;
    const client = this.#client;
    if (counts) this.#inFlight += 1;
    client.publish(topic, payload, options, (error) => {
      if (counts && client === this.#client && this.#connected) {
        this.#inFlight -= 1;
        this.#publishNext();
      }
      done(error ?? undefined);
    });
  }

  #publishNext(): void {
    while (this.#connected && this.#inFlight < IN_FLIGHT) {
      const next = this.#publications[this.#nextWaiting];
      if (next === undefined) return;
      this.#nextWaiting += 1;
      if (this.#nextWaiting === this.#publications.length) {
        this.#publications = [];
        this.#nextWaiting = 0;
      }
      this.#publish(next);
    }
  }

  #dropPublications(): void {
    this.#inFlight = 0;
    const dropped = this.#publications.slice(this.#nextWaiting);
    this.#publications = [];
    this.#nextWaiting = 0;
    for (const { done } of dropped) done(new Error('the connection to the broker was lost'));
  }

  /** Filters that are asked for in one go travel in one packet. */
  #enqueue(filter: string, qos: 0 | 2): Promise<void> {
    if (this.#batch === undefined) {
      const filters = new Map<string, 0 | 2>();
      this.#batch = { filters, sent: Promise.resolve().then(() => this.#sendBatch(filters)) };
    }
    this.#batch.filters.set(filter, qos);
    return this.#batch.sent;
  }

  async #sendBatch(filters: ReadonlyMap<string, 0 | 2>): Promise<void> {
    this.#batch = undefined;
    // A broker may work at both at once, and the end of a subscription must not undo a later one.
    await Promise.all([...filters.keys()].flatMap((filter) => this.#leaving.get(filter) ?? []));
    const wanted = [...filters].filter(([filter]) => this.#filters.has(filter));
    if (!this.#connected || this.#closed || wanted.length === 0) return;
    const request = Object.fromEntries(wanted.map(([filter, qos]) => [filter, { qos }]));
    await new Promise<void>((resolve) => {
      this.#client.subscribe(request, (error, granted) => {
        const refused = granted?.filter((grant) => grant.qos > 2).map(({ topic }) => topic) ?? [];
        if (error !== null || refused.length > 0) {
          this.#options.log.warn('the broker refused subscriptions', {
            filters: refused.length > 0 ? refused : [...filters.keys()],
            reason: error?.message ?? 'not allowed',
          });
        }
        resolve();
      });
    });
  }

  #unsubscribe(filter: string, handler: MessageHandler): void {
    const known = this.#filters.get(filter);
    if (known === undefined) return;
    known.handlers.delete(handler);
    if (known.handlers.size > 0) return;
    this.#filters.delete(filter);
    this.#wildcards.delete(filter);
    if (!this.#connected || this.#closed) return;
    const left = new Promise<void>((resolve) => {
      this.#client.unsubscribe(filter, () => {
        if (this.#leaving.get(filter) === left) this.#leaving.delete(filter);
        resolve();
      });
    });
    this.#leaving.set(filter, left);
  }

  #dispatch(topic: string, payload: Buffer): void {
    const exact = this.#filters.get(topic);
    if (exact !== undefined) for (const handler of [...exact.handlers]) this.#hand(handler, topic, payload);
    for (const filter of this.#wildcards) {
      if (filter === topic || !topicMatches(filter, topic)) continue;
      for (const handler of this.#filters.get(filter)?.handlers ?? []) this.#hand(handler, topic, payload);
    }
  }

  /** What a handler throws would stop the client in the middle of a packet, and with it the process. */
  #hand(handler: MessageHandler, topic: string, payload: Buffer): void {
    try {
      handler(topic, payload);
    } catch (error) {
      this.#failures.warn('a message was not handled', {
        topic,
        reason: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
