// SPDX-License-Identifier: Apache-2.0
import { TimeoutError, withTimeout, type Clock } from '@carabiner/clock';
import {
  asCallError,
  CmdTimeout,
  Shutdown,
  toError,
  type CallOptions,
  type CommandDescriptor,
  type ErrorRaiser,
  type ErrorReport,
  type InterfaceDescriptor,
  type Mapping,
  type RaisedError,
} from '@carabiner/core';
import { resolveAnswer, type Answer } from './answers.js';
import { ClientEnd } from './client-end.js';
import { nonConformance } from './conformance.js';
import { ErrorBook } from './error-book.js';
import { snapshot, type Journal, type RequirementPlace } from './journal.js';
import type { RecordedCall } from './peer-types.js';
import type { Violations } from './violations.js';

const DEFAULT_TIMEOUT_MS = 300_000;

/** What a fake peer is made of. */
export interface FakePeerOptions {
  readonly place: RequirementPlace;
  readonly interface: InterfaceDescriptor;
  readonly moduleId: string;
  readonly implementationId: string;
  readonly mapping: Mapping | undefined;
  readonly clock: Clock;
  readonly journal: Journal;
  readonly violations: Violations;
  readonly answers: { readonly [command: string]: unknown };
  /** The manifest asks not to be bothered with these. */
  readonly ignore: { readonly errors: boolean; readonly variables: readonly string[] };
  /** Sees every raise and clear as well, for global subscriptions. */
  readonly onError: (error: RaisedError, what: 'raised' | 'cleared') => void;
}

/** A peer without its interface's types; `FakePeer` is the typed view. */
export class UntypedFakePeer {
  readonly moduleId: string;
  readonly calls: Record<string, RecordedCall[]> = {};
  readonly publish: Record<string, (value?: unknown) => void> = {};
  readonly errors: ErrorRaiser;
  /** The end that the module under test holds. */
  readonly end: ClientEnd;
  readonly #answers = new Map<string, Answer<object, unknown>>();
  #stopped = false;

  constructor(private readonly options: FakePeerOptions) {
    const { place, journal, violations } = options;
    this.moduleId = options.moduleId;
    const book = new ErrorBook({
      interface: options.interface,
      origin: {
        module_id: options.moduleId,
        implementation_id: options.implementationId,
        ...(options.mapping === undefined ? {} : { mapping: options.mapping }),
      },
      clock: options.clock,
      deliver: queueMicrotask,
      onRaised: (error) => {
        journal.add({ kind: 'peer-raised', ...place, error });
        options.onError(error, 'raised');
      },
      onCleared: (error) => {
        journal.add({ kind: 'peer-cleared', ...place, error });
        options.onError(error, 'cleared');
      },
      onUnlisted: (type) => {
        throw new Error(
          `the test raised ${type}, which interface ${options.interface.name} does not list; it has: ${options.interface.errors.map((error) => error.type).join(', ') || 'none'}`,
        );
      },
      onHandlerError: (error) => {
        violations.add(`a handler for errors of ${this.#name} threw: ${toError(error).message}`);
      },
    });
    this.errors = book;
    const silent = {
      ...book.monitor,
      subscribe: () => ({ unsubscribe: nothing, [Symbol.dispose]: nothing }),
    };
    this.end = new ClientEnd(
      options.interface,
      {
        moduleId: options.moduleId,
        implementationId: options.implementationId,
        ...(options.mapping === undefined ? {} : { mapping: options.mapping }),
      },
      options.ignore.errors ? silent : book.monitor,
      async (command, args, callOptions) => await this.#call(command, args, callOptions),
      (variable, error) => {
        violations.add(`the handler for ${this.#name}.${variable} threw: ${toError(error).message}`);
      },
    );
    for (const command of Object.keys(options.interface.commands)) this.calls[command] = [];
    for (const variable of Object.keys(options.interface.variables))
      this.publish[variable] = (value = null) => this.#publish(variable, value);
    this.answer(options.answers);
  }

  answer(answers: { readonly [command: string]: unknown }): void {
    for (const [command, answer] of Object.entries(answers)) {
      this.#descriptor(command);
      this.#answers.set(command, answer);
    }
  }

  raise(report: ErrorReport): RaisedError | undefined {
    return this.errors.raise(report);
  }

  clear(type: string, subType?: string): void {
    this.errors.clear(type, subType);
  }

  /** The module is gone: streams end and calls are refused. */
  stop(): void {
    this.#stopped = true;
    this.end.end();
  }

  get #name(): string {
    const { requirement, index } = this.options.place;
    return index === 0 ? requirement : `${requirement}[${index}]`;
  }

  #descriptor(command: string): CommandDescriptor {
    const descriptor = this.options.interface.commands[command];
    if (descriptor === undefined)
      throw new Error(`interface ${this.options.interface.name} has no command "${command}"`);
    return descriptor;
  }

  #publish(variable: string, value: unknown): void {
    const descriptor = this.options.interface.variables[variable];
    const wrong =
      descriptor === undefined
        ? undefined
        : nonConformance(
            descriptor.value,
            value,
            `the value the test published as ${this.#name}.${variable}`,
          );
    if (wrong !== undefined) throw wrong;
    const copy = snapshot(value);
    this.options.journal.add({ kind: 'peer-published', ...this.options.place, variable, value: copy });
    if (!this.#stopped && !this.options.ignore.variables.includes(variable)) this.end.deliver(variable, copy);
  }

  async #call(command: string, args: object, options: CallOptions): Promise<unknown> {
    const { clock, journal, place, violations } = this.options;
    if (this.#stopped) throw new Shutdown(`${this.#name}.${command} was called after the shutdown`);
    options.signal?.throwIfAborted();
    const descriptor = this.#descriptor(command);
    const recorded = { args: snapshot(args), at: journal.nowMs };
    const calls = (this.calls[command] ??= []);
    calls.push(recorded);
    journal.add({ kind: 'called', ...place, command, args: recorded.args });
    const wrong = nonConformance(
      descriptor.args,
      args,
      `the arguments of the module's call of ${this.#name}.${command}`,
    );
    if (wrong !== undefined) {
      violations.add(wrong.message);
      throw wrong;
    }
    const gaveUp = new AbortController();
    try {
      const value = await withTimeout(
        clock,
        this.#answerOf(command, descriptor, recorded.args, calls.length, [gaveUp.signal, options.signal]),
        options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
        `${this.#name}.${command}`,
      );
      journal.add({ kind: 'peer-answered', ...place, command, value });
      return value;
    } catch (thrown) {
      gaveUp.abort();
      options.signal?.throwIfAborted();
      const error =
        thrown instanceof TimeoutError
          ? new CmdTimeout(thrown.message, { cause: thrown })
          : asCallError(thrown, `${this.#name}.${command}`);
      journal.add({ kind: 'peer-answered', ...place, command, error });
      throw error;
    }
  }

  async #answerOf(
    command: string,
    descriptor: CommandDescriptor,
    args: object,
    count: number,
    signals: readonly (AbortSignal | undefined)[],
  ): Promise<unknown> {
    if (descriptor.returnsValue && !this.#answers.has(command)) {
      const missing = `no answer is scripted for ${this.#name}.${command}; give one in requires.${this.options.place.requirement}.${command}`;
      this.options.violations.add(missing);
      throw new Error(missing);
    }
    const signal = AbortSignal.any(signals.filter((each) => each !== undefined));
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(toError(signal.reason)), { once: true });
    });
    const answer = this.#answers.get(command);
    const value = await Promise.race([
      resolveAnswer(answer, args, { clock: this.options.clock, count, signal }),
      aborted,
    ]);
    const wrong = nonConformance(descriptor.result, value, `the scripted answer of ${this.#name}.${command}`);
    if (wrong !== undefined) {
      this.options.violations.add(wrong.message);
      throw wrong;
    }
    return snapshot(value);
  }
}

function nothing(): void {
  return undefined;
}
