// SPDX-License-Identifier: Apache-2.0
import { systemClock, type Clock } from '@carabiner/clock';

/** Called when `handler` held the event loop for `blockedMs`. */
export type BlockReport = (handler: string, blockedMs: number) => void;

/** Finds handlers whose synchronous part holds the event loop too long. */
export class BlockWatch {
  /** Time that was reported inside of the outer handler already, so that only the culprit is named. */
  #reportedMs = 0;

  /**
   * @param limitMs - real milliseconds that a handler may hold the event loop
   * @param clock - of real time, also where the system runs on a virtual clock
   */
  constructor(
    readonly limitMs: number,
    private readonly report: BlockReport,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Start of a synchronous stretch, in monotonic milliseconds. */
  begin(): number {
    return this.clock.monotonic();
  }

  /** End of the stretch that began at `startedMs`. Returns the present monotonic time. */
  end(startedMs: number, handler: string): number {
    const nowMs = this.clock.monotonic();
    if (nowMs - startedMs >= this.limitMs) this.#tooLong(startedMs, nowMs, handler);
    return nowMs;
  }

  #tooLong(startedMs: number, nowMs: number, handler: string): void {
    if (startedMs < this.#reportedMs) return;
    this.#reportedMs = nowMs;
    this.report(handler, nowMs - startedMs);
  }
}
