// SPDX-License-Identifier: Apache-2.0

/** How delays grow. */
export interface BackOffOptions {
  /** First delay in milliseconds; default 500. */
  readonly firstMs?: number;
  /** Longest delay in milliseconds; default 30 000. */
  readonly longestMs?: number;
  /** Each delay is this many times the one before; default 2. */
  readonly factor?: number;
  /** Share of the delay that is left to chance, 0 … 1, so that many devices do not come back at once; default 0.2. */
  readonly jitter?: number;
  /** Source of chance, 0 … 1; default `Math.random`. */
  readonly random?: () => number;
}

/** Delays between attempts that grow up to a limit. */
export class BackOff {
  readonly #options: Required<BackOffOptions>;
  #attempts = 0;

  constructor(options: BackOffOptions = {}) {
    const { firstMs = 500, longestMs = 30_000, factor = 2, jitter = 0.2, random = Math.random } = options;
    this.#options = { firstMs, longestMs, factor, jitter, random };
  }

  /** Failed attempts since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Counts a failed attempt. Returns the delay before the next one in milliseconds, at most the longest. */
  next(): number {
    const { firstMs, longestMs, factor, jitter, random } = this.#options;
    const delayMs = Math.min(longestMs, firstMs * factor ** this.#attempts);
    this.#attempts += 1;
    return delayMs * (1 - jitter * random());
  }

  /** An attempt succeeded: the next delay is the first again. */
  reset(): void {
    this.#attempts = 0;
  }
}
