// SPDX-License-Identifier: Apache-2.0
import { performance } from 'node:perf_hooks';
import type { Timer } from './clock.js';

/** Node counts whole milliseconds from the start of the turn in which a timer was set: it may be a millisecond early. */
const COARSE_MS = 1;

/** Node delays of more than a signed 32-bit number of milliseconds fire at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The thread sleeps for no longer than this between two turns of the event loop, so that nothing else waits for long. */
const NAP_MS = 0.2;

/** A nap ends so long before a timer is due; waking up takes a part of it. */
const WAKE_MS = 0.08;

const pillow = new Int32Array(new SharedArrayBuffer(4));

/**
 * The timers that are due within the next millisecond or two. One loop looks after all of them: it turns the event loop,
 * and between turns lets the thread sleep, since looking all the time would fill the memory with garbage.
 */
class Lookout {
  readonly #watched = new Set<PreciseTimer>();
  #looking = false;

  add(timer: PreciseTimer): void {
    this.#watched.add(timer);
    this.#goOn();
  }

  delete(timer: PreciseTimer): void {
    this.#watched.delete(timer);
  }

  #goOn(): void {
    if (this.#looking || this.#watched.size === 0) return;
    this.#looking = true;
    setImmediate(() => this.#look());
  }

  #look(): void {
    this.#looking = false;
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#watched) if (dueMs < earliestMs) earliestMs = dueMs;
    const napMs = Math.min(earliestMs - performance.now() - WAKE_MS, NAP_MS);
    if (napMs > 0) Atomics.wait(pillow, 0, 0, napMs);
    const nowMs = performance.now();
    // Before anything is called: what is called may throw.
    this.#goOn();
    if (earliestMs > nowMs) return;
    const due = [...this.#watched].filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs);
    // One that was cancelled by another is not watched any more.
    for (const timer of due) if (this.#watched.delete(timer)) timer.callback();
  }
}

const lookout = new Lookout();

/** A timer that lets Node wait for all but the end of its time. */
export class PreciseTimer implements Timer {
  /** When it fires, by `performance.now()`. */
  readonly dueMs: number;
  #timeout: NodeJS.Timeout | undefined;

  constructor(
    readonly callback: () => void,
    delayMs: number,
  ) {
    this.dueMs = performance.now() + delayMs;
    const coarseMs = Math.floor(delayMs - COARSE_MS);
    if (coarseMs < 1) lookout.add(this);
    else this.#timeout = setTimeout(() => lookout.add(this), Math.min(coarseMs, LONGEST_DELAY_MS));
  }

  cancel(): void {
    clearTimeout(this.#timeout);
    lookout.delete(this);
  }
}
