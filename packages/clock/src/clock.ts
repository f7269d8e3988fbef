// SPDX-License-Identifier: Apache-2.0

/** A timer that was started on a {@link Clock}. */
export interface Timer {
  /** Stops the timer. Does nothing when it has fired or was cancelled before. */
  cancel(): void;
}

/** How a timer behaves. */
export interface TimeoutOptions {
  /**
   * True for a callback that is neither early nor a millisecond late, as timers of Node are. In the last millisecond or
   * two before it everything else may have to wait for a fifth of a millisecond. Default false.
   */
  readonly precise?: boolean;
}

/**
 * Source of time and timers.
 *
 * Everything that waits takes a clock, so that a charging session of an hour can be tested in milliseconds.
 * All durations are milliseconds.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00:00Z. May jump when the machine's time is set. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes backwards. For measuring durations. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs` (at least 0). */
  setTimeout(callback: () => void, delayMs: number, options?: TimeoutOptions): Timer;
  /** Calls `callback` every `periodMs` (at least 1), first after one period. */
  setInterval(callback: () => void, periodMs: number): Timer;
  /**
   * Resolves after `delayMs`.
   *
   * @throws the signal's reason when `signal` is or becomes aborted.
   */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Thrown by {@link withTimeout} when the work took too long. */
export class TimeoutError extends Error {
  /** Stable code of this error. */
  readonly code = 'CLOCK_TIMEOUT';
  override readonly name = 'TimeoutError';

  /**
   * @param what - the work that did not end in time
   * @param timeoutMs - the limit in milliseconds
   */
  constructor(
    readonly what: string,
    readonly timeoutMs: number,
  ) {
    super(`${what} did not finish within ${timeoutMs} ms`);
  }
}

/**
 * Waits for `work`, at most `timeoutMs`.
 *
 * @throws TimeoutError when the time is over; the work itself goes on, so hand it a signal if it must stop.
 */
export async function withTimeout<T>(
  clock: Clock,
  work: PromiseLike<T>,
  timeoutMs: number,
  what: string,
): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      reject(new TimeoutError(what, timeoutMs));
    }, timeoutMs);
    work.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error(String(error), { cause: error }));
      },
    );
  });
}

/** Resolves after `delayMs` on `clock`; shared by the clocks of this package. */
export async function sleepOn(
  clock: Pick<Clock, 'setTimeout'>,
  delayMs: number,
  signal?: AbortSignal,
): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      timer.cancel();
      reject(
        signal?.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal?.reason }),
      );
    };
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
