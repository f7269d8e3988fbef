// SPDX-License-Identifier: Apache-2.0
import type { ErrorMonitor, ErrorRaiser, Mapping, Subscription } from './errors.js';

/** Options of one command call. */
export interface CallOptions {
  /** Ends the wait; the callee's `CallContext.signal` is aborted with it where the bus can carry that. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the call ends with `CmdTimeout`; default 300 000. */
  readonly timeoutMs?: number;
}

/** What a command handler knows of its call. */
export interface CallContext {
  /** Module id of the caller. */
  readonly origin: string;
  /** Aborted when the caller gave up or the module shuts down. */
  readonly signal: AbortSignal;
}

/** The implementation at the other end of a connection. */
export interface ConnectionInfo {
  readonly moduleId: string;
  readonly implementationId: string;
  readonly mapping?: Mapping;
}

/** `subscribe.<variable>(handler)`: the handler's promise holds back the next value of the same variable only. */
export type VariableSubscriptions<Variables> = {
  readonly [V in keyof Variables]: (handler: (value: Variables[V]) => void | Promise<void>) => Subscription;
};

/** `for await (const value of client.stream.<variable>())`. Ends when `signal` aborts or the module stops. */
export type VariableStreams<Variables> = {
  readonly [V in keyof Variables]: (options?: {
    readonly signal?: AbortSignal;
  }) => AsyncIterable<Variables[V]>;
};

/** Last value of each variable, undefined until the first one came. */
export type LatestValues<Variables> = { readonly [V in keyof Variables]?: Variables[V] };

/** What a consumer holds of a required implementation. `Calls` is the generated command surface. */
export interface Client<Calls, Variables, ErrorType extends string> {
  readonly call: Calls;
  readonly subscribe: VariableSubscriptions<Variables>;
  readonly stream: VariableStreams<Variables>;
  readonly latest: LatestValues<Variables>;
  readonly errors: ErrorMonitor<ErrorType>;
  readonly connection: ConnectionInfo;
}

/** `publish.<variable>(value)`; an event without payload is published with no argument. */
export type VariablePublishers<Variables> = {
  readonly [V in keyof Variables]: [Variables[V]] extends [null]
    ? (value?: null) => void
    : (value: Variables[V]) => void;
};

/** What a provider holds of its own implementation. */
export interface Provided<Variables, ErrorType extends string> {
  /** Publishes a value. Throws `SchemaValidationError` when it does not conform (with validation on). */
  readonly publish: VariablePublishers<Variables>;
  readonly errors: ErrorRaiser<ErrorType>;
  /**
   * Calls `handler` when a module that has called this implementation is gone without having taken leave: its process
   * ended, it failed, or the broker between cannot be reached. What it switched on, nobody will switch off: a driver of
   * something that must not be left alone brings it into its safe state. Told once until that module calls again.
   */
  onCallerLost(handler: (moduleId: string) => void | Promise<void>): Subscription;
}
