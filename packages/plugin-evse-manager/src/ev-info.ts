// SPDX-License-Identifier: Apache-2.0
import type { EVInfo } from './interface-types.js';

/** What is known of the vehicle; published whenever it changes, except for measurements. */
export class EvInfoBook {
  #info: EVInfo = {};

  constructor(private readonly publish: (info: EVInfo) => void) {}

  get info(): Readonly<EVInfo> {
    return this.#info;
  }

  /** Forgets everything and says so. */
  reset(): void {
    this.#info = {};
    this.publish({});
  }

  /** Adds what the vehicle told. */
  update(change: Partial<EVInfo>): void {
    this.#info = { ...this.#info, ...change };
    this.publish({ ...this.#info });
  }

  /** Adds a measurement, which is published with the next change. */
  note(change: Partial<EVInfo>): void {
    this.#info = { ...this.#info, ...change };
  }
}
