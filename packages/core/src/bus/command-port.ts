// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { currentActivity, runInScope, type Trace } from '../containment/activity.js';
import { isPromiseLike, type ModuleScope } from '../containment/module-scope.js';
import type { CallContext, CommandDescriptor } from '../contract/index.js';
import {
  CmdTimeout,
  NotReady,
  SchemaValidationError,
  asCallError,
  toError,
  type CallError,
} from '../exceptions/index.js';
import type { BlockWatch } from '../observability/block-watch.js';
import type { CommandMeter } from '../observability/meters.js';
import type { Caller } from './bus.js';
import type { Callers } from './callers.js';
import type { DeadlineList } from './deadline-list.js';
import { Fifo } from './fifo.js';
import type { Gate } from './gate.js';
import { PendingCall, type CallOwner } from './pending-call.js';
import type { QueueReport } from './queue-report.js';

/** A module's method for one command. */
export type CommandHandler = (args: object, call: CallContext) => unknown;

/** What a port shares with the other ports of its module. */
export interface PortHost {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly blockWatch: BlockWatch;
  /** The module's present life; a new one after a restart or swap. */
  readonly scope: ModuleScope | undefined;
  readonly deadlines: DeadlineList;
  readonly checksResults: boolean;
  readonly queues: QueueReport;
}

interface Waiting {
  readonly call: PendingCall;
  readonly trace: Trace | undefined;
}

/**
 * The callee's end of one command: calls are served one at a time and in the order they came.
 *
 * It outlives its module instance, so callers keep it across a restart or a swap.
 */
export class CommandPort implements CallOwner {
  /** Set when an instance is constructed. */
  handler: CommandHandler | undefined;
  #busy = false;
  #running: PendingCall | undefined;
  #idle: (() => void)[] = [];
  readonly #waiting = new Fifo<Waiting>();

  /** @param label - for example `psu/main.setMode` */
  constructor(
    readonly label: string,
    /** Another one when another module class takes the place. */
    public descriptor: CommandDescriptor,
    private readonly host: PortHost,
    readonly meter: CommandMeter,
    private readonly callers: Callers,
  ) {
    host.gate.onChange(() => this.#pump());
  }

  /** True while a handler is at work. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Calls the command; the arguments were checked before. */
  readonly enter = (args: object, caller: Caller): Promise<unknown> => {
    const { gate, deadlines, blockWatch } = this.host;
    this.callers.note(caller.origin);
    const trace = currentActivity()?.trace;
    const call = new PendingCall(caller.origin, args, this, blockWatch.begin());
    if (gate.state === 'refusing') {
      this.meter.failed(0);
      call.reject(gate.refusal());
      return call.promise;
    }
    if (caller.timeoutMs !== undefined || caller.signal !== undefined) this.#limit(call, caller);
    if (caller.timeoutMs === undefined) deadlines.add(call);
    if (this.#busy || gate.state === 'paused') this.#wait({ call, trace });
    else this.#start(call, trace, call.startedMs);
    return call.promise;
  };

  /** Resolves when no handler is at work. */
  idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Aborts the signal of the handler that is at work. */
  warn(reason: Error): void {
    this.#running?.warn(reason);
  }

  /** Fails the call that is served now, since its module goes away. Its handler's end is not waited for any more. */
  interrupt(error: CallError): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#busy = false;
    this.host.deadlines.remove(running);
    this.meter.failed(0);
    running.abandon(error);
    this.#settleIdle();
    this.#pump();
  }

  /** The time of a call of the common list is over. */
  expire(call: PendingCall, timeoutMs: number): void {
    this.#forget(call);
    this.meter.failed(0);
    call.abandon(new CmdTimeout(`${this.label} did not answer within ${timeoutMs} ms`));
  }

  #limit(call: PendingCall, { signal, timeoutMs }: Caller): void {
    const timer =
      timeoutMs === undefined
        ? undefined
        : this.host.clock.setTimeout(() => this.expire(call, timeoutMs), timeoutMs);
    const abort = (): void => {
      this.#forget(call);
      call.abandon(toError(signal?.reason));
    };
    const done = (): void => {
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
    };
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
    call.promise.then(done, done);
  }

  #forget(call: PendingCall): void {
    this.host.deadlines.remove(call);
    this.#waiting.remove((entry) => entry.call === call);
  }

  #wait(entry: Waiting): void {
    if (entry.call.settled) return;
    const { queues } = this.host;
    if (this.#waiting.length >= queues.limit) {
      this.host.deadlines.remove(entry.call);
      this.meter.failed(0);
      queues.overflow(this.label, queues.limit);
      entry.call.reject(
        new NotReady(`${this.label} has ${queues.limit} calls waiting already; try again later`),
      );
      return;
    }
    this.#waiting.push(entry);
    queues.length(this.label, this.#waiting.length);
    this.meter.queued(this.#waiting.length);
  }

  #pump(): void {
    const { gate } = this.host;
    while (!this.#busy && gate.state !== 'paused') {
      const entry = this.#waiting.shift();
      if (entry === undefined) break;
      if (entry.call.settled) continue;
      if (gate.state === 'refusing') {
        this.host.deadlines.remove(entry.call);
        this.meter.failed(0);
        entry.call.reject(gate.refusal());
      } else this.#start(entry.call, entry.trace, this.host.blockWatch.begin());
    }
    this.meter.queued(this.#waiting.length);
  }

  /** @param startedMs - real monotonic milliseconds */
  #start(call: PendingCall, trace: Trace | undefined, startedMs: number): void {
    const { scope } = this.host;
    if (call.settled) return;
    if (scope === undefined || this.handler === undefined) {
      this.host.deadlines.remove(call);
      call.reject(new NotReady(`${this.label} has no handler`));
      return;
    }
    this.#busy = true;
    this.#running = call;
    const watch = this.host.blockWatch;
    let result: unknown;
    try {
      result = runInScope(scope, this.label, trace, this.handler, call.args, call);
    } catch (thrown) {
      this.#fail(call, thrown, watch.end(startedMs, this.label));
      return;
    }
    const syncEndMs = watch.end(startedMs, this.label);
    if (isPromiseLike(result)) {
      result.then(
        (value) => {
          this.#finish(call, value, watch.begin());
          this.#pump();
        },
        (thrown: unknown) => {
          this.#fail(call, thrown, watch.begin());
          this.#pump();
        },
      );
    } else this.#finish(call, result, syncEndMs);
  }

  #finish(call: PendingCall, value: unknown, nowMs: number): void {
    if (!this.#leave(call)) return;
    if (this.host.checksResults && !this.descriptor.result.is(value)) {
      this.meter.failed(nowMs - call.startedMs);
      const error = new SchemaValidationError(
        `result of ${this.label}`,
        this.descriptor.result.explain(value),
      );
      this.host.scope?.log.warn('a command returned a value that does not conform', {
        command: this.label,
        issues: error.issues,
      });
      call.reject(error);
      return;
    }
    this.meter.answered(nowMs - call.startedMs);
    call.resolve(value);
  }

  #fail(call: PendingCall, thrown: unknown, nowMs: number): void {
    if (!this.#leave(call)) return;
    this.meter.failed(nowMs - call.startedMs);
    const error = asCallError(thrown, this.label);
    this.host.scope?.log.warn('a command failed', { command: this.label, origin: call.origin, err: error });
    call.reject(error);
  }

  /** False for a handler that came back after it was interrupted. */
  #leave(call: PendingCall): boolean {
    if (this.#running !== call) return false;
    this.#running = undefined;
    this.#busy = false;
    this.host.deadlines.remove(call);
    if (this.#idle.length > 0) this.#settleIdle();
    return true;
  }

  #settleIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
