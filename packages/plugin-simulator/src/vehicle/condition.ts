// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/** Thrown when a condition did not come true in time. */
export class ConditionTimeout extends Error {
  readonly code = 'SIMULATOR_TIMEOUT';
  override readonly name = 'ConditionTimeout';

  constructor(what: string, timeoutMs: number) {
    super(`${what} did not happen within ${timeoutMs} ms`);
  }
}

interface Waiter {
  readonly holds: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer | undefined;
}

/** Lets procedures wait for a state that others change. Whoever changes it calls {@link Condition.notify}. */
export class Condition {
  readonly #waiters = new Set<Waiter>();

  constructor(private readonly clock: Clock) {}

  /** Checks what is being waited for. */
  notify(): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.holds()) continue;
      this.#waiters.delete(waiter);
      waiter.timer?.cancel();
      waiter.resolve();
    }
  }

  /**
   * Waits until `holds` is true.
   *
   * @param timeoutMs - limit in milliseconds; undefined waits for ever
   * @throws ConditionTimeout after the limit, the signal's reason when aborted
   */
  async until(
    holds: () => boolean,
    what: string,
    timeoutMs: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        end();
        reject(
          signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }),
        );
      };
      const end = (): void => {
        this.#waiters.delete(waiter);
        waiter.timer?.cancel();
        signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = {
        holds,
        resolve: () => {
          end();
          resolve();
        },
        reject,
        timer:
          timeoutMs === undefined
            ? undefined
            : this.clock.setTimeout(() => {
                end();
                reject(new ConditionTimeout(what, timeoutMs));
              }, timeoutMs),
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
