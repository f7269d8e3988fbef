// SPDX-License-Identifier: Apache-2.0
import type {
  CallOptions,
  Client,
  ConnectionInfo,
  ErrorMonitor,
  InterfaceDescriptor,
  Subscription,
} from '@carabiner/core';
import { VariableFeed } from './variable-feed.js';

/** Performs one call of a command. */
export type CallFunction = (command: string, args: object, options: CallOptions) => Promise<unknown>;

/** A client before its interface's types are put upon it. */
export type UntypedClient = Client<
  { readonly [command: string]: (args?: object, options?: CallOptions) => Promise<unknown> },
  { readonly [variable: string]: unknown },
  string
>;

/** The consumer's end of one connection, and the way to feed it. */
export class ClientEnd {
  readonly client: UntypedClient;
  readonly #feeds = new Map<string, VariableFeed>();
  readonly #latest: Record<string, unknown> = {};

  constructor(
    descriptor: InterfaceDescriptor,
    connection: ConnectionInfo,
    errors: ErrorMonitor,
    call: CallFunction,
    onHandlerError: (variable: string, error: unknown) => void,
  ) {
    const calls: Record<string, (args?: object, options?: CallOptions) => Promise<unknown>> = {};
    for (const command of Object.keys(descriptor.commands))
      calls[command] = async (args = {}, options = {}) => await call(command, args, options);
    const subscribe: Record<string, (handler: (value: unknown) => void | Promise<void>) => Subscription> = {};
    const stream: Record<string, (options?: { readonly signal?: AbortSignal }) => AsyncIterable<unknown>> =
      {};
    for (const variable of Object.keys(descriptor.variables)) {
      const feed = new VariableFeed((error) => onHandlerError(variable, error));
      this.#feeds.set(variable, feed);
      subscribe[variable] = (handler) => feed.subscribe(handler);
      stream[variable] = (options) => feed.stream(options?.signal);
    }
    this.client = { call: calls, subscribe, stream, latest: this.#latest, errors, connection };
  }

  deliver(variable: string, value: unknown): void {
    this.#latest[variable] = value;
    this.#feeds.get(variable)?.push(value);
  }

  end(): void {
    for (const feed of this.#feeds.values()) feed.end();
  }
}
