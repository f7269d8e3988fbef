// SPDX-License-Identifier: Apache-2.0

/** Values of one variable that are kept; of a measurement the newest count, and events are never that many. */
const KEPT_EACH = 50;

interface Unsent {
  readonly topic: string;
  readonly payload: string;
}

/**
 * Values that could not be sent while the broker was out of reach, in their order. Some of them are events that nobody
 * says again: the end of a transaction, a vehicle that was unplugged.
 */
export class UnsentVariables {
  #values: Unsent[] = [];
  readonly #counts = new Map<string, number>();

  keep(topic: string, payload: string): void {
    this.#values.push({ topic, payload });
    const count = this.#counts.get(topic) ?? 0;
    if (count < KEPT_EACH) {
      this.#counts.set(topic, count + 1);
      return;
    }
    this.#values.splice(
      this.#values.findIndex((value) => value.topic === topic),
      1,
    );
  }

  /** All of them, oldest first; they are not kept any longer. */
  take(): readonly Unsent[] {
    const values = this.#values;
    this.#values = [];
    this.#counts.clear();
    return values;
  }
}
