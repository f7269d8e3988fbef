// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/** A value of telemetry; null until it is known. */
export type TelemetryValue = string | number | boolean | null;

/** How long changes are collected before a topic is published, ms. */
const COLLECT_MS = 10;

/** Values of one topic, published whole as a JSON object with its keys in alphabetical order. */
export class TelemetryTopic<Key extends string> {
  readonly #values: Record<Key, TelemetryValue>;

  constructor(
    initial: Readonly<Record<Key, TelemetryValue>>,
    private readonly changed: () => void,
  ) {
    this.#values = { ...initial };
    changed();
  }

  /** Sets values; the topic is published only if one of them changes. */
  set(values: Readonly<Partial<Record<Key, TelemetryValue>>>): void {
    let different = false;
    for (const key in values) {
      const value = values[key] ?? null;
      if (Object.is(this.#values[key], value)) continue;
      this.#values[key] = value;
      different = true;
    }
    if (different) this.changed();
  }

  /** The object that is published. */
  toJSON(): object {
    return Object.fromEntries(Object.entries(this.#values).sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** Publishes telemetry topics when they come into being and whenever they change. */
export class Telemetry {
  readonly #dirty = new Map<string, () => string>();
  #timer: Timer | undefined;

  /**
   * @param prefix - before each topic, without trailing slash
   * @param publish - undefined when telemetry is off
   */
  constructor(
    private readonly clock: Clock,
    private readonly prefix: string,
    private readonly publish: ((topic: string, payload: string) => void) | undefined,
  ) {}

  /** A new topic with its first values. */
  topic<Key extends string>(
    name: string,
    initial: Readonly<Record<Key, TelemetryValue>>,
  ): TelemetryTopic<Key> {
    const topic: TelemetryTopic<Key> = new TelemetryTopic(initial, () =>
      this.#markDirty(name, () => JSON.stringify(topic)),
    );
    return topic;
  }

  #markDirty(name: string, payload: () => string): void {
    if (this.publish === undefined) return;
    this.#dirty.set(name, payload);
    this.#timer ??= this.clock.setTimeout(() => {
      this.#timer = undefined;
      const due = [...this.#dirty];
      this.#dirty.clear();
      for (const [topic, text] of due) this.publish?.(`${this.prefix}/${topic}`, text());
    }, COLLECT_MS);
  }
}
