// SPDX-License-Identifier: Apache-2.0
import { isJsonObject, SpecSet, type ConfigParameters, type InterfaceModel } from '@carabiner/dialect';
import type { Json, ModuleEntry, ModuleShape, Settings } from '@carabiner/core';
import type { Topics } from '../protocol/topics.js';
import { USUAL_FOLDERS, type EverestFolders } from './guest-modules.js';

/** A module's declaration, with what only the manifest of a file knows. */
export type DeclaredShape = ModuleShape & {
  readonly enableTelemetry?: boolean;
  readonly enableGlobalErrors?: boolean;
};

/** What the retained definitions are made of. */
export interface DefinitionSource {
  readonly entries: readonly ModuleEntry[];
  readonly shapes: ReadonlyMap<string, ModuleShape>;
  readonly settings: Settings;
  readonly folders: EverestFolders | undefined;
  /** Folders with `interfaces/`, `types/` and `errors/`, read only when `complete`. */
  readonly specFolders: readonly string[];
  /** With the definitions of all interfaces, which this project's own modules know already. */
  readonly complete: boolean;
}

/** A retained message: its topic and what is in it. */
export interface Definition {
  readonly topic: string;
  readonly data: Json;
}

/** The retained messages of a system, in the order in which a manager of EVerest publishes them. */
export function makeDefinitions(source: DefinitionSource, topics: Topics): readonly Definition[] {
  const { entries, shapes } = source;
  const interfaces = [
    ...new Set(
      [...shapes.values()].flatMap(({ provides }) => Object.values(provides).map((each) => each.interface)),
    ),
  ].sort();
  const specs = source.complete
    ? SpecSet.read(source.specFolders.map((path) => ({ path, lazy: true })))
    : undefined;
  const known = interfaces.flatMap((name) => {
    const model = specs?.interface(name);
    return specs === undefined || model === undefined ? [] : [[name, specs, model] as const];
  });
  const manifests = new Map(
    entries.flatMap(({ id, module }) => {
      const shape = shapes.get(id);
      return shape === undefined ? [] : [[module, shape] as const];
    }),
  );
  return [
    { topic: topics.definitions('interfaces'), data: known.map(([name]) => name) },
    ...known.map(([name, set, model]) => ({
      topic: topics.interfaceDefinition(name),
      data: interfaceDefinition(set, model),
    })),
    { topic: topics.definitions('types'), data: [] },
    { topic: topics.definitions('settings'), data: settingsOf(source) },
    ...[...manifests].map(([module, shape]) => ({
      topic: topics.manifest(module),
      data: manifestOf(shape),
    })),
    {
      topic: topics.definitions('module_names'),
      data: Object.fromEntries(entries.map(({ id, module }) => [id, module])),
    },
  ];
}

/** Error types of each interface, read from specification files. */
export function errorTypes(
  specFolders: readonly string[],
  interfaces: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const specs = SpecSet.read(specFolders.map((path) => ({ path, lazy: true })));
  return new Map(
    [...interfaces].map((name) => {
      const model = specs.interface(name);
      return [name, model === undefined ? [] : specs.errorsOf(model).map(({ type }) => type)];
    }),
  );
}

function interfaceDefinition(specs: SpecSet, model: InterfaceModel): Json {
  const errors: Record<string, Record<string, Json>> = {};
  for (const { type, description } of specs.errorsOf(model)) {
    const [namespace = '', name = ''] = type.split('/');
    (errors[namespace] ??= {})[name] = { name, namespace, description };
  }
  return {
    cmds: Object.fromEntries(
      Object.entries(model.commands).map(([name, command]) => [
        name,
        {
          arguments: Object.fromEntries(
            Object.entries(command.arguments).map(([argument, schema]) => [argument, undescribed(schema)]),
          ),
          result: command.result === undefined ? { type: 'null' } : undescribed(command.result),
        },
      ]),
    ),
    vars: Object.fromEntries(
      Object.entries(model.variables).map(([name, schema]) => [
        name,
        { qos: 2, ...withoutDescription(schema) },
      ]),
    ),
    errors,
  };
}

function undescribed(schema: Json): Json {
  return isJsonObject(schema) ? withoutDescription(schema) : schema;
}

function withoutDescription(schema: { readonly [key: string]: Json }): { readonly [key: string]: Json } {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== 'description'));
}

function settingsOf({ settings: { everest }, folders = USUAL_FOLDERS }: DefinitionSource): Json {
  const { prefix, etc, data, modules } = folders;
  const telemetry = everest['telemetry_prefix'] ?? 'everest-telemetry';
  return {
    prefix,
    etc_dir: etc,
    data_dir: data,
    modules_dir: modules,
    telemetry_prefix: String(telemetry).endsWith('/') ? telemetry : `${String(telemetry)}/`,
    telemetry_enabled: everest['telemetry_enabled'] === true,
    // Whatever is sent from here is valid; schemas are not published, so nobody may ask for them.
    validate_schema: false,
    forward_exceptions: everest['forward_exceptions'] === true,
  };
}

/** A manifest with its defaults; the parameters of the module itself are left out, as EVerest's manager does. */
function manifestOf(shape: DeclaredShape): Json {
  return {
    description: shape.description,
    metadata: { license: 'https://opensource.org/licenses/Apache-2.0', authors: [shape.module] },
    provides: Object.fromEntries(
      Object.entries(shape.provides).map(([id, provided]) => [
        id,
        { description: '', interface: provided.interface, config: plainConfig(provided.config) },
      ]),
    ),
    requires: Object.fromEntries(
      Object.entries(shape.requires).map(([id, { interface: name, minConnections, maxConnections }]) => [
        id,
        { interface: name, min_connections: minConnections, max_connections: maxConnections },
      ]),
    ),
    enable_external_mqtt: shape.enableExternalMqtt,
    enable_telemetry: shape.enableTelemetry === true,
    enable_global_errors: shape.enableGlobalErrors === true,
  };
}

function plainConfig(config: ConfigParameters): Json {
  return Object.fromEntries(
    Object.entries(config).map(([name, parameter]) => [
      name,
      Object.fromEntries(
        Object.entries(parameter).filter((entry): entry is [string, Json] => entry[1] !== undefined),
      ),
    ]),
  );
}
