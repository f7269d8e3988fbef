// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Logger } from '@carabiner/core';

const WINDOW_MS = 10_000;
const LINES_PER_WINDOW = 10;

/** Warns about what comes in from outside without letting a flood of it fill the log. */
export class RateLimitedLog {
  #windowStartMs: number;
  #lines = 0;
  #suppressed = 0;

  constructor(
    private readonly log: Logger,
    private readonly clock: Clock,
  ) {
    this.#windowStartMs = clock.monotonic();
  }

  warn(message: string, fields: object): void {
    const nowMs = this.clock.monotonic();
    if (nowMs - this.#windowStartMs > WINDOW_MS) {
      if (this.#suppressed > 0) this.log.warn('more warnings were left out', { count: this.#suppressed });
      this.#windowStartMs = nowMs;
      this.#lines = 0;
      this.#suppressed = 0;
    }
    if (this.#lines >= LINES_PER_WINDOW) {
      this.#suppressed += 1;
      return;
    }
    this.#lines += 1;
    this.log.warn(message, fields);
  }
}
