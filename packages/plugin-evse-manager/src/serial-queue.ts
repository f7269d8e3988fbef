// SPDX-License-Identifier: Apache-2.0

/**
 * Runs tasks one after the other, each to its end. A task that is added while another one runs waits for it: nothing
 * that a device calls back can interrupt a decision half-way.
 */
export class SerialQueue {
  readonly #waiting: (() => void)[] = [];
  #running = false;

  /** @param onError - gets what a task throws; the queue goes on */
  constructor(private readonly onError: (error: unknown) => void) {}

  /** Runs `task` now, or after the one that is running. */
  run(task: () => void): void {
    this.#waiting.push(task);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
        this.#perform(next);
    } finally {
      this.#running = false;
    }
  }

  /** Runs `task` like {@link SerialQueue.run} and hands out its result. */
  async ask<T>(task: () => T): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.run(() => {
        try {
          resolve(task());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  #perform(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.onError(error);
    }
  }
}
