// SPDX-License-Identifier: Apache-2.0
import type { InterfaceDescriptor, ModuleDescriptor, Validator } from '@carabiner/core';

const anything: Validator = { is: (value): value is unknown => value === value, explain: () => [] };

/** An interface that takes any value. */
export function looseInterface(
  name: string,
  {
    argumentNames = [],
    ...parts
  }: {
    readonly commands?: readonly string[];
    readonly variables?: readonly string[];
    readonly errors?: readonly string[];
    /** Names that arguments of the commands have. */
    readonly argumentNames?: readonly string[];
  },
): InterfaceDescriptor {
  return {
    name,
    description: '',
    commands: Object.fromEntries(
      (parts.commands ?? []).map((command) => [
        command,
        { description: '', argumentNames, args: anything, result: anything, returnsValue: true },
      ]),
    ),
    variables: Object.fromEntries(
      (parts.variables ?? []).map((variable) => [variable, { description: '', value: anything }]),
    ),
    errors: (parts.errors ?? []).map((type) => ({ type, description: `Example error ${type.slice(-1)}` })),
    definition: {},
    types: {},
  };
}

/** A descriptor without configuration. */
export function looseDescriptor(
  module: string,
  parts: Partial<ModuleDescriptor> & {
    readonly interfaces?: Readonly<Record<string, InterfaceDescriptor>>;
  },
): ModuleDescriptor {
  const { interfaces = {}, ...rest } = parts;
  return {
    module,
    description: '',
    config: {},
    provides: Object.fromEntries(
      Object.entries(interfaces).map(([id, each]) => [id, { description: '', interface: each, config: {} }]),
    ),
    requires: {},
    enableExternalMqtt: false,
    enableTelemetry: false,
    enableGlobalErrors: false,
    ...rest,
  };
}
