// SPDX-License-Identifier: Apache-2.0
import { TimeoutError, withTimeout, type Clock } from '@carabiner/clock';
import {
  asCallError,
  CmdTimeout,
  HandlerException,
  Shutdown,
  toError,
  type CallContext,
  type CallOptions,
  type ConnectionInfo,
  type ErrorOrigin,
  type InterfaceDescriptor,
  type Provided,
  type RaisedError,
} from '@carabiner/core';
import { ClientEnd, type UntypedClient } from './client-end.js';
import { nonConformance } from './conformance.js';
import { ErrorBook } from './error-book.js';
import { snapshot, type Journal } from './journal.js';
import { subscription } from './subscription.js';
import type { Violations } from './violations.js';

const DEFAULT_TIMEOUT_MS = 300_000;

/** A method of a provided implementation. */
type Handler = (args: object, call: CallContext) => unknown;

/** What one provided implementation is made of. */
export interface ProvidedEndOptions {
  readonly implementation: string;
  readonly interface: InterfaceDescriptor;
  readonly connection: ConnectionInfo;
  readonly origin: ErrorOrigin;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly violations: Violations;
  /** Resolves when commands may be delivered: after `init`. */
  readonly open: Promise<void>;
  /** Aborted when the module shuts down. */
  readonly signal: AbortSignal;
  /** The module's handler of a command. */
  readonly handler: (command: string) => Handler | undefined;
  readonly onError: (error: RaisedError, what: 'raised' | 'cleared') => void;
}

/** One provided implementation: what the module publishes through, and a client for the test. */
export class ProvidedEnd {
  /** What the module holds. */
  readonly provided: Provided<{ readonly [variable: string]: unknown }, string>;
  /** What the test holds: a consumer's client of the module. */
  readonly client: UntypedClient;
  readonly #end: ClientEnd;
  readonly #onCallerLost = new Set<(moduleId: string) => void | Promise<void>>();
  /** Last call of each command; calls of one command never overlap. */
  readonly #tails = new Map<string, Promise<unknown>>();

  constructor(private readonly options: ProvidedEndOptions) {
    const { implementation, journal, violations } = options;
    const book = new ErrorBook({
      interface: options.interface,
      origin: options.origin,
      clock: options.clock,
      // At once, so that a test sees the module's state at the moment of the raise.
      deliver: (run) => run(),
      onRaised: (error) => {
        journal.add({ kind: 'raised', implementation, error });
        options.onError(error, 'raised');
      },
      onCleared: (error) => {
        journal.add({ kind: 'cleared', implementation, error });
        options.onError(error, 'cleared');
      },
      onUnlisted: (type) => {
        violations.add(
          `${implementation} raised ${type}, which interface ${options.interface.name} does not list`,
        );
      },
      onHandlerError: (error) => {
        throw toError(error);
      },
    });
    this.#end = new ClientEnd(
      options.interface,
      options.connection,
      book.monitor,
      async (command, args, callOptions) => await this.#call(command, args, callOptions),
      (_variable, error) => {
        violations.add(`a handler of the test threw: ${toError(error).message}`);
      },
    );
    this.client = this.#end.client;
    const publish: Record<string, (value?: unknown) => void> = {};
    for (const variable of Object.keys(options.interface.variables))
      publish[variable] = (value = null) => this.#publish(variable, value);
    this.provided = {
      publish,
      errors: book,
      onCallerLost: (handler) => {
        this.#onCallerLost.add(handler);
        return subscription(() => this.#onCallerLost.delete(handler));
      },
    };
  }

  /** Tells the module that the test, which has called it, is gone. */
  async loseCaller(): Promise<void> {
    for (const handler of [...this.#onCallerLost]) {
      try {
        await handler('test');
      } catch (thrown) {
        const { implementation, violations } = this.options;
        violations.add(`a handler of ${implementation}.onCallerLost threw: ${toError(thrown).message}`);
      }
    }
  }

  stop(): void {
    this.#end.end();
  }

  #publish(variable: string, value: unknown): void {
    const { implementation, interface: descriptor, journal, violations } = this.options;
    const validator = descriptor.variables[variable]?.value;
    const wrong =
      validator === undefined
        ? undefined
        : nonConformance(validator, value, `the value published as ${implementation}.${variable}`);
    if (wrong !== undefined) {
      violations.add(wrong.message);
      throw wrong;
    }
    const copy = snapshot(value);
    journal.add({ kind: 'published', implementation, variable, value: copy });
    this.#end.deliver(variable, copy);
  }

  async #call(command: string, args: object, options: CallOptions): Promise<unknown> {
    const { interface: descriptor, implementation } = this.options;
    const name = `${implementation}.${command}`;
    const argsValidator = descriptor.commands[command]?.args;
    if (argsValidator === undefined)
      throw new Error(`interface ${descriptor.name} has no command "${command}"`);
    const wrong = nonConformance(argsValidator, args, `the arguments of the test's call of ${name}`);
    if (wrong !== undefined) throw wrong;
    const gaveUp = new AbortController();
    const signals = [
      this.options.signal,
      gaveUp.signal,
      ...(options.signal === undefined ? [] : [options.signal]),
    ];
    const previous = this.#tails.get(command) ?? this.options.open;
    const turn = previous.then(
      async () => await this.#handle(command, snapshot(args), AbortSignal.any(signals)),
      async () => await this.#handle(command, snapshot(args), AbortSignal.any(signals)),
    );
    this.#tails.set(command, turn);
    try {
      return await withTimeout(this.options.clock, turn, options.timeoutMs ?? DEFAULT_TIMEOUT_MS, name);
    } catch (thrown) {
      if (!(thrown instanceof TimeoutError)) throw thrown;
      gaveUp.abort();
      throw new CmdTimeout(thrown.message, { cause: thrown });
    }
  }

  async #handle(command: string, args: object, signal: AbortSignal): Promise<unknown> {
    const { implementation, interface: descriptor, journal, violations } = this.options;
    if (this.options.signal.aborted) throw new Shutdown(`the module was shut down before ${command}`);
    journal.add({ kind: 'commanded', implementation, command, args });
    try {
      const handler = this.options.handler(command);
      if (handler === undefined)
        throw new HandlerException(`the module has no method implementations.${implementation}.${command}`);
      const value = await handler(args, { origin: 'test', signal });
      const resultValidator = descriptor.commands[command]?.result;
      const wrong =
        resultValidator === undefined
          ? undefined
          : nonConformance(resultValidator, value, `the module's result of ${implementation}.${command}`);
      if (wrong !== undefined) {
        violations.add(wrong.message);
        throw wrong;
      }
      const copy = snapshot(value);
      journal.add({ kind: 'returned', implementation, command, value: copy });
      return copy;
    } catch (thrown) {
      const error = asCallError(thrown, `${implementation}.${command}`);
      journal.add({ kind: 'returned', implementation, command, error });
      throw error;
    }
  }
}
