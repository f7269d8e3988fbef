// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import { toError } from '../exceptions/index.js';
import type { Subscription } from '../contract/index.js';
import { subscription } from '../lifecycle/subscription.js';
import { withDeadline } from './cancellation.js';

/** How work is repeated. */
export interface PeriodicOptions {
  readonly clock: Clock;
  readonly periodMs: number;
  /** One round. Its signal aborts when the work ends for good or the round takes too long. */
  readonly work: (signal: AbortSignal) => void | Promise<void>;
  /** Told of a round that failed; the work goes on. */
  readonly onError: (error: Error) => void;
  /** Ends the work; a module hands its own. */
  readonly signal?: AbortSignal;
  /** True for a first round at once instead of after one period. */
  readonly immediately?: boolean;
  /** Milliseconds a round may take; no limit by default. */
  readonly timeoutMs?: number;
  /** Told how many rounds were left out because one took longer than a period. */
  readonly onSkipped?: (rounds: number) => void;
}

/**
 * Repeats work at a fixed rate. A round never begins while the one before it runs: rounds that fall due meanwhile are
 * left out, and the rate is kept.
 */
export function periodic(options: PeriodicOptions): Subscription {
  const { clock, periodMs, work, onError, timeoutMs, onSkipped, signal } = options;
  const controller = new AbortController();
  let dueMs = clock.monotonic() + (options.immediately === true ? 0 : periodMs);
  let timer: Timer | undefined;

  const schedule = (): void => {
    if (controller.signal.aborted) return;
    timer = clock.setTimeout(run, Math.max(0, dueMs - clock.monotonic()));
  };
  const run = (): void => {
    timer = undefined;
    round()
      .catch((thrown: unknown) => {
        if (!controller.signal.aborted) onError(toError(thrown));
      })
      .finally(() => {
        // Timers of the machine fire up to a millisecond early; such a round counts as the one that was due.
        const lateMs = Math.max(0, clock.monotonic() - dueMs);
        const skipped = Math.floor(lateMs / periodMs);
        dueMs += (skipped + 1) * periodMs;
        if (skipped > 0 && !controller.signal.aborted) onSkipped?.(skipped);
        schedule();
      });
  };
  const round = async (): Promise<void> => {
    if (timeoutMs === undefined) await work(controller.signal);
    else
      await withDeadline(
        clock,
        timeoutMs,
        'a round of periodic work',
        async (limit) => work(limit),
        controller.signal,
      );
  };

  const end = (): void => stop.unsubscribe();
  const stop = subscription(() => {
    signal?.removeEventListener('abort', end);
    timer?.cancel();
    controller.abort();
  });
  signal?.addEventListener('abort', end, { once: true });
  if (signal?.aborted === true) end();
  schedule();
  return stop;
}
