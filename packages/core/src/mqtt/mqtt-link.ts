// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { systemClock, withTimeout } from '@carabiner/clock';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { ExternalMqttSettings } from '../composition/settings.js';
import { runOutside } from '../containment/activity.js';
import type { Logger, Subscription } from '../contract/index.js';
import { toError } from '../exceptions/index.js';
import { subscription } from '../lifecycle/subscription.js';
import { Fifo } from '../bus/fifo.js';
import { MqttSettingsError } from './mqtt-settings-error.js';
import { topicMatches } from './topic-filter.js';

/** First and longest delay between attempts to connect, in milliseconds. */
const RECONNECT_MS = { first: 500, longest: 30_000 } as const;

/** A broker has this long, in real time, to take what waits for it and the end of the connection. */
const END_MS = 1_000;

/** Payload handler; outside of any module's scope. */
export type MessageHandler = (payload: string, topic: string) => void;

interface Queued {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos: 0 | 2;
  readonly retain: boolean;
}

/** Options of one publication. */
export interface PublishOptions {
  readonly qos: 0 | 2;
  readonly retain: boolean;
}

/** One connection to the external broker, shared by the modules of a runtime. It never gives up. */
export class MqttLink {
  readonly #client: MqttClient;
  readonly #handlers = new Map<string, Set<MessageHandler>>();
  /** Filters that were asked for while the broker was out of reach. */
  readonly #unsent = new Set<string>();
  readonly #queue = new Fifo<Queued>();
  #lost = 0;

  /**
   * @param folder - that file names in the settings are relative to
   * @throws MqttSettingsError when a file or the password is missing
   */
  constructor(
    private readonly settings: ExternalMqttSettings,
    folder: string,
    private readonly log: Logger,
  ) {
    const options = clientOptions(settings, folder);
    // Its sockets live as long as the runtime; no module may be blamed for them.
    this.#client = runOutside(() => connect(clientUrl(settings.url), options));
    this.#client.on('connect', () => {
      this.#client.options.reconnectPeriod = RECONNECT_MS.first;
      this.log.info('connected to the external broker', { url: settings.url });
      if (this.#client.stream instanceof Socket) this.#client.stream.setNoDelay(true);
      for (const filter of this.#unsent)
        if (this.#handlers.has(filter)) this.#client.subscribe(filter, { qos: 0 });
      this.#unsent.clear();
      this.#flush();
    });
    this.#client.on('close', () => {
      const delayMs = this.#client.options.reconnectPeriod ?? RECONNECT_MS.first;
      this.#client.options.reconnectPeriod = Math.min(RECONNECT_MS.longest, delayMs * 2);
    });
    this.#client.on('offline', () =>
      this.log.warn('the external broker is out of reach', { url: settings.url }),
    );
    this.#client.on('error', (error) => this.log.warn('the external broker link failed', { err: error }));
    this.#client.on('message', (topic, payload) => this.#receive(topic, payload.toString('utf8')));
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  /** Messages that wait for the broker. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Publishes; resolves when the broker has confirmed, or at once when the message was queued. */
  async publish(topic: string, payload: string | Uint8Array, { qos, retain }: PublishOptions): Promise<void> {
    const message: Queued = { topic, payload, qos, retain };
    if (this.#client.connected && this.#queue.length === 0) {
      await this.#send(message);
      return;
    }
    if (this.settings.queueLimit === 0 || this.#queue.length >= this.settings.queueLimit) {
      this.#queue.shift();
      this.#lost += 1;
      if ((this.#lost & (this.#lost - 1)) === 0)
        this.log.warn('messages for the external broker were dropped', { lost: this.#lost });
      if (this.settings.queueLimit === 0) return;
    }
    this.#queue.push(message);
  }

  /** Subscribes; resolves when the broker has confirmed, or at once while it is out of reach. */
  async subscribe(filter: string, handler: MessageHandler): Promise<Subscription> {
    let handlers = this.#handlers.get(filter);
    const isNew = handlers === undefined;
    handlers ??= new Set();
    this.#handlers.set(filter, handlers);
    // A wrapper, since the same function may subscribe twice.
    const own: MessageHandler = (payload, from) => handler(payload, from);
    handlers.add(own);
    const present = handlers;
    const undo = subscription(() => {
      present.delete(own);
      if (present.size > 0 || this.#handlers.get(filter) !== present) return;
      this.#handlers.delete(filter);
      if (!this.#client.disconnecting) this.#client.unsubscribe(filter);
    });
    if (!isNew) return undo;
    if (this.#client.connected) await this.#client.subscribeAsync(filter, { qos: 0 });
    else this.#unsent.add(filter);
    return undo;
  }

  /** Hands over what waits, then leaves without the last will being sent; cut off where the broker does not answer. */
  async close(): Promise<void> {
    const client = this.#client;
    try {
      await withTimeout(
        systemClock,
        client.endAsync(!client.connected),
        END_MS,
        'end of the external broker link',
      );
    } catch (thrown) {
      this.log.warn('the external broker did not take the end of the connection', { err: toError(thrown) });
      // The client takes no second end while the first one waits for the broker.
      client.disconnecting = false;
      client.end(true);
    }
  }

  async #send({ topic, payload, qos, retain }: Queued): Promise<void> {
    await this.#client.publishAsync(topic, payload as string | Buffer, { qos, retain });
  }

  #flush(): void {
    for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
      this.#send(message).catch((thrown: unknown) => {
        this.log.warn('a message for the external broker was lost', { err: toError(thrown) });
      });
    }
  }

  #receive(topic: string, payload: string): void {
    for (const [filter, handlers] of this.#handlers)
      if (topicMatches(filter, topic)) for (const handler of [...handlers]) handler(payload, topic);
  }
}

/** The client's own spelling of a Unix socket; it takes any scheme that it does not know for TCP on localhost. */
function clientUrl(url: string): string {
  return url.replace(/^unix:/, 'mqtt+unix:');
}

function clientOptions(settings: ExternalMqttSettings, folder: string): IClientOptions {
  const { username, passwordEnv, clientId, ca, cert, key, serverName, will } = settings;
  const password = passwordEnv === undefined ? undefined : process.env[passwordEnv];
  if (passwordEnv !== undefined && password === undefined)
    throw new MqttSettingsError(`external_mqtt: the environment variable ${passwordEnv} is not set`);
  const pem = (name: string, path: string | undefined): { readonly [name: string]: Buffer } => {
    if (path === undefined) return {};
    try {
      return { [name]: readFileSync(resolve(folder, path)) };
    } catch (thrown) {
      throw new MqttSettingsError(`external_mqtt: file '${path}' of '${name}' cannot be read`, {
        cause: thrown,
      });
    }
  };
  return {
    reconnectPeriod: RECONNECT_MS.first,
    connectTimeout: 10_000,
    // Buffers for all 65,536 packet ids take 20 ms and 6 MB.
    writeCache: false,
    queueQoSZero: false,
    resubscribe: true,
    ...(clientId === undefined ? {} : { clientId }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...pem('ca', ca),
    ...pem('cert', cert),
    ...pem('key', key),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(will === undefined
      ? {}
      : {
          will: {
            topic: will.topic,
            payload: Buffer.from(will.payload),
            qos: 1 as const,
            retain: will.retain,
          },
        }),
  };
}
