// SPDX-License-Identifier: Apache-2.0
import { sleepOn, type Clock, type Timer } from './clock.js';

interface Entry {
  dueMs: number;
  readonly order: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
  cancelled: boolean;
}

/** Lets everything that is ready to run do so: promise reactions and one turn of the event loop. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/**
 * Time that moves only when a test says so.
 *
 * `advance` fires timers in order of their due time and lets promise chains run between them, so code that awaits
 * between timers behaves as it would in real time.
 */
export class VirtualClock implements Clock {
  readonly #entries: Entry[] = [];
  #elapsedMs = 0;
  #order = 0;

  /** @param startMs - wall-clock time at the start; default 2026-01-01T00:00:00Z */
  constructor(private readonly startMs: number = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  setTimeout(callback: () => void, delayMs: number): Timer {
    return this.#add(callback, Math.max(0, delayMs), undefined);
  }

  setInterval(callback: () => void, periodMs: number): Timer {
    const period = Math.max(1, periodMs);
    return this.#add(callback, period, period);
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await sleepOn(this, delayMs, signal);
  }

  /** Number of timers that wait. A test may check that nothing was left behind. */
  get pending(): number {
    return this.#entries.length;
  }

  /** Moves time by `ms`, firing what becomes due. Asynchronous work between timers runs to its next wait. */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#elapsedMs + ms;
    await settle();
    for (let entry = this.#next(targetMs); entry !== undefined; entry = this.#next(targetMs)) {
      this.#fire(entry);
      await settle();
    }
    this.#elapsedMs = targetMs;
  }

  /** Moves time to the next timer and fires it. Returns false when none waits. */
  async advanceToNext(): Promise<boolean> {
    await settle();
    const entry = this.#next(Number.POSITIVE_INFINITY);
    if (entry === undefined) return false;
    this.#fire(entry);
    await settle();
    return true;
  }

  /**
   * Moves time until `condition` holds.
   *
   * @returns the virtual milliseconds it took
   * @throws Error when it does not hold within `limitMs`
   */
  async advanceUntil(condition: () => boolean, limitMs: number, what = 'the condition'): Promise<number> {
    const startMs = this.#elapsedMs;
    await settle();
    while (!condition()) {
      const entry = this.#next(startMs + limitMs);
      if (entry === undefined) {
        this.#elapsedMs = startMs + limitMs;
        await settle();
        if (condition()) break;
        throw new Error(`${what} did not hold within ${limitMs} ms of virtual time`);
      }
      this.#fire(entry);
      await settle();
    }
    return this.#elapsedMs - startMs;
  }

  #add(callback: () => void, delayMs: number, periodMs: number | undefined): Timer {
    const entry: Entry = {
      dueMs: this.#elapsedMs + delayMs,
      order: this.#order++,
      periodMs,
      callback,
      cancelled: false,
    };
    this.#insert(entry);
    return {
      cancel: () => {
        if (entry.cancelled) return;
        entry.cancelled = true;
        const index = this.#entries.indexOf(entry);
        if (index >= 0) this.#entries.splice(index, 1);
      },
    };
  }

  #insert(entry: Entry): void {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#entries[middle];
      if (
        other !== undefined &&
        (other.dueMs < entry.dueMs || (other.dueMs === entry.dueMs && other.order < entry.order))
      )
        low = middle + 1;
      else high = middle;
    }
    this.#entries.splice(low, 0, entry);
  }

  #next(limitMs: number): Entry | undefined {
    const entry = this.#entries[0];
    return entry !== undefined && entry.dueMs <= limitMs ? entry : undefined;
  }

  #fire(entry: Entry): void {
    this.#entries.shift();
    this.#elapsedMs = Math.max(this.#elapsedMs, entry.dueMs);
    if (entry.periodMs !== undefined && !entry.cancelled) {
      entry.dueMs += entry.periodMs;
      this.#insert(entry);
    }
    entry.callback();
  }
}
