// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Logger } from '@carabiner/core';
import type { Rejection } from '@carabiner/goose';

/** Frames dropped for one reason are logged at most this often, ms. */
const PERIOD_MS = 10_000;

/** Reasons that are no news: frames meant for others, and repeated answers. */
const EXPECTED: ReadonlySet<Rejection['reason']> = new Set(['foreign', 'stale']);

/** Logs dropped GOOSE frames, so that a flood of them does not become a flood of lines. */
export class RejectionLog {
  readonly #recent = new Map<Rejection['reason'], { sinceMs: number; suppressed: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {}

  add({ reason, source, message }: Rejection): void {
    if (EXPECTED.has(reason)) return;
    const nowMs = this.clock.monotonic();
    const recent = this.#recent.get(reason);
    if (recent !== undefined && nowMs - recent.sinceMs < PERIOD_MS) {
      recent.suppressed += 1;
      return;
    }
    this.#recent.set(reason, { sinceMs: nowMs, suppressed: 0 });
    this.log.warn('GOOSE frame dropped', { reason, source, message, suppressed: recent?.suppressed ?? 0 });
  }
}
