// SPDX-License-Identifier: Apache-2.0
import type { Json, Logger, Runtime, SetConfigResult, Subscription } from '@carabiner/core';
import type { BrokerSession } from '../broker/broker-session.js';
import { decode } from '../protocol/envelope.js';
import type { Topics } from '../protocol/topics.js';
import { MODULE_LEVEL, parseConfigText } from './module-configuration.js';
import { encodeSetAnswer, readSetRequest } from './set-request.js';

/** What answering set requests needs. */
export interface SetRequestResponderOptions {
  readonly session: BrokerSession;
  readonly topics: Topics;
  readonly log: Logger;
  /** The runtime that holds the modules; requests that come before it exists count from the next start. */
  readonly runtime: () => Runtime | undefined;
  /** Sends an answer under the name that the system's generation has for it. */
  readonly respond: (topic: string, data: Json) => Promise<void>;
}

/** Answers every request of the manager to set a parameter of a module of this process. */
export class SetRequestResponder {
  constructor(private readonly options: SetRequestResponderOptions) {}

  /** Begins to answer for a module. */
  serve(moduleId: string): Subscription {
    const { session, topics } = this.options;
    return session.subscribe(topics.configSet(moduleId), (_topic, payload) => {
      void this.#onRequest(moduleId, payload);
    });
  }

  async #onRequest(moduleId: string, payload: Buffer): Promise<void> {
    const { topics, respond, log } = this.options;
    const message = decode(payload);
    if ('malformed' in message || message.type !== 'ConfigurationRequest') return;
    const answer = await this.#set(moduleId, message.data);
    try {
      await respond(topics.configSetAnswer(moduleId), encodeSetAnswer(answer));
    } catch (error) {
      log.warn('a set request was not answered', { moduleId, error });
    }
  }

  async #set(moduleId: string, data: unknown): Promise<SetConfigResult> {
    const request = readSetRequest(data);
    const runtime = this.options.runtime();
    if (request === undefined) return { status: 'rejected', reason: 'the request cannot be understood' };
    const { address, value } = request;
    if (address.moduleId !== moduleId) return { status: 'rejected', reason: `this is ${moduleId}` };
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
