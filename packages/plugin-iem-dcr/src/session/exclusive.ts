// SPDX-License-Identifier: Apache-2.0

/** Lets one piece of work run at a time, in the order asked for. A failure of one does not touch the next. */
export class Exclusive {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after everything asked for before, and gives its result. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => undefined);
    return await result;
  }
}
