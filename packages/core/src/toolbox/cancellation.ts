// SPDX-License-Identifier: Apache-2.0
import { TimeoutError, type Clock } from '@carabiner/clock';
import { toError } from '../exceptions/index.js';

/**
 * Waits for `work` until `signal` aborts. The work itself goes on, so hand it the signal if it must stop.
 *
 * @throws the signal's reason when it aborted first
 */
export async function untilAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(toError(signal.reason));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    const settle = (): void => signal.removeEventListener('abort', abort);
    work.then(
      (value) => {
        settle();
        resolve(value);
      },
      (thrown: unknown) => {
        settle();
        reject(toError(thrown));
      },
    );
  });
}

/**
 * Runs work with a signal that aborts after `timeoutMs`, or with `parent`. Its timer ends with the work.
 *
 * @throws TimeoutError when the time was over first; the parent's reason when that aborted first
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
  parent?: AbortSignal,
): Promise<T> {
  parent?.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(parent?.reason);
  const timer = clock.setTimeout(() => controller.abort(new TimeoutError(what, timeoutMs)), timeoutMs);
  parent?.addEventListener('abort', stop, { once: true });
  try {
    return await untilAborted(work(controller.signal), controller.signal);
  } finally {
    timer.cancel();
    parent?.removeEventListener('abort', stop);
  }
}
