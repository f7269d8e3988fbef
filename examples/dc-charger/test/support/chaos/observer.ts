// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { BrokerSession, decode, Topics, type Message, type TopicMeaning } from '@carabiner/everest';
import { quietLog } from './quiet-log.js';

/** A message that was seen at the broker. */
export interface Sighting {
  /** Real time, ms. */
  readonly atMs: number;
  readonly topic: string;
  readonly meaning: TopicMeaning;
  readonly message: Message;
}

/** Sees every message of the system at the broker itself, and publishes what no module would. */
export class Observer {
  readonly #topics = new Topics();
  readonly #session: BrokerSession;
  /** Last well-formed message of each topic. */
  readonly #last = new Map<string, string>();
  /** Payloads that were published here; what comes back of them is nobody's word. */
  readonly #own = new Set<string>();

  constructor(port: number, listener: (sighting: Sighting) => void) {
    this.#session = new BrokerSession({
      address: { host: '127.0.0.1', port },
      clock: systemClock,
      log: quietLog,
      minReconnectMs: 10,
      maxReconnectMs: 50,
    });
    this.#session.subscribe('everest/#', (topic, payload) => {
      const text = payload.toString('latin1');
      if (this.#own.delete(`${topic} ${text}`)) return;
      const message = decode(payload);
      if ('malformed' in message) return;
      this.#last.set(topic, payload.toString('utf8'));
      listener({ atMs: systemClock.monotonic(), topic, meaning: this.#topics.read(topic), message });
    });
  }

  /** Resolves when it sees. */
  async ready(): Promise<void> {
    await this.#session.whenConnected();
    await this.#session.acknowledged();
  }

  /** Topics on which something well-formed was said, and what that was last. */
  get said(): ReadonlyMap<string, string> {
    return this.#last;
  }

  /** @returns false when the broker is not there */
  async publish(topic: string, payload: Buffer): Promise<boolean> {
    const mark = `${topic} ${payload.toString('latin1')}`;
    this.#own.add(mark);
    try {
      await this.#session.publish(topic, payload, 0);
      return true;
    } catch {
      this.#own.delete(mark);
      return false;
    }
  }

  async stop(): Promise<void> {
    await this.#session.close();
  }
}
