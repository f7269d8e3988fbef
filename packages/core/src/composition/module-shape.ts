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

/** What manifest and code must agree in: implementations and requirements with their interfaces, parameters with their types. */
function agreementOf({ provides, requires, config }: ModuleShape): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(provides).map(([id, { interface: name }]) => [`provides.${id}`, name] as const),
    ...Object.entries(requires).map(([id, { interface: name }]) => [`requires.${id}`, name] as const),
    ...Object.entries(config).map(([name, { type }]) => [`parameter '${name}'`, type] as const),
  ]);
}

/** The first thing that a manifest says and the code does not, or the other way round. */
export function differenceBetween(manifest: ModuleShape, code: ModuleShape): string | undefined {
  const [declared, built] = [agreementOf(manifest), agreementOf(code)];
  for (const what of new Set([...declared.keys(), ...built.keys()])) {
    const [wanted = 'missing', found = 'missing'] = [declared.get(what), built.get(what)];
    if (wanted !== found) return `${what} is ${wanted} in the manifest and ${found} in the code`;
  }
  return undefined;
}

/** Short for what manifest and code must agree in: two shapes without a {@link differenceBetween} have the same. */
export function digestOf(shape: ModuleShape): string {
  const text = JSON.stringify([...agreementOf(shape)].sort());
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
