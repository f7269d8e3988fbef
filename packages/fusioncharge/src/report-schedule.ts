// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

/**
 * When reports are due: the first a period after the start, then every period; sooner on {@link trigger}, from which
 * the next period counts. The first period is never cut short.
 */
export class ReportSchedule {
  #timer: Timer | undefined;
  #first = true;

  /**
   * @param periodMs - 1000 for real equipment
   * @param send - sends a report
   */
  constructor(
    private readonly clock: Clock,
    private readonly periodMs: number,
    private readonly send: () => void,
  ) {
    this.#arm();
  }

  /** Sends a report at once, unless the first one is still to come: that will do. */
  trigger(): void {
    if (!this.#first && this.#timer !== undefined) this.#fire();
  }

  /** No more reports. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer = this.clock.setTimeout(() => this.#fire(), this.periodMs);
  }

  #fire(): void {
    this.#first = false;
    this.#timer?.cancel();
    this.#arm();
    this.send();
  }
}
