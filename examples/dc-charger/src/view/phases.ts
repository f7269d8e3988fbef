// SPDX-License-Identifier: Apache-2.0

/** One phase of a charging session and how long it took. */
export interface Phase {
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
}

/** Measures phases that follow each other: entering one ends the one before. */
export class PhaseClock {
  readonly #done: Phase[] = [];
  #current: { readonly name: string; readonly startMs: number } | undefined;

  /** The phase that runs. */
  get current(): string | undefined {
    return this.#current?.name;
  }

  /** Phases that have ended, in order. */
  get phases(): readonly Phase[] {
    return this.#done;
  }

  /** Enters `name` at `nowMs`; does nothing when that phase runs already. */
  enter(name: string, nowMs: number): void {
    if (this.#current?.name === name) return;
    this.end(nowMs);
    this.#current = { name, startMs: nowMs };
  }

  /** Ends the phase that runs. */
  end(nowMs: number): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#done.push({ ...current, durationMs: nowMs - current.startMs });
    this.#current = undefined;
  }
}
