// SPDX-License-Identifier: Apache-2.0

/** What happens to a module that failed while it ran. */
export interface RestartPolicy {
  /** `never` leaves a failed module where it is. */
  readonly policy: 'on-failure' | 'never';
  /** Delay before the first restart in milliseconds; doubles with each further failure. */
  readonly delayMs: number;
  /** Longest delay in milliseconds. */
  readonly maxDelayMs: number;
  /** Failures in a row after which the module is given up. */
  readonly maxAttempts: number;
  /** Milliseconds without failure after which the count begins anew. */
  readonly resetAfterMs: number;
}

export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  policy: 'on-failure',
  delayMs: 1_000,
  maxDelayMs: 60_000,
  maxAttempts: 10,
  resetAfterMs: 300_000,
};

/** Counts the failures of one module and says when to try again. */
export class RestartCounter {
  #attempts = 0;
  #lastFailureMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly policy: RestartPolicy) {}

  /** Restarts in a row up to now. */
  get attempts(): number {
    return this.#attempts;
  }

  /**
   * Takes in a failure.
   *
   * @param nowMs - monotonic milliseconds
   * @returns the delay before the restart in milliseconds; undefined when there is none any more
   */
  next(nowMs: number): number | undefined {
    const { policy, delayMs, maxDelayMs, maxAttempts, resetAfterMs } = this.policy;
    if (policy === 'never') return undefined;
    if (nowMs - this.#lastFailureMs > resetAfterMs) this.#attempts = 0;
    this.#lastFailureMs = nowMs;
    if (this.#attempts >= maxAttempts) return undefined;
    const delay = Math.min(maxDelayMs, delayMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return delay;
  }
}
