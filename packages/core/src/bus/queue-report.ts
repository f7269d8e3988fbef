// SPDX-License-Identifier: Apache-2.0

/** Called when a queue grows long (`lost` 0) or had to drop something. */
export type QueueListener = (event: {
  /** What waits, for example `values of psu/main.capabilities for evse`. */
  readonly queue: string;
  readonly length: number;
  readonly lost: number;
}) => void;

/** Waiting messages on one topic from which on the length is reported, as EVerest does. */
export const LONG_QUEUE = 100;

/** Bound of the queues of one runtime, and the one place that hears of long ones. */
export class QueueReport {
  /** Queues that were reported and have not been empty since. */
  readonly #reported = new Map<string, number>();

  constructor(
    /** Most entries a queue may hold. */
    readonly limit: number,
    private readonly listener: QueueListener,
  ) {}

  /** Tells the present length after something was added. Reported once for each time that it grows long. */
  length(queue: string, length: number): void {
    if (length <= LONG_QUEUE) {
      if (length <= 1 && this.#reported.size > 0) this.#reported.delete(queue);
      return;
    }
    if (this.#reported.has(queue)) return;
    this.#reported.set(queue, 0);
    this.listener({ queue, length, lost: 0 });
  }

  /** Tells that an entry was refused or dropped. Reported at powers of two, so a flood does not flood the log. */
  overflow(queue: string, length: number): void {
    const lost = (this.#reported.get(queue) ?? 0) + 1;
    this.#reported.set(queue, lost);
    if ((lost & (lost - 1)) === 0) this.listener({ queue, length, lost });
  }
}
