// SPDX-License-Identifier: Apache-2.0
import {
  Module,
  type CallContext,
  type CallOptions,
  type Client,
  type InterfaceDescriptor,
  type ModuleContext,
  type ModuleDescriptor,
  type Provided,
  type Validator,
} from '@carabiner/core';

/** What the generator would make of two tiny interfaces and one manifest. */

export function validator<T>(is: (value: unknown) => boolean, expected: string): Validator<T> {
  return {
    is: (value): value is T => is(value),
    explain: (value) =>
      is(value) ? [] : [{ path: '', message: `${JSON.stringify(value)} is not ${expected}` }],
  };
}

const nothing = validator<void>((value) => value === undefined || value === null, 'nothing');
const noArgs = validator<object>((value) => JSON.stringify(value) === '{}', '{}');
const has =
  (key: string, type: string) =>
  (value: unknown): boolean =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, key) === type;

export const LampInterface: InterfaceDescriptor = {
  name: 'lamp',
  description: 'a lamp',
  commands: {
    dim: {
      description: 'sets the level',
      argumentNames: ['level'],
      args: validator(has('level', 'number'), 'an object with a level'),
      result: validator((value) => typeof value === 'boolean', 'a boolean'),
      returnsValue: true,
    },
    off: { description: 'off', argumentNames: [], args: noArgs, result: nothing, returnsValue: false },
  },
  variables: {
    level: { description: 'level', value: validator((value) => typeof value === 'number', 'a number') },
    burnt: { description: 'event', value: validator((value) => value === null, 'null') },
  },
  errors: [{ type: 'lamp/Broken', description: 'the lamp is broken' }],
  definition: {},
  types: {},
};

export const RelayInterface: InterfaceDescriptor = {
  name: 'relay',
  description: 'a relay',
  commands: {
    close: {
      description: 'close',
      argumentNames: ['delay'],
      args: validator(has('delay', 'number'), 'an object with a delay'),
      result: validator((value) => typeof value === 'string', 'a string'),
      returnsValue: true,
    },
    open: { description: 'open', argumentNames: [], args: noArgs, result: nothing, returnsValue: false },
  },
  variables: {
    closed: { description: 'state', value: validator((value) => typeof value === 'boolean', 'a boolean') },
  },
  errors: [{ type: 'relay/Welded', description: 'the contacts are welded' }],
  definition: {},
  types: {},
};

export interface LampVariables {
  readonly level: number;
  readonly burnt: null;
}
export interface LampProvider {
  dim(args: { level: number }, call: CallContext): boolean | Promise<boolean>;
  off(args: object, call: CallContext): void | Promise<void>;
}
export interface RelayCalls {
  close(args: { delay: number }, options?: CallOptions): Promise<string>;
  open(args?: object, options?: CallOptions): Promise<void>;
}
export type RelayClient = Client<RelayCalls, { readonly closed: boolean }, 'relay/Welded'>;
export interface LampModuleConfig {
  readonly maxLevel: number;
  readonly name: string;
}
export interface LampModuleProvides {
  readonly main: Provided<LampVariables, 'lamp/Broken'>;
}
export interface LampModuleRequires {
  readonly relay: RelayClient;
  readonly spare: RelayClient | undefined;
  readonly more: readonly RelayClient[];
}
export interface LampModuleImplementations {
  readonly main: LampProvider;
}
export interface LampModuleImplementationConfig {
  readonly main: { readonly fade: boolean };
}
export type LampModuleContext = ModuleContext<
  LampModuleConfig,
  LampModuleImplementationConfig,
  LampModuleProvides,
  LampModuleRequires
>;

const relay = { interface: RelayInterface, ignore: { errors: false, variables: [] } };

export const LampModuleDescriptor: ModuleDescriptor = {
  module: 'LampModule',
  description: 'a lamp behind a relay',
  config: {
    maxLevel: {
      type: 'integer',
      description: 'highest level',
      default: 10,
      mutability: 'ReadWrite',
      maximum: 100,
    },
    name: { type: 'string', description: 'its name', mutability: 'ReadOnly' },
  },
  provides: {
    main: {
      description: 'the lamp',
      interface: LampInterface,
      config: { fade: { type: 'boolean', description: 'fade', default: false, mutability: 'ReadOnly' } },
    },
  },
  requires: {
    relay: { ...relay, minConnections: 1, maxConnections: 1 },
    spare: { ...relay, minConnections: 0, maxConnections: 1 },
    more: { ...relay, minConnections: 0, maxConnections: 3 },
  },
  enableExternalMqtt: true,
  enableTelemetry: true,
  enableGlobalErrors: true,
};

export abstract class LampModuleBase extends Module<
  LampModuleConfig,
  LampModuleImplementationConfig,
  LampModuleProvides,
  LampModuleRequires,
  LampModuleImplementations
> {
  static readonly descriptor = LampModuleDescriptor;
}
