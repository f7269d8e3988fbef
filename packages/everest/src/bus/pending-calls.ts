// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import { callErrorOf, CmdTimeout, Shutdown, type CallError } from '@carabiner/core';
import type { CallOutcome } from '../protocol/envelope.js';

/** EVerest's callers wait this long for an answer. */
const DEFAULT_TIMEOUT_MS = 300_000;

interface PendingCall {
  readonly moduleId: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

/** Calls that were sent and not answered yet. An answer is taken once; late ones are dropped. */
export class PendingCalls {
  readonly #calls = new Map<string, PendingCall>();

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.#calls.size;
  }

  /**
   * Waits for the answer to a call.
   *
   * @param moduleId - the module that was called
   * @param what - how errors name the call
   * @throws CallError as the callee named it; `CmdTimeout` after `timeoutMs`; the signal's reason when aborted
   */
  async wait(
    id: string,
    moduleId: string,
    what: string,
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
    signal?: AbortSignal,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    return await new Promise<unknown>((resolve, reject) => {
      const onAbort = (): void => {
        this.#take(id);
        reject(signal?.reason instanceof Error ? signal.reason : new Shutdown(`${what}: given up`));
      };
      const timer = this.clock.setTimeout(() => {
        this.#take(id);
        signal?.removeEventListener('abort', onAbort);
        reject(new CmdTimeout(`${what}: no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      const done = (): void => signal?.removeEventListener('abort', onAbort);
      this.#calls.set(id, {
        moduleId,
        timer,
        resolve: (value) => {
          done();
          resolve(value);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
    });
  }

  /** @returns false for an answer nobody waits for */
  settle(id: string, outcome: CallOutcome): boolean {
    const call = this.#take(id);
    if (call === undefined) return false;
    if (outcome.ok) call.resolve(outcome.value);
    else call.reject(callErrorOf(outcome.errorType, outcome.message));
    return true;
  }

  /** Ends one call, if it still waits. */
  fail(id: string, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** Ends the calls to one module. */
  failTo(moduleId: string, error: () => CallError): void {
    for (const [id, call] of [...this.#calls]) if (call.moduleId === moduleId) this.fail(id, error());
  }

  /** Ends every call, for example because the connection is gone. */
  failAll(error: () => CallError): void {
    for (const id of [...this.#calls.keys()]) this.fail(id, error());
  }

  #take(id: string): PendingCall | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.timer.cancel();
    return call;
  }
}
