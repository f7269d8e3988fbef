// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';

const LOOK_MS = 50;

/** The power unit gets this long to take what was applied again, before the fault is cleared. */
const HOLD_MS = 100;

/** Longest wait for what was applied again: key and allocation included. */
const LIMIT_MS = 20_000;

/**
 * When a lost connection counts as restored for a connector: not before the last mode and set-point are in force at
 * the power unit again.
 */
export class CommunicationFault {
  #timer: Timer | undefined;

  /**
   * @param settled - the last mode and set-point are in force
   * @param tell - raises or clears the fault
   */
  constructor(
    private readonly clock: Clock,
    private readonly settled: () => boolean,
    private readonly tell: (raised: boolean) => void,
  ) {}

  /** The connection is not there. */
  lost(): void {
    this.stop();
    this.tell(true);
  }

  /** The connection is there. */
  restored(): void {
    this.stop();
    let waitedMs = 0;
    let settledMs = 0;
    this.#timer = this.clock.setInterval(() => {
      waitedMs += LOOK_MS;
      settledMs = this.settled() ? settledMs + LOOK_MS : 0;
      if (settledMs < HOLD_MS && waitedMs < LIMIT_MS) return;
      this.stop();
      this.tell(false);
    }, LOOK_MS);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
