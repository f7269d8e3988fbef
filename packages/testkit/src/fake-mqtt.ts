// SPDX-License-Identifier: Apache-2.0
import type { ExternalMqtt, Subscription } from '@carabiner/core';
import type { Journal } from './journal.js';
import { subscription } from './subscription.js';

type Handler = (payload: string, topic: string) => void | Promise<void>;

/** The world outside, as an MQTT broker would show it to the module. */
export class FakeExternalMqtt implements ExternalMqtt {
  readonly #subscribers = new Set<{ readonly filter: string; readonly handler: Handler }>();
  /** Set it to false to play a broker out of reach. */
  connected = true;

  constructor(
    private readonly journal: Journal,
    private readonly onHandlerError: (topic: string, error: unknown) => void,
  ) {}

  async publish(
    topic: string,
    payload: string | Uint8Array,
    options?: { readonly retain?: boolean },
  ): Promise<void> {
    this.journal.add({ kind: 'mqtt-published', topic, payload, retain: options?.retain ?? false });
    await Promise.resolve();
  }

  async subscribe(topic: string, handler: Handler): Promise<Subscription> {
    const subscriber = { filter: topic, handler };
    this.#subscribers.add(subscriber);
    await Promise.resolve();
    return subscription(() => this.#subscribers.delete(subscriber));
  }

  /** Topic filters that the module has subscribed. */
  get subscriptions(): readonly string[] {
    return [...this.#subscribers].map(({ filter }) => filter);
  }

  /** A message from outside; resolves when the module's handlers have ended. */
  async receive(topic: string, payload: string): Promise<void> {
    this.journal.add({ kind: 'mqtt-received', topic, payload });
    for (const { filter, handler } of [...this.#subscribers]) {
      if (!topicMatches(filter, topic)) continue;
      try {
        await handler(payload, topic);
      } catch (error) {
        this.onHandlerError(topic, error);
      }
    }
  }
}

/** MQTT's rules for `+` and `#`. */
export function topicMatches(filter: string, topic: string): boolean {
  const filters = filter.split('/');
  const levels = topic.split('/');
  for (const [index, part] of filters.entries()) {
    if (part === '#') return true;
    if (index >= levels.length || (part !== '+' && part !== levels[index])) return false;
  }
  return filters.length === levels.length;
}
