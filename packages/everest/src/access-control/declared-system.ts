// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import { CompositionSource, readComposition, type ModuleEntry, type RunConfiguration } from '@carabiner/core';
import { formatFindings, hasErrors, SpecSet } from '@carabiner/dialect';
import type { DeclaredShape } from '../manager-role/definitions.js';
import { Placements, specFolders } from '../manager-role/placement.js';
import { AccessControlError } from './access-control-error.js';

/** Names of what an interface has. */
export interface InterfaceNames {
  readonly commands: readonly string[];
  readonly variables: readonly string[];
  /** `<namespace>/<Name>` */
  readonly errors: readonly string[];
}

/** A composition with what its modules declare. */
export interface DeclaredSystem {
  readonly configuration: RunConfiguration;
  readonly placements: Placements;
  shapeOf(entry: ModuleEntry): DeclaredShape;
  interfaceOf(name: string): InterfaceNames;
  /** The entry of a module id and the interface of its implementation; undefined when there is none. */
  target(moduleId: string, implementation: string): InterfaceNames | undefined;
}

/**
 * Reads a composition and what its modules declare, wherever they run. Nothing of a module is executed.
 *
 * @throws AccessControlError when it cannot be read, or a module or interface is not known here
 */
export function readDeclaredSystem(file: string): DeclaredSystem {
  const { configuration, findings } = readComposition(CompositionSource.read(file));
  if (hasErrors(findings)) throw new AccessControlError(formatFindings(findings));
  const placements = new Placements(configuration.settings, dirname(resolve(file)), undefined);
  const shapes = new Map<string, DeclaredShape>();
  const unknown: string[] = [];
  for (const entry of configuration.modules) {
    const shape = placements.declarationOf(entry);
    if (shape === undefined) unknown.push(`${entry.id} (${entry.module})`);
    else shapes.set(entry.id, shape);
  }
  if (unknown.length > 0)
    throw new AccessControlError(
      `nothing is known of ${unknown.join(', ')}: install the packages, or name the EVerest installation in settings.prefix`,
    );
  const specs = SpecSet.read(
    specFolders(placements, configuration.modules).map((path) => ({ path, lazy: true })),
  );
  const interfaces = new Map<string, InterfaceNames>();
  const interfaceOf = (name: string): InterfaceNames => {
    const known = interfaces.get(name);
    if (known !== undefined) return known;
    const model = specs.interface(name);
    if (model === undefined)
      throw new AccessControlError(`the interface '${name}' has no specification in any installed package`);
    const names = {
      commands: Object.keys(model.commands),
      variables: Object.keys(model.variables),
      errors: specs.errorsOf(model).map(({ type }) => type),
    };
    interfaces.set(name, names);
    return names;
  };
  const shapeOf = ({ id }: ModuleEntry): DeclaredShape => {
    const shape = shapes.get(id);
    if (shape === undefined) throw new AccessControlError(`there is no module '${id}'`);
    return shape;
  };
  return {
    configuration,
    placements,
    shapeOf,
    interfaceOf,
    target: (moduleId, implementation) => {
      const provided = shapes.get(moduleId)?.provides[implementation];
      return provided === undefined ? undefined : interfaceOf(provided.interface);
    },
  };
}
