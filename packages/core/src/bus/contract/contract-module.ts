// SPDX-License-Identifier: Apache-2.0
import type { InterfaceDescriptor, RaisedError, Validator } from '../../contract/index.js';
import { HandlerException, asCallError } from '../../exceptions/index.js';
import type { AttachedModule, Caller, ConnectionListener } from '../bus.js';

const anything: Validator = { is: (value): value is unknown => value === value, explain: () => [] };

/** The interface that the contract's provider implements. */
export const CONTRACT_INTERFACE: InterfaceDescriptor = {
  name: 'bus_contract',
  description: 'what the rules of a bus are tried with',
  commands: {
    echo: {
      description: 'answers its argument',
      argumentNames: ['value'],
      args: anything,
      result: anything,
      returnsValue: true,
    },
    nothing: {
      description: 'answers nothing',
      argumentNames: [],
      args: anything,
      result: anything,
      returnsValue: false,
    },
  },
  variables: {
    number: { description: 'a number', value: anything },
    object: { description: 'an object', value: anything },
    event: { description: 'no payload', value: anything },
  },
  errors: [
    { type: 'bus_contract/Fault', description: 'a fault' },
    { type: 'bus_contract/Other', description: 'another one' },
  ],
  definition: {
    cmds: {
      echo: { arguments: { value: { type: ['null', 'number', 'string', 'object', 'array', 'boolean'] } } },
      nothing: { arguments: {}, result: { type: 'null' } },
    },
    vars: { number: { type: 'number' }, object: { type: 'object' }, event: { type: 'null' } },
    errors: {},
  },
  types: {},
};

/** What a command of the contract's provider does. */
export type ContractHandler = (args: object, caller: Caller) => unknown;

/** A provider without any of a host's machinery, so that only the bus is tried. */
export class ContractModule implements AttachedModule {
  readonly implementations = { main: CONTRACT_INTERFACE };
  readonly mapping = { evse: 1, connector: 2 };
  readonly implementationMapping = {};
  readonly handlers: { [command: string]: ContractHandler } = {
    echo: (args) => Reflect.get(args, 'value') as unknown,
    nothing: () => undefined,
  };

  /** Modules that were said to be gone. */
  readonly lostCallers: string[] = [];

  constructor(readonly id: string) {}

  callerLost(moduleId: string): void {
    this.lostCallers.push(moduleId);
  }

  entry(
    implementation: string,
    command: string,
  ): ((args: object, caller: Caller) => Promise<unknown>) | undefined {
    if (this.handlers[command] === undefined) return undefined;
    return (args, caller) => this.invoke(implementation, command, args, caller);
  }

  async invoke(_implementation: string, command: string, args: unknown, caller: Caller): Promise<unknown> {
    const handler = this.handlers[command];
    if (handler === undefined) throw new HandlerException(`no command ${command}`);
    try {
      return await handler(args ?? {}, caller);
    } catch (thrown) {
      throw asCallError(thrown, `${this.id}/main.${command}`);
    }
  }

  activeErrors(): readonly RaisedError[] {
    return [];
  }
}

/** Collects what arrives and lets a rule wait for it. */
export class Collector implements ConnectionListener {
  readonly values: (readonly [name: string, value: unknown])[] = [];
  readonly errors: RaisedError[] = [];
  readonly #waiters: { readonly done: () => boolean; readonly resolve: () => void }[] = [];

  variable(name: string, value: unknown): void {
    this.values.push([name, value]);
    this.#check();
  }

  error(error: RaisedError): void {
    this.errors.push(error);
    this.#check();
  }

  /** Resolves when `done` holds; it is asked after each arrival. */
  async until(done: (collector: this) => boolean): Promise<void> {
    if (done(this)) return;
    await new Promise<void>((resolve) => this.#waiters.push({ done: () => done(this), resolve }));
  }

  #check(): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.done()) continue;
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.resolve();
    }
  }
}

/** An error as a module raises it. */
export function contractError(changes: Partial<RaisedError> = {}): RaisedError {
  return {
    type: 'bus_contract/Fault',
    sub_type: 'left',
    description: 'a fault',
    message: 'it broke',
    severity: 'High',
    origin: { module_id: 'provider', implementation_id: 'main', mapping: { evse: 1, connector: 2 } },
    timestamp: '2026-01-01T00:00:00.000Z',
    uuid: '0d2b6a52-9a4d-4f0e-8e0c-3b8a3b3f1f55',
    state: 'Active',
    vendor_id: 'carabiner',
    ...changes,
  };
}
