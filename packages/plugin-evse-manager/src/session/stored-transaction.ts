// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/** A store that does not answer is asked again after this time. */
const AGAIN_MS = 1_000;

/** What {@link StoredTransaction} needs from around it. */
export interface StoredTransactionPorts {
  readonly clock: Clock;
  load(): Promise<unknown>;
  /** Writes the id; empty when no transaction is open. */
  store(id: string): Promise<void>;
  log(message: string, fields: object): void;
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The id of the open transaction where a power failure cannot reach it. A store that is away at the moment must neither
 * lose a transaction nor bring one back that was closed, so reading and forgetting wait for it.
 */
export class StoredTransaction {
  readonly #timers = new Set<Timer>();
  /** Counts what is written, so that an old wish to forget does not undo a newer id. */
  #writes = 0;
  #stopped = false;

  constructor(private readonly ports: StoredTransactionPorts) {}

  /** Resolves when the id is safe. @throws whatever the store says */
  async keep(id: string): Promise<void> {
    this.#writes += 1;
    await this.ports.store(id);
  }

  /** Forgets the id, as soon as the store lets it; whatever is kept meanwhile stays. */
  async forget(): Promise<void> {
    this.#writes += 1;
    const write = this.#writes;
    for (let told = false; write === this.#writes && !this.#stopped; told = true) {
      try {
        await this.ports.store('');
        return;
      } catch (error) {
        if (!told) this.ports.log('closed transaction is still stored', { error: text(error) });
        await this.#later();
      }
    }
  }

  /** The stored id, empty when there is none; waits for the store. */
  async read(): Promise<string> {
    for (let told = false; !this.#stopped; told = true) {
      try {
        const value = await this.ports.load();
        return typeof value === 'string' ? value : '';
      } catch (error) {
        if (!told) this.ports.log('stored transaction could not be read yet', { error: text(error) });
        await this.#later();
      }
    }
    return '';
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
  }

  async #later(): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const timer = this.ports.clock.setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, AGAIN_MS);
      this.#timers.add(timer);
    });
  }
}
