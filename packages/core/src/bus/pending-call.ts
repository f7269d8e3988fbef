// SPDX-License-Identifier: Apache-2.0
import type { CallContext } from '../contract/index.js';
import type { CallError } from '../exceptions/index.js';

/** Serves calls. */
export interface CallOwner {
  expire(call: PendingCall, timeoutMs: number): void;
}

/** A call that waits for its answer: the caller's promise and the handler's context in one object. */
export class PendingCall implements CallContext {
  readonly promise: Promise<unknown>;
  #resolve!: (value: unknown) => void;
  #reject!: (error: Error) => void;
  #controller: AbortController | undefined;
  #abandoned: Error | undefined;
  settled = false;

  /** Monotonic milliseconds; set by the deadline list when the call outlived a turn of the event loop. */
  deadlineMs = 0;
  /** Links of the deadline list. */
  previous: PendingCall | undefined;
  next: PendingCall | undefined;

  constructor(
    readonly origin: string,
    readonly args: object,
    /** Told when the time of the call is over. */
    readonly owner: CallOwner,
    /** Real monotonic milliseconds at which the call was made. */
    readonly startedMs: number,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Made on first use: most handlers never look at it, and a signal costs more than the rest of a call. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#abandoned !== undefined && !this.#controller.signal.aborted)
      this.#controller.abort(this.#abandoned);
    return this.#controller.signal;
  }

  /** Tells the handler to come to an end; the caller goes on waiting. */
  warn(reason: Error): void {
    this.#abandoned ??= reason;
    this.#controller?.abort(reason);
  }

  /** Answers the caller. Does nothing when it was answered before. */
  resolve(value: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.#resolve(value);
  }

  /** Fails the call. Does nothing when it was answered before. */
  reject(error: CallError): void {
    if (this.settled) return;
    this.settled = true;
    this.#reject(error);
  }

  /** The caller hears `reason` and the handler's signal is aborted with it. */
  abandon(reason: Error): void {
    this.#abandoned = reason;
    this.#controller?.abort(reason);
    if (this.settled) return;
    this.settled = true;
    this.#reject(reason);
  }
}
