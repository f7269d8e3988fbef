// SPDX-License-Identifier: Apache-2.0
import { withTimeout, type Clock } from '@carabiner/clock';
import type { Json, Logger, Subscription } from '@carabiner/core';
import type { BrokerSession } from '../broker/broker-session.js';
import type { RateLimitedLog } from '../bus/rate-limited-log.js';
import { decode, encodeConfiguration, isObject, type Message } from '../protocol/envelope.js';
import { CONFIGURATION_MESSAGES, generationOf, type Generation } from '../protocol/generation.js';
import type { Topics } from '../protocol/topics.js';

/** Time-out of one configuration request and of one retained definition. */
const ANSWER_MS = 5_000;

/** What a module needs for its talk with the manager. */
export interface ManagerClientOptions {
  readonly moduleId: string;
  readonly session: BrokerSession;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Logger;
  readonly warnings: RateLimitedLog;
  /** Known beforehand; else found out by listening. */
  readonly generation: Generation | undefined;
}

/** A module's talk with its manager. */
export class ManagerClient {
  readonly #options: ManagerClientOptions;
  readonly #subscriptions: Subscription[] = [];
  #generation: Generation | undefined;
  #found: (generation: Generation) => void = () => undefined;
  readonly #detected: Promise<Generation>;
  #requests: Promise<unknown> = Promise.resolve();
  /** The request that waits for its answer. */
  #asked: { readonly type: string; readonly answered: (data: unknown) => void } | undefined;
  #moduleNames: unknown;
  #lastingSettings: unknown;
  /** Called when a manager has published its definitions, so it is a new one if one was known before. */
  onManagerStarted: () => void = () => undefined;

  constructor(options: ManagerClientOptions) {
    this.#options = options;
    const { session, topics, moduleId } = options;
    this.#generation = options.generation;
    this.#detected = new Promise((resolve) => {
      this.#found = resolve;
    });
    if (options.generation !== undefined) this.#found(options.generation);
    // The names of the modules are published last, so whoever answers them has subscribed requests before.
    for (const topic of [topics.definitions('module_names'), topics.generationHint])
      this.#subscriptions.push(session.subscribe(topic, (_topic, payload) => this.#onSign(topic, payload)));
    this.#subscriptions.push(
      session.subscribe(topics.configAnswer(moduleId), (topic, payload) => {
        const message = this.take(topic, payload);
        if (message?.type === 'ConfigurationResponse') this.#onAnswer(topic, message.data);
      }),
    );
  }

  /** Resolves with the generation of the system's protocol, as soon as anything of it was seen. Never sends. */
  async generation(): Promise<Generation> {
    if (this.#generation !== undefined) return this.#generation;
    const { clock, log, topics } = this.#options;
    const hint = clock.setTimeout(() => {
      log.warn('no definitions of a manager yet; waiting', {
        topic: topics.definitions('module_names'),
        hint: 'when the manager started long ago it has cleared them: give --generation 2026 (or 2025)',
      });
    }, ANSWER_MS);
    try {
      return await this.#detected;
    } finally {
      hint.cancel();
    }
  }

  /** Asks the manager; requests go one after another, since answers carry no id. Repeats until it is answered. */
  async request(request: { readonly type: string }): Promise<unknown> {
    const previous = this.#requests;
    const answer = previous.then(async () => this.#ask(request));
    this.#requests = answer.catch(() => undefined);
    return await answer;
  }

  /** Module names by module id; undefined when they were not published since this process started. */
  get moduleNames(): unknown {
    return this.#moduleNames;
  }

  /** Settings of the system as managers of this project leave them for good; undefined with other managers. */
  get lastingSettings(): unknown {
    return this.#lastingSettings;
  }

  /**
   * The retained message of a definition topic.
   *
   * @returns undefined when there is none within the time a module of EVerest waits
   */
  async definition(topic: string): Promise<unknown> {
    const { session, clock } = this.#options;
    let arrive: (data: unknown) => void = () => undefined;
    const arrived = new Promise<unknown>((resolve) => {
      arrive = resolve;
    });
    const subscription = session.subscribe(topic, (_topic, payload) => {
      if (payload.length === 0) return;
      const message = this.take(topic, payload);
      if (message?.type === 'ConfigurationResponse') arrive(message.data);
    });
    try {
      return await withTimeout(clock, arrived, ANSWER_MS, topic);
    } catch {
      return undefined;
    } finally {
      subscription.unsubscribe();
    }
  }

  /** Publishes what has the form of a configuration answer: metadata, answers to set requests. */
  async respond(topic: string, data: Json): Promise<void> {
    const { response } = CONFIGURATION_MESSAGES[await this.generation()];
    await this.#options.session.publish(topic, encodeConfiguration(response, data));
  }

  /** Decodes; what cannot be understood is logged. */
  take(topic: string, payload: Buffer): Message | undefined {
    const message = decode(payload);
    if (!('malformed' in message)) return message;
    this.#options.warnings.warn('a message that cannot be understood was dropped', {
      topic,
      reason: message.malformed,
    });
    return undefined;
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  /** Answers to sets, and those to a request that was repeated, arrive on the same topic. */
  #onAnswer(topic: string, data: unknown): void {
    if (this.#asked !== undefined && answers(data, this.#asked.type)) this.#asked.answered(data);
    else this.#options.warnings.warn('a configuration answer that nobody asked for was dropped', { topic });
  }

  async #ask(request: { readonly type: string }): Promise<unknown> {
    const { session, topics, moduleId, clock, log } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const name = CONFIGURATION_MESSAGES[await this.generation()].request;
      await session.whenConnected();
      await session.acknowledged();
      const answer = new Promise<unknown>((resolve) => {
        this.#asked = { type: request.type, answered: resolve };
      });
      const data = { type: 'Get', origin: moduleId, request };
      try {
        await session.publish(topics.configRequest, encodeConfiguration(name, data));
        return await withTimeout(clock, answer, ANSWER_MS, 'configuration');
      } catch (error) {
        log.warn('the manager did not answer; asking again', {
          attempt,
          reason: error instanceof Error ? error.message : String(error),
        });
      } finally {
        this.#asked = undefined;
      }
      await clock.sleep(Math.min(attempt * 200, ANSWER_MS));
    }
  }

  #onSign(topic: string, payload: Buffer): void {
    if (payload.length === 0) return;
    const message = this.take(topic, payload);
    if (message?.type !== 'ConfigurationResponse') return;
    const generation = generationOf(message.name);
    if (generation === undefined) return;
    this.#generation = generation;
    this.#found(generation);
    if (topic === this.#options.topics.generationHint) {
      this.#lastingSettings = message.data;
      return;
    }
    this.#moduleNames = message.data;
    this.onManagerStarted();
  }
}

/** True for the answer to a `Get` of this type. A manager that failed names no type. */
function answers(data: unknown, type: string): boolean {
  if (!isObject(data)) return false;
  if (data['type'] === undefined) return true;
  const { response } = data;
  return data['type'] === 'Get' && isObject(response) && response['type'] === type;
}
