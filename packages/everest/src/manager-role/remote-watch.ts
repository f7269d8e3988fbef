// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Logger, RuntimeEvent, Subscription } from '@carabiner/core';
import type { BrokerAddress } from '../broker/broker-address.js';
import { BrokerSession } from '../broker/broker-session.js';
import { decode } from '../protocol/envelope.js';
import type { Topics } from '../protocol/topics.js';

/** What watching needs. */
export interface RemoteWatchOptions {
  readonly address: BrokerAddress;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Logger;
  /** True for modules whose events are wanted. */
  readonly wanted: (moduleId: string) => boolean;
}

/**
 * Hears every variable and error that modules of other processes publish. It has a connection of its own: its wildcards
 * overlap with what modules subscribe, and a broker delivers those twice to one connection.
 *
 * @returns what ends the watch, once the broker has confirmed the subscriptions
 */
export async function watchRemote(
  { address, topics, clock, log, wanted }: RemoteWatchOptions,
  listener: (event: RuntimeEvent) => void,
): Promise<Subscription> {
  const session = new BrokerSession({ address, clock, log });
  const take = (topic: string, payload: Buffer): void => {
    const meaning = topics.read(topic);
    if (meaning.kind !== 'variable' && meaning.kind !== 'error') return;
    if (!wanted(meaning.module)) return;
    const message = decode(payload);
    if ('malformed' in message) return;
    const { module: moduleId, implementation: implementationId } = meaning;
    if (meaning.kind === 'variable' && message.type === 'Var')
      listener({
        kind: 'variable',
        moduleId,
        implementationId,
        name: meaning.variable,
        value: message.value,
      });
    else if (message.type === 'Error') listener({ kind: 'error', error: message.error });
  };
  session.subscribe(topics.variable('+', '+', '+'), take);
  session.subscribe(topics.error('+', '+', '+/+'), take);
  await session.whenConnected();
  const unsubscribe = (): void => {
    void session.close();
  };
  return { unsubscribe, [Symbol.dispose]: unsubscribe };
}
