// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';

/** Who is disturbed, and how. A connection or the broker that is lost loses messages, nothing else. */
export type Disturbance = 'dead' | 'paused' | 'cut off';

interface Interval {
  readonly who: string;
  readonly how: Disturbance;
  readonly fromMs: number;
  /** Undefined while it lasts. */
  untilMs: number | undefined;
}

export const BROKER = 'broker';

/** When which process could not do its work. Times are real ones, ms. */
export class Disturbances {
  readonly #intervals: Interval[] = [];

  begin(who: string, how: Disturbance): void {
    this.#intervals.push({ who, how, fromMs: systemClock.monotonic(), untilMs: undefined });
  }

  /** Ends what disturbed it in this way. */
  end(who: string, how: Disturbance): void {
    for (const interval of this.#intervals)
      if (interval.who === who && interval.how === how) interval.untilMs ??= systemClock.monotonic();
  }

  /** True when any of them was disturbed at any time between. */
  any(who: readonly string[], fromMs: number, untilMs: number, how?: Disturbance): boolean {
    return this.#intervals.some(
      (each) =>
        who.includes(each.who) &&
        (how === undefined || each.how === how) &&
        each.fromMs <= untilMs &&
        (each.untilMs ?? Number.POSITIVE_INFINITY) >= fromMs,
    );
  }

  /** Begin of what disturbs it now; undefined while it is well. */
  since(who: string, how: Disturbance): number | undefined {
    return this.#intervals.find((each) => each.who === who && each.how === how && each.untilMs === undefined)
      ?.fromMs;
  }
}
