// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';

const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 5000;

/** Pause after the n-th failure in a row (from 0): 10 ms, doubled each time, at most 5 s. */
export function backOffMs(failures: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures, 20), LONGEST_DELAY_MS);
}

/** One life of a connection, from opening it to its end. */
export interface Attempt {
  /** It was of use, so the next pause is a short one again. */
  readonly succeeded: boolean;
}

/**
 * Lives one connection after the other until `signal` aborts.
 *
 * @param live - opens a connection and resolves when it has ended; must not reject
 */
export async function keepConnected(
  clock: Clock,
  signal: AbortSignal,
  live: (signal: AbortSignal) => Promise<Attempt>,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const { succeeded } = await live(signal);
    failures = succeeded ? 0 : failures + 1;
    await clock.sleep(backOffMs(succeeded ? 0 : failures - 1), signal).catch(() => undefined);
  }
}
