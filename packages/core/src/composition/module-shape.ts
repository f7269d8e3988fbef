// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import type { ConfigParameters } from '@carabiner/dialect';
import type { ModuleDescriptor } from '../contract/index.js';

/** What a composition is checked against: a module as its manifest or its generated descriptor declares it. */
export interface ModuleShape {
  readonly module: string;
  readonly description: string;
  readonly config: ConfigParameters;
  readonly provides: {
    readonly [implementation: string]: { readonly interface: string; readonly config: ConfigParameters };
  };
  readonly requires: {
    readonly [requirement: string]: {
      readonly interface: string;
      readonly minConnections: number;
      readonly maxConnections: number;
    };
  };
  readonly enableExternalMqtt: boolean;
}

/** The shape in a generated descriptor. */
export function shapeOf(descriptor: ModuleDescriptor): ModuleShape {
  return {
    module: descriptor.module,
    description: descriptor.description,
    config: descriptor.config,
    provides: Object.fromEntries(
      Object.entries(descriptor.provides).map(
        ([
          id,
          {
            interface: { name },
            config,
          },
        ]) => [id, { interface: name, config }],
      ),
    ),
    requires: Object.fromEntries(
      Object.entries(descriptor.requires).map(([id, requirement]) => [
        id,
        { ...requirement, interface: requirement.interface.name },
      ]),
    ),
    enableExternalMqtt: descriptor.enableExternalMqtt,
  };
}

/**
 * Short for what manifest and code must agree in: implementations and requirements with their interfaces, parameters with
 * their types.
 */
export function digestOf({ provides, requires, config }: ModuleShape): string {
  const interfaces = (each: ModuleShape['provides'] | ModuleShape['requires']): readonly string[] =>
    Object.entries(each)
      .map(([id, { interface: name }]) => `${id}:${name}`)
      .sort();
  const parameters = Object.entries(config)
    .map(([name, { type }]) => `${name}:${type}`)
    .sort();
  const text = JSON.stringify([interfaces(provides), interfaces(requires), parameters]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
