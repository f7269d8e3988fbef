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
}

interface Implementation {
  readonly interface: InterfaceDescriptor;
  readonly ports: Map<string, CommandPort>;
  readonly variables: Map<string, VariableMeter>;
  readonly errors: ImplementationErrors;
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
  readonly implementations: { readonly [implementation: string]: InterfaceDescriptor };
  readonly mapping: Mapping | undefined;
  readonly implementationMapping: { readonly [implementation: string]: Mapping };
  scope: ModuleScope | undefined;
  readonly #implementations = new Map<string, Implementation>();
  readonly #host: EndpointHost;
  #attachment: Attachment | undefined;

  constructor(info: ModuleInfo, provides: ModuleDescriptor['provides'], log: Logger, host: EndpointHost) {
    this.id = info.id;
    this.#host = host;
    this.clock = host.clock;
    this.blockWatch = host.blockWatch;
    this.queues = host.queues;
    this.checksResults = host.validation === 'all';
    this.mapping = info.mapping;
    this.implementationMapping = info.implementationMapping;
    this.gate = new Gate(info.id);
    this.deadlines = new DeadlineList(host.clock, host.callTimeoutMs);
    this.implementations = Object.fromEntries(
      Object.entries(provides).map(([id, implementation]) => [id, implementation.interface]),
    );
    for (const [id, descriptor] of Object.entries(this.implementations))
      this.#addPorts(info, id, descriptor, log);
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

  /** A new instance of the module takes the place. */
  begin(scope: ModuleScope): void {
    this.scope = scope;
    for (const { errors } of this.#implementations.values()) errors.beginLife();
  }

  /** What the present instance holds of its implementations. */
  provided(scope: ModuleScope): { readonly [implementation: string]: AnyProvided } {
    const { validation } = this.#host;
    const leaves = this.#attachment?.boundary === true;
    const validates = validation === 'all' || (leaves && validation !== 'off');
    return Object.fromEntries(
      [...this.#implementations].map(([id, implementation]) => [
        id,
        makeProvided({
          scope,
          implementation: id,
          interface: implementation.interface,
          errors: implementation.errors,
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
    for (const [id, { ports }] of this.#implementations) {
      const methods: unknown = Reflect.get(Object(implementations), id);
      for (const [command, port] of ports) {
        const method: unknown = Reflect.get(Object(methods), command);
        if (typeof method !== 'function')
          throw new TypeError(`module ${this.id} has no method implementations.${id}.${command}`);
        port.handler = method.bind(methods) as CommandHandler;
      }
    }
  }

  *ports(): Iterable<CommandPort> {
    for (const { ports } of this.#implementations.values()) yield* ports.values();
  }

  *errors(): Iterable<readonly [string, ImplementationErrors]> {
    for (const [id, { errors }] of this.#implementations) yield [id, errors];
  }

  /** Variables with their counts, as `<implementation>.<variable>`. */
  *variables(): Iterable<readonly [string, string, VariableMeter]> {
    for (const [id, { variables }] of this.#implementations)
      for (const [name, meter] of variables) yield [id, name, meter];
  }

  /** Resolves when no handler of a command is at work. */
  async drained(): Promise<void> {
    await Promise.all([...this.ports()].map((port) => port.idle()));
  }

  /** Fails the calls that are served now. */
  interrupt(error: CallError): void {
    for (const port of this.ports()) port.interrupt(error);
  }

  #addPorts(info: ModuleInfo, id: string, descriptor: InterfaceDescriptor, log: Logger): void {
    const ports = new Map<string, CommandPort>();
    for (const [command, commandDescriptor] of Object.entries(descriptor.commands)) {
      const label = `${info.id}/${id}.${command}`;
      ports.set(command, new CommandPort(label, commandDescriptor, this, new CommandMeter()));
    }
    const errors = new ImplementationErrors(originOf(info, id), descriptor.errors, this.clock, log, (error) =>
      this.#attachment?.error(id, error),
    );
    this.#implementations.set(id, { interface: descriptor, ports, variables: new Map(), errors });
  }
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
  const own = info.implementationMapping[implementationId];
  const mapping =
    own === undefined ? info.mapping : { ...(info.mapping?.evse === own.evse ? info.mapping : {}), ...own };
  return {
    module_id: info.id,
    implementation_id: implementationId,
    ...(mapping === undefined ? {} : { mapping }),
  };
}
