// SPDX-License-Identifier: Apache-2.0
import { toError } from '../exceptions/index.js';

type Undo = () => void | Promise<void>;

/**
 * Undo steps of the side effects of one module instance, run last made first.
 *
 * Whoever makes a side effect registers its undo at the same moment, so an instance that failed half-way through its
 * start is taken down by the same code as one that ran.
 */
export class UndoStack {
  readonly #steps = new Set<Undo>();
  #closed = false;

  /** Number of side effects that are in place. */
  get size(): number {
    return this.#steps.size;
  }

  /**
   * Registers an undo. Once the stack was unwound the step runs at once: the side effect came too late.
   *
   * @returns forgets the step without running it
   */
  add(undo: Undo): () => void {
    if (this.#closed) {
      void (async () => undo())().catch(() => undefined);
      return () => undefined;
    }
    // A wrapper, since the same function may be registered twice.
    const step: Undo = () => undo();
    this.#steps.add(step);
    return () => {
      this.#steps.delete(step);
    };
  }

  /** Runs all steps, last made first, each even if another failed. Returns what they threw. */
  async unwind(): Promise<readonly Error[]> {
    this.#closed = true;
    const failures: Error[] = [];
    for (const step of [...this.#steps].reverse()) {
      this.#steps.delete(step);
      try {
        await step();
      } catch (thrown) {
        failures.push(toError(thrown));
      }
    }
    return failures;
  }
}
