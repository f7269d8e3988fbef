// SPDX-License-Identifier: Apache-2.0
import { systemClock, withTimeout, type Clock } from '@carabiner/clock';
import type { Logger, ModuleEntry, RunConfiguration } from '@carabiner/core';
import { describeBroker } from '../broker/broker-address.js';
import { BrokerSession } from '../broker/broker-session.js';
import { measureRoundTrip, SLOW_BROKER_CURE, SLOW_ROUND_TRIP_MS } from '../broker/round-trip.js';
import { encodeModuleList } from '../bus/module-list.js';
import { MqttBus } from '../bus/mqtt-bus.js';
import { Topics } from '../protocol/topics.js';
import { errorTypes } from './definitions.js';
import { MANAGER, specFolders, type Placements } from './placement.js';
import { prefixesOf, type SystemBroker } from './system-broker.js';

/** A broker that has not taken a message over within this time, in real milliseconds, does not answer any more. */
const TAKEN_MS = 1_000;

/** What a link is made of. */
export interface SystemLinkOptions {
  readonly configuration: RunConfiguration;
  readonly placements: Placements;
  readonly broker: SystemBroker;
  /** Name of this process's host; undefined for the manager. */
  readonly host: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A process's way to the other processes of a composition: session, bus, and word of who is lost. */
export class SystemLink {
  readonly session: BrokerSession;
  readonly topics: Topics;
  readonly bus: MqttBus;
  /** Under which the loss of this process is known. */
  readonly processName: string;
  readonly #options: SystemLinkOptions;
  /** Called when the broker is back after it was lost. */
  onReconnected: () => void = () => undefined;

  constructor(options: SystemLinkOptions) {
    const { configuration, clock, log, broker, host } = options;
    this.#options = options;
    this.topics = new Topics(prefixesOf(configuration.settings));
    this.processName = host ?? MANAGER;
    const { topics } = this;
    this.session = new BrokerSession(
      {
        address: broker.address,
        clock,
        log,
        will: {
          topic: topics.lost(this.processName),
          // Children say it themselves, which modules of EVerest cannot.
          payload: encodeModuleList(
            [...this.entriesOf('inline'), ...this.entriesOf('guest')].map(({ id }) => id),
          ),
          qos: 1,
          retain: true,
        },
      },
      {
        connected: (again) => {
          log.info(again ? 'connected to the broker again' : 'connected to the broker', {
            broker: describeBroker(broker.address),
          });
          if (!again) return;
          this.bus.connectionRestored();
          this.sayPresent();
          this.onReconnected();
        },
        disconnected: (reason) => {
          log.warn('the broker is out of reach; trying again', { reason });
          this.bus.connectionLost();
        },
      },
    );
    this.bus = new MqttBus({
      session: this.session,
      topics,
      clock,
      log,
      mayCall: (caller, moduleId, implementation) => this.#mayCall(caller, moduleId, implementation),
      errorTopics: () => this.#errorTopics(),
    });
  }

  entriesOf(kind: 'inline' | 'child' | 'guest' | 'standalone' | 'host'): readonly ModuleEntry[] {
    const { configuration, placements } = this.#options;
    return configuration.modules.filter((entry) => placements.of(entry).kind === kind);
  }

  /** Connects, and looks whether the broker is slow. */
  async open(): Promise<void> {
    const { clock, log, broker } = this.#options;
    const hint = clock.setTimeout(() => {
      log.warn('the broker does not answer; waiting for it', { broker: describeBroker(broker.address) });
    }, 3_000);
    try {
      await this.session.whenConnected();
    } finally {
      hint.cancel();
    }
    this.sayPresent();
    measureRoundTrip(this.session, this.topics).then(
      (medianMs) => {
        const fields = { roundTripMs: Math.round(medianMs * 100) / 100 };
        // The one inside this process delays nothing; what is slow there is the machine.
        if (medianMs > SLOW_ROUND_TRIP_MS && !broker.embedded) log.warn(SLOW_BROKER_CURE, fields);
        else log.debug('round trip to the broker', fields);
      },
      (error: unknown) => {
        log.debug('the round trip to the broker was not measured', { error });
      },
    );
  }

  /** Says that this process is there, and takes back what the broker may still say of an earlier end of it. */
  sayPresent(): void {
    this.publish(this.topics.lost(this.processName), '', true);
    const modules = this.entriesOf('inline').map(({ id }) => id);
    if (modules.length > 0)
      this.publish(this.topics.present(this.processName), encodeModuleList(modules), true);
  }

  /** Says that this process leaves. */
  sayAbsent(): void {
    this.publish(this.topics.present(this.processName), '', true);
  }

  /** Publishes; what cannot be sent is logged. */
  publish(topic: string, payload: string, retain = false): void {
    this.session.publish(topic, payload, 2, retain).catch((error: unknown) => {
      this.#options.log.warn('a message was not sent', {
        topic,
        reason: error instanceof Error ? error.message : String(error),
      });
    });
  }

  /** Publishes; false when the broker does not take the message over. */
  async isTaken(topic: string, payload: string): Promise<boolean> {
    try {
      await withTimeout(systemClock, this.session.publish(topic, payload), TAKEN_MS, topic);
      return true;
    } catch (error) {
      this.#options.log.warn('the broker did not take a message over', { topic, error });
      return false;
    }
  }

  /** Only those who are connected to an implementation may call it. */
  #mayCall(caller: string, moduleId: string, implementation: string): boolean {
    const entry = this.#options.configuration.modules.find(({ id }) => id === caller);
    if (entry === undefined) return false;
    return Object.values(entry.connections).some((targets) =>
      targets.some((target) => target.moduleId === moduleId && target.implementationId === implementation),
    );
  }

  #errorTopics(): readonly string[] {
    const { configuration, placements } = this.#options;
    const remote = configuration.modules.filter((entry) => placements.of(entry).kind !== 'inline');
    const provided = remote.flatMap((entry) =>
      Object.entries(placements.declarationOf(entry)?.provides ?? {}).map(
        ([implementation, { interface: name }]) => ({ id: entry.id, implementation, name }),
      ),
    );
    const types = errorTypes(
      specFolders(placements, configuration.modules),
      new Set(provided.map(({ name }) => name)),
    );
    return provided.flatMap(({ id, implementation, name }) =>
      (types.get(name) ?? []).map((type) => this.topics.error(id, implementation, type)),
    );
  }
}
