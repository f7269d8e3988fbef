// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import type { Disturbances } from './disturbances.js';

/** A process that was killed is running again after this time, ms; it loads its packages on a busy machine. */
const BACK_MS = 20_000;
/** What must not stand in any log. */
const FATAL = /unhandled|uncaught|ERR_INTERNAL|FATAL ERROR|heap out of memory/i;

/** Processes end only when they are killed, and come back. */
export class ProcessInvariant {
  /** Real time at which a process was killed, until it is known to have ended. */
  readonly #killed = new Map<string, number>();
  readonly #downSinceMs = new Map<string, number>();
  #kills = 0;
  #slowestMs = 0;

  constructor(
    private readonly disturbances: Disturbances,
    private readonly violated: (what: string) => void,
  ) {}

  get summary(): string {
    return `${this.#kills} restarts, the slowest took ${(this.#slowestMs / 1000).toFixed(1)} s`;
  }

  /** Processes that are not back yet. */
  get down(): readonly string[] {
    return [...this.#downSinceMs.keys()];
  }

  willBeKilled(moduleId: string): void {
    this.#killed.set(moduleId, systemClock.monotonic());
    this.disturbances.begin(moduleId, 'dead');
  }

  module(moduleId: string, state: string, reason: string | undefined): void {
    const nowMs = systemClock.monotonic();
    if (state === 'failed') {
      if (!this.#killed.delete(moduleId)) {
        this.violated(`the process of ${moduleId} ended by itself: ${reason ?? ''}`);
        this.disturbances.begin(moduleId, 'dead');
      }
      this.#downSinceMs.set(moduleId, this.#downSinceMs.get(moduleId) ?? nowMs);
      return;
    }
    if (state !== 'running') return;
    const downMs = nowMs - (this.#downSinceMs.get(moduleId) ?? nowMs);
    if (this.#downSinceMs.delete(moduleId)) this.#kills += 1;
    this.#slowestMs = Math.max(this.#slowestMs, downMs);
    this.disturbances.end(moduleId, 'dead');
  }

  line(text: string): void {
    if (FATAL.test(text)) this.violated(`on standard error: ${text.slice(0, 500)}`);
  }

  look(): void {
    for (const [moduleId, sinceMs] of this.#downSinceMs) {
      if (systemClock.monotonic() - sinceMs < BACK_MS) continue;
      this.violated(`${moduleId} is not back after ${BACK_MS} ms`);
      this.#downSinceMs.set(moduleId, Number.POSITIVE_INFINITY);
    }
  }
}
