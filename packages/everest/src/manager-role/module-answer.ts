// SPDX-License-Identifier: Apache-2.0
import type { ConfigParameters } from '@carabiner/dialect';
import type { ConfigValue, ConfigValues, Json, ModuleEntry, ModuleShape } from '@carabiner/core';
import {
  encodeAccess,
  encodePlace,
  MODULE_LEVEL,
  type ModulePlace,
} from '../configuration/module-configuration.js';

/** Who reads a parameter; without it the module that it belongs to. */
export interface Reader {
  /** Another module, which is not told what is `WriteOnly`. */
  readonly isForeign?: boolean;
  /** It may set what is `ReadOnly`. */
  readonly setsReadOnly?: boolean;
}

/** A parameter as the configuration service answers it. */
export function encodeParameter(
  name: string,
  { type, mutability }: ConfigParameters[string],
  value: ConfigValue | null,
  { isForeign = false, setsReadOnly = false }: Reader = {},
): Json {
  return {
    name,
    value: isForeign && mutability === 'WriteOnly' ? null : value,
    characteristics: {
      datatype: type === 'boolean' ? 'bool' : type,
      mutability: setsReadOnly && mutability === 'ReadOnly' ? 'ReadWrite' : mutability,
    },
  };
}

/** The value of a parameter: as the composition gives it, else its default. */
export function valueOf(
  given: ConfigValues,
  name: string,
  declaration: ConfigParameters[string],
): ConfigValue | null {
  return given[name] ?? declaration.default ?? null;
}

/** All parameters of a module: `!module` and each implementation. */
export function encodeParameters(
  entry: ModuleEntry,
  shape: ModuleShape,
  reader: Reader = {},
): { readonly [place: string]: readonly Json[] } {
  const list = (parameters: ConfigParameters, given: ConfigValues): readonly Json[] =>
    Object.entries(parameters).map(([name, declaration]) =>
      encodeParameter(name, declaration, valueOf(given, name, declaration), reader),
    );
  return {
    [MODULE_LEVEL]: list(shape.config, entry.configModule),
    ...Object.fromEntries(
      Object.entries(shape.provides).map(([id, { config }]) => [
        id,
        list(config, entry.configImplementation[id] ?? {}),
      ]),
    ),
  };
}

/** Where a module is. */
export function placeOf({ mapping, implementationMapping }: ModuleEntry): ModulePlace {
  return { module: mapping, implementations: implementationMapping };
}

/** Who may call a module: ids of the modules that are connected, by implementation. */
export function callersOf(
  moduleId: string,
  entries: readonly ModuleEntry[],
): { readonly [implementation: string]: readonly string[] } {
  const callers: { [implementation: string]: string[] } = {};
  for (const { id, connections } of entries)
    for (const target of Object.values(connections).flat())
      if (target.moduleId === moduleId) (callers[target.implementationId] ??= []).push(id);
  return callers;
}

/** The answer to a module's request for its own configuration. */
export function moduleAnswer(
  entry: ModuleEntry,
  shape: ModuleShape,
  find: (moduleId: string) => ModuleEntry | undefined,
  telemetryEnabled: boolean,
  callers: ReturnType<typeof callersOf>,
): Json {
  const connected = Object.values(entry.connections).flatMap((targets) =>
    targets.map(({ moduleId }) => moduleId),
  );
  const mappings = Object.fromEntries(
    [...new Set([entry.id, ...connected])].map((id) => {
      const found = find(id);
      return [id, found === undefined ? null : encodePlace(placeOf(found))];
    }),
  );
  const telemetry = entry.telemetryId === undefined ? {} : { telemetry_config: { id: entry.telemetryId } };
  return {
    module_config: {
      module_id: entry.id,
      module_name: entry.module,
      standalone: entry.standalone,
      telemetry_enabled: telemetryEnabled && entry.telemetryId !== undefined,
      ...telemetry,
      ...(entry.capabilities.length === 0 ? {} : { capabilities: entry.capabilities }),
      configuration_parameters: encodeParameters(entry, shape),
      connections: Object.fromEntries(
        Object.entries(entry.connections).map(([requirement, targets]) => [
          requirement,
          targets.map(({ moduleId, implementationId }, index) => ({
            module_id: moduleId,
            implementation_id: implementationId,
            requirement: index === 0 ? { id: requirement } : { id: requirement, index },
          })),
        ]),
      ),
      mapping: encodePlace(placeOf(entry)),
      access: encodeAccess(entry.access),
    },
    mappings,
    ...telemetry,
    carabiner_callers: callers,
  };
}
