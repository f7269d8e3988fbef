// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/** How often the monitor looks, in milliseconds. */
const PERIOD_MS = 100;

/**
 * Finds that the event loop was held, also by the later part of an asynchronous handler, which no watch around the call
 * can see. It cannot know who did it; it names the handlers that were under way.
 */
export class LoopMonitor {
  #timer: Timer | undefined;
  #dueMs = 0;

  /**
   * @param limitMs - milliseconds the loop may be held
   * @param underWay - handlers that are at work
   */
  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly underWay: () => readonly string[],
    private readonly report: (heldMs: number, underWay: readonly string[]) => void,
  ) {}

  start(): void {
    this.#dueMs = this.clock.monotonic() + PERIOD_MS;
    this.#timer = this.clock.setInterval(() => {
      const nowMs = this.clock.monotonic();
      const heldMs = nowMs - this.#dueMs;
      this.#dueMs = nowMs + PERIOD_MS;
      if (heldMs >= this.limitMs) this.report(heldMs, this.underWay());
    }, PERIOD_MS);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
