// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { ModuleScope } from '../containment/module-scope.js';
import type {
  ErrorOrigin,
  InterfaceDescriptor,
  Logger,
  Mapping,
  ModuleDescriptor,
  ModuleInfo,
  RaisedError,
} from '../contract/index.js';
import { ImplementationErrors } from '../errors/error-raiser.js';
import {
  HandlerException,
  MessageParsingError,
  SchemaValidationError,
  type CallError,
} from '../exceptions/index.js';
import type { BlockWatch } from '../observability/block-watch.js';
import { CommandMeter, VariableMeter } from '../observability/meters.js';
import type { AttachedModule, Attachment, Bus, Caller, CommandEntry } from './bus.js';
import { Callers } from './callers.js';
import { CommandPort, type CommandHandler, type PortHost } from './command-port.js';
import { DeadlineList } from './deadline-list.js';
import { Gate } from './gate.js';
import { makeProvided, type AnyProvided } from './provided.js';
import type { QueueReport } from './queue-report.js';
import type { ValidationMode } from './validation.js';

/** What all endpoints of a runtime share. */
export interface EndpointHost {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly blockWatch: BlockWatch;
  readonly queues: QueueReport;
  readonly validation: ValidationMode;
  readonly callTimeoutMs: number;
  /** A module of this process published a value; for observers. */
  published(moduleId: string, implementation: string, variable: string, value: unknown): void;
  /** A module of this process raised or cleared an error; for observers. */
  raised(error: RaisedError): void;
}

interface Implementation {
  interface: InterfaceDescriptor;
  readonly ports: Map<string, CommandPort>;
  readonly variables: Map<string, VariableMeter>;
  readonly errors: ImplementationErrors;
  readonly callers: Callers;
}

/** A module's place on the bus. It stays while instances of the module come and go. */
export class ModuleEndpoint implements AttachedModule, PortHost {
  readonly id: string;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly blockWatch: BlockWatch;
  readonly deadlines: DeadlineList;
  readonly queues: QueueReport;
  readonly checksResults: boolean;
  implementations: { readonly [implementation: string]: InterfaceDescriptor } = {};
  mapping: Mapping | undefined;
  implementationMapping: { readonly [implementation: string]: Mapping } = {};
  scope: ModuleScope | undefined;
  readonly #implementations = new Map<string, Implementation>();
  readonly #host: EndpointHost;
  readonly #log: Logger;
  #attachment: Attachment | undefined;

  constructor(info: ModuleInfo, provides: ModuleDescriptor['provides'], log: Logger, host: EndpointHost) {
    this.id = info.id;
    this.#host = host;
    this.clock = host.clock;
    this.blockWatch = host.blockWatch;
    this.queues = host.queues;
    this.checksResults = host.validation === 'all';
    this.#log = log;
    this.gate = new Gate(info.id);
    this.deadlines = new DeadlineList(host.clock, host.callTimeoutMs);
    this.adopt(info, provides);
  }

  /**
   * Takes the implementations of a module class. Ports of commands that stay are kept, so callers keep their way; those
   * of commands that are gone refuse.
   */
  adopt(info: ModuleInfo, provides: ModuleDescriptor['provides']): void {
    const before = surfaceOf(this.implementations);
    this.mapping = info.mapping;
    this.implementationMapping = info.implementationMapping;
    this.implementations = Object.fromEntries(
      Object.entries(provides).map(([id, implementation]) => [id, implementation.interface]),
    );
    for (const port of this.ports()) port.handler = undefined;
    for (const [id, descriptor] of Object.entries(this.implementations)) this.#adoptOne(info, id, descriptor);
    // The bus subscribed what the former module had.
    if (this.#attachment !== undefined && before !== surfaceOf(this.implementations)) {
      void this.#attachment.detach();
      this.attach();
    }
  }

  /** Makes the module reachable. */
  attach(): void {
    this.#attachment = this.#host.bus.attach(this);
  }

  async detach(): Promise<void> {
    const attachment = this.#attachment;
    this.#attachment = undefined;
    await attachment?.detach();
  }

  entry(implementation: string, command: string): CommandEntry | undefined {
    return this.#implementations.get(implementation)?.ports.get(command)?.enter;
  }

  async invoke(implementation: string, command: string, args: unknown, caller: Caller): Promise<unknown> {
    const label = `${this.id}/${implementation}.${command}`;
    const entry = this.entry(implementation, command);
    const descriptor = this.implementations[implementation]?.commands[command];
    if (entry === undefined || descriptor === undefined)
      throw new HandlerException(`there is no command ${label}`);
    const given = args ?? {};
    if (typeof given !== 'object' || Array.isArray(given))
      throw new MessageParsingError(`arguments of ${label} must be an object`);
    const checks = this.#host.validation !== 'off';
    if (checks && !descriptor.args.is(given))
      throw new SchemaValidationError(`arguments of ${label}`, descriptor.args.explain(given));
    const value = await entry(given, caller);
    if (checks && !this.checksResults && !descriptor.result.is(value))
      throw new SchemaValidationError(`result of ${label}`, descriptor.result.explain(value));
    return value;
  }

  activeErrors(implementation: string): readonly RaisedError[] {
    return this.#implementations.get(implementation)?.errors.active ?? [];
  }

  callerLost(moduleId: string): void {
    for (const { callers } of this.#implementations.values()) callers.lost(moduleId);
  }

  /** A new instance of the module takes the place. */
  begin(scope: ModuleScope): void {
    this.scope = scope;
    for (const { errors, callers } of this.#implementations.values()) {
      errors.beginLife();
      callers.forget();
    }
  }

  /** What the present instance holds of its implementations. */
  provided(scope: ModuleScope): { readonly [implementation: string]: AnyProvided } {
    const { validation } = this.#host;
    const leaves = this.#attachment?.boundary === true;
    const validates = validation === 'all' || (leaves && validation !== 'off');
    return Object.fromEntries(
      [...this.#implementations]
        .filter(([id]) => Object.hasOwn(this.implementations, id))
        .map(([id, implementation]) => [
          id,
          makeProvided({
            scope,
            implementation: id,
            interface: implementation.interface,
            errors: implementation.errors,
            callers: implementation.callers,
            validates,
            meter: (variable) => meterOf(implementation, variable),
            publish: (variable, value) => {
              this.#attachment?.publish(id, variable, value);
              this.#host.published(this.id, id, variable, value);
            },
          }),
        ]),
    );
  }

  /**
   * Takes the handlers of a new instance.
   *
   * @throws TypeError when a command has no method
   */
  bind(implementations: unknown): void {
    for (const [id, { commands }] of Object.entries(this.implementations)) {
      const methods: unknown = Reflect.get(Object(implementations) as object, id);
      for (const command of Object.keys(commands)) {
        const port = this.#implementations.get(id)?.ports.get(command);
        if (port === undefined) continue;
        const method: unknown = Reflect.get(Object(methods) as object, command);
        if (typeof method !== 'function')
          throw new TypeError(`module ${this.id} has no method implementations.${id}.${command}`);
        port.handler = method.bind(methods) as CommandHandler;
      }
    }
  }

  *ports(): Iterable<CommandPort> {
    for (const { ports } of this.#implementations.values()) yield* ports.values();
  }

  /** Ports with implementation and command. */
  *commands(): Iterable<readonly [implementation: string, command: string, port: CommandPort]> {
    for (const [id, { ports }] of this.#implementations)
      for (const [command, port] of ports) yield [id, command, port];
  }

  *errors(): Iterable<readonly [string, ImplementationErrors]> {
    for (const [id, { errors }] of this.#implementations) yield [id, errors];
  }

  /** Counts with implementation and variable, of variables that were published. */
  *variables(): Iterable<readonly [implementation: string, variable: string, meter: VariableMeter]> {
    for (const [id, { variables }] of this.#implementations)
      for (const [name, meter] of variables) yield [id, name, meter];
  }

  /** Resolves when no handler of a command is at work. */
  async drained(): Promise<void> {
    await Promise.all([...this.ports()].map((port) => port.idle()));
  }

  /** Aborts the signals of the handlers that are at work. */
  warn(reason: Error): void {
    for (const port of this.ports()) port.warn(reason);
  }

  /** Fails the calls that are served now. */
  interrupt(error: CallError): void {
    for (const port of this.ports()) port.interrupt(error);
  }

  #adoptOne(info: ModuleInfo, id: string, descriptor: InterfaceDescriptor): void {
    let implementation = this.#implementations.get(id);
    if (implementation === undefined) {
      const send = (error: RaisedError): void => {
        this.#attachment?.error(id, error);
        this.#host.raised(error);
      };
      const errors = new ImplementationErrors(
        originOf(info, id),
        descriptor.errors,
        this.clock,
        this.#log,
        send,
      );
      implementation = {
        interface: descriptor,
        ports: new Map(),
        variables: new Map(),
        errors,
        callers: new Callers(),
      };
      this.#implementations.set(id, implementation);
    }
    implementation.interface = descriptor;
    implementation.errors.adopt(descriptor.errors);
    for (const [command, commandDescriptor] of Object.entries(descriptor.commands)) {
      const port = implementation.ports.get(command);
      if (port === undefined) {
        const label = `${info.id}/${id}.${command}`;
        implementation.ports.set(
          command,
          new CommandPort(label, commandDescriptor, this, new CommandMeter(), implementation.callers),
        );
      } else port.descriptor = commandDescriptor;
    }
  }
}

/** What a bus has to subscribe for a module. */
function surfaceOf(implementations: AttachedModule['implementations']): string {
  return JSON.stringify(
    Object.entries(implementations).map(([id, { commands }]) => [id, ...Object.keys(commands)]),
  );
}

function meterOf(implementation: Implementation, variable: string): VariableMeter {
  let meter = implementation.variables.get(variable);
  if (meter === undefined) {
    meter = new VariableMeter();
    implementation.variables.set(variable, meter);
  }
  return meter;
}

/** The place named in errors: module and implementation merged, the implementation wins. */
function originOf(info: ModuleInfo, implementationId: string): ErrorOrigin {
  const { implementationMapping } = info;
  const own = Object.hasOwn(implementationMapping, implementationId)
    ? implementationMapping[implementationId]
    : undefined;
  const mapping =
    own === undefined ? info.mapping : { ...(info.mapping?.evse === own.evse ? info.mapping : {}), ...own };
  return {
    module_id: info.id,
    implementation_id: implementationId,
    ...(mapping === undefined ? {} : { mapping }),
  };
}
