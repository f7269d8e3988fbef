// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import type { PendingCall } from './pending-call.js';

/**
 * Ends calls that wait longer than one common time.
 *
 * Since the time is the same for all, the calls stand in a list in order of their deadlines and one timer for the head
 * serves them all. Clock and timer are only touched for calls that outlive a turn of the event loop: most do not.
 */
export class DeadlineList {
  #head: PendingCall | undefined;
  #tail: PendingCall | undefined;
  /** The first call that has no deadline yet; those behind it have none either. */
  #fresh: PendingCall | undefined;
  #timer: Timer | undefined;
  #checkPending = false;

  /**
   * @param timeoutMs - the common time, in milliseconds
   */
  constructor(
    private readonly clock: Clock,
    readonly timeoutMs: number,
  ) {}

  /** Puts a call that was made just now at the end. */
  add(call: PendingCall): void {
    call.previous = this.#tail;
    if (this.#tail === undefined) this.#head = call;
    else this.#tail.next = call;
    this.#tail = call;
    this.#fresh ??= call;
    if (!this.#checkPending) {
      this.#checkPending = true;
      setImmediate(this.#check);
    }
  }

  /** Takes a call out; does nothing when it is not in. */
  remove(call: PendingCall): void {
    if (call.previous === undefined && this.#head !== call) return;
    if (this.#fresh === call) this.#fresh = call.next;
    if (call.previous === undefined) this.#head = call.next;
    else call.previous.next = call.next;
    if (call.next === undefined) this.#tail = call.previous;
    else call.next.previous = call.previous;
    call.previous = undefined;
    call.next = undefined;
    if (this.#head === undefined && this.#timer !== undefined) {
      this.#timer.cancel();
      this.#timer = undefined;
    }
  }

  readonly #check = (): void => {
    this.#checkPending = false;
    if (this.#fresh === undefined) return;
    const deadlineMs = this.clock.monotonic() + this.timeoutMs;
    for (let call: PendingCall | undefined = this.#fresh; call !== undefined; call = call.next)
      call.deadlineMs = deadlineMs;
    this.#fresh = undefined;
    this.#arm();
  };

  #arm(): void {
    if (this.#head === undefined || this.#head === this.#fresh || this.#timer !== undefined) return;
    this.#timer = this.clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#expireDue();
        this.#arm();
      },
      Math.max(0, this.#head.deadlineMs - this.clock.monotonic()),
    );
  }

  #expireDue(): void {
    const nowMs = this.clock.monotonic();
    // A timer may fire a fraction of a millisecond early.
    while (this.#head !== undefined && this.#head !== this.#fresh && this.#head.deadlineMs < nowMs + 1) {
      const call = this.#head;
      this.remove(call);
      call.owner.expire(call, this.timeoutMs);
    }
  }
}
