// SPDX-License-Identifier: Apache-2.0
import type { ModuleScope } from '../containment/module-scope.js';
import type {
  CallOptions,
  Client,
  ConnectionInfo,
  InterfaceDescriptor,
  RaisedError,
  Subscription,
  VariableDescriptor,
} from '../contract/index.js';
import { ErrorState } from '../errors/error-monitor.js';
import { CmdTimeout, SchemaValidationError, toError } from '../exceptions/index.js';
import { subscription } from '../lifecycle/subscription.js';
import type { Bus, CommandEntry, Connection, ConnectionListener } from './bus.js';
import { HandlerQueue } from './handler-queue.js';
import type { QueueReport } from './queue-report.js';
import type { ValidationMode } from './validation.js';
import { ValueStream } from './value-stream.js';

/** Milliseconds until an unanswered call ends with `CmdTimeout`, as in EVerest. */
export const DEFAULT_CALL_TIMEOUT_MS = 300_000;

/** A client whose interface is known at run time only. */
export type AnyClient = Client<
  { readonly [command: string]: (args?: object, options?: CallOptions) => Promise<unknown> },
  { readonly [variable: string]: unknown },
  string
>;

/** What a consumer's end is made of. */
export interface PeerOptions {
  readonly scope: ModuleScope;
  readonly bus: Bus;
  readonly connection: ConnectionInfo;
  readonly interface: InterfaceDescriptor;
  readonly validation: ValidationMode;
  readonly queues: QueueReport;
  readonly callTimeoutMs: number;
  readonly ignore: { readonly errors: boolean; readonly variables: readonly string[] };
  /** Told of everything that comes from a provider of another process; those of this one tell by themselves. */
  readonly onlooker: ConnectionListener | undefined;
}

interface Sink {
  push(value: unknown): void;
  release?(): void;
}

/** The consumer's end of one connection. Everything that is looked up by name is looked up when it is made. */
export class Peer implements ConnectionListener {
  readonly client: AnyClient;
  readonly #options: PeerOptions;
  readonly #connection: Connection;
  readonly #errors: ErrorState;
  readonly #latest: { [variable: string]: unknown } = {};
  readonly #sinks = new Map<string, Set<Sink>>();
  readonly #label: string;
  #held = true;

  constructor(options: PeerOptions) {
    this.#options = options;
    const { scope, bus, connection, ignore } = options;
    const { moduleId, implementationId } = connection;
    this.#label = `${moduleId}/${implementationId}`;
    this.#connection = bus.connect({
      consumer: scope.moduleId,
      target: { moduleId, implementationId },
      interface: options.interface,
      listener: this,
      ignoredVariables: ignore.variables,
      ignoreErrors: ignore.errors,
    });
    scope.undo.add(() => this.#connection.close());
    this.#errors = new ErrorState(
      scope,
      `errors of ${this.#label} for ${scope.moduleId}`,
      this.#connection.activeErrors,
    );
    this.client = this.#makeClient();
  }

  variable(name: string, value: unknown): void {
    const { validation, interface: descriptor, scope } = this.#options;
    if (this.#connection.boundary && validation !== 'off') {
      const check = descriptor.variables[name]?.value;
      if (check === undefined || !check.is(value)) {
        scope.log.warn('a variable that does not conform was dropped', {
          variable: `${this.#label}.${name}`,
          issues: check?.explain(value) ?? 'the interface has no such variable',
        });
        return;
      }
    }
    this.#latest[name] = value;
    this.#options.onlooker?.variable(name, value);
    const sinks = this.#sinks.get(name);
    if (sinks === undefined) return;
    for (const sink of sinks) sink.push(value);
  }

  error(error: RaisedError): void {
    this.#errors.take(error);
    this.#options.onlooker?.error(error);
  }

  /** The consumer is initialised: deliveries begin. */
  release(): void {
    this.#held = false;
    this.#errors.release();
    for (const sinks of this.#sinks.values()) for (const sink of sinks) sink.release?.();
  }

  /** Forgets the last values, since another module instance will publish from now on. */
  forget(): void {
    for (const name of Object.keys(this.#latest)) Reflect.deleteProperty(this.#latest, name);
  }

  #makeClient(): AnyClient {
    const { interface: descriptor } = this.#options;
    const call: { [command: string]: (args?: object, options?: CallOptions) => Promise<unknown> } = {};
    for (const name of Object.keys(descriptor.commands)) call[name] = this.#caller(name);
    const subscribe: { [variable: string]: (handler: (value: unknown) => unknown) => Subscription } = {};
    const stream: {
      [variable: string]: (options?: { readonly signal?: AbortSignal }) => AsyncIterable<unknown>;
    } = {};
    for (const [name, variable] of Object.entries(descriptor.variables)) {
      subscribe[name] = (handler) => this.#subscribe(name, variable, handler);
      stream[name] = (options) => this.#stream(name, options?.signal);
    }
    return {
      call,
      subscribe,
      stream,
      latest: this.#latest,
      errors: this.#errors,
      connection: this.#options.connection,
    };
  }

  #caller(name: string): (args?: object, options?: CallOptions) => Promise<unknown> {
    const { scope, validation, interface: descriptor } = this.#options;
    const command = descriptor.commands[name];
    if (command === undefined) throw new TypeError(`interface ${descriptor.name} has no command ${name}`);
    const { args: check, result } = command;
    const { boundary } = this.#connection;
    const entry = this.#connection.command(name);
    const checksArguments = validation === 'all' || (boundary && validation !== 'off');
    const plain = { origin: scope.moduleId };
    const label = `${this.#label}.${name}`;
    const invoke = boundary ? this.#remote(entry, label, validation === 'off' ? undefined : result) : entry;
    return (args = {}, options) => {
      if (checksArguments && !check.is(args))
        return Promise.reject(new SchemaValidationError(`arguments of ${label}`, check.explain(args)));
      return invoke(args, options === undefined ? plain : { ...plain, ...options });
    };
  }

  /** Adds the time-out, and the check of what another process answers. */
  #remote(entry: CommandEntry, label: string, result: VariableDescriptor['value'] | undefined): CommandEntry {
    const { scope, callTimeoutMs } = this.#options;
    return async (args, caller) => {
      const timeoutMs = caller.timeoutMs ?? callTimeoutMs;
      const controller = new AbortController();
      const timer = scope.host.clock.setTimeout(() => {
        controller.abort(new CmdTimeout(`${label} did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
      const stop = (): void => controller.abort(toError(caller.signal?.reason));
      const end = (): void => controller.abort(scope.signal.reason);
      caller.signal?.addEventListener('abort', stop, { once: true });
      const forget = scope.undo.add(end);
      if (caller.signal?.aborted === true) stop();
      try {
        const value = await new Promise((resolve, reject) => {
          const give = (): void => reject(toError(controller.signal.reason));
          controller.signal.addEventListener('abort', give, { once: true });
          if (controller.signal.aborted) give();
          else entry(args, { origin: caller.origin, signal: controller.signal }).then(resolve, reject);
        });
        if (result !== undefined && !result.is(value))
          throw new SchemaValidationError(`result of ${label}`, result.explain(value));
        return value;
      } finally {
        timer.cancel();
        forget();
        caller.signal?.removeEventListener('abort', stop);
      }
    };
  }

  #subscribe(
    name: string,
    _variable: VariableDescriptor,
    handler: (value: unknown) => unknown,
  ): Subscription {
    const { scope, queues } = this.#options;
    const queue = new HandlerQueue(
      scope,
      `${this.#label}.${name} for ${scope.moduleId}`,
      queues,
      handler,
      this.#held,
    );
    return this.#add(name, queue, () => queue.close());
  }

  #stream(name: string, signal: AbortSignal | undefined): AsyncIterable<unknown> {
    const { scope, queues } = this.#options;
    const end = (): void => stream.end();
    const stream: ValueStream<unknown> = new ValueStream(
      `${this.#label}.${name} for ${scope.moduleId}`,
      queues,
      () => {
        entry.unsubscribe();
        signal?.removeEventListener('abort', end);
        scope.signal.removeEventListener('abort', end);
      },
    );
    const entry = this.#add(name, stream, end);
    signal?.addEventListener('abort', end, { once: true });
    scope.signal.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true || scope.signal.aborted) stream.end();
    return stream;
  }

  #add(name: string, sink: Sink, close: () => void): Subscription {
    let sinks = this.#sinks.get(name);
    if (sinks === undefined) {
      sinks = new Set();
      this.#sinks.set(name, sinks);
    }
    const present = sinks;
    present.add(sink);
    const remove = subscription(() => {
      forget();
      present.delete(sink);
      close();
    });
    const forget = this.#options.scope.undo.add(() => remove.unsubscribe());
    return remove;
  }
}
