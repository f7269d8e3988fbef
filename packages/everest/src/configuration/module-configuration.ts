// SPDX-License-Identifier: Apache-2.0
import type { ConfigAccess, ConfigValue, ImplementationAddress, Json, Mapping } from '@carabiner/core';
import { isObject, readMapping } from '../protocol/envelope.js';

/** Where a module and its implementations are in the station. */
export interface ModulePlace {
  readonly module: Mapping | undefined;
  readonly implementations: { readonly [implementation: string]: Mapping };
}

/** A parameter on the wire. */
export interface WireParameter {
  readonly name: string;
  readonly value: ConfigValue;
  readonly characteristics: {
    readonly datatype: 'string' | 'number' | 'integer' | 'bool' | 'unknown';
    readonly mutability: 'ReadOnly' | 'ReadWrite' | 'WriteOnly';
  };
}

/** All that a manager tells a module of its configuration. */
export interface ModuleConfiguration {
  readonly moduleId: string;
  readonly moduleName: string;
  readonly config: { readonly [parameter: string]: ConfigValue };
  readonly implementationConfig: {
    readonly [implementation: string]: { readonly [parameter: string]: ConfigValue };
  };
  /** The position in a list is the index of a connection. */
  readonly connections: { readonly [requirement: string]: readonly ImplementationAddress[] };
  readonly place: ModulePlace;
  /** Places of the module itself and of every module it is connected to. */
  readonly places: { readonly [moduleId: string]: ModulePlace };
  readonly telemetryId: number | undefined;
  readonly telemetryEnabled: boolean;
  /** Modules that may call, by implementation; undefined when the manager does not say. */
  readonly callers: { readonly [implementation: string]: readonly string[] } | undefined;
}

/** Key of the parameters of the module itself beside those of its implementations. */
export const MODULE_LEVEL = '!module';

/**
 * Reads the answer to a request for a module's own configuration.
 *
 * @returns the configuration, or why it cannot be used
 */
export function readModuleConfiguration(answer: unknown): ModuleConfiguration | { readonly problem: string } {
  if (!isObject(answer)) return { problem: 'the answer is not an object' };
  const { status, status_info: reason, response } = answer;
  if (status !== 'Ok') return { problem: `the manager answered ${String(status)}: ${String(reason)}` };
  const data = isObject(response) ? response['data'] : undefined;
  const config = isObject(data) ? data['module_config'] : undefined;
  if (!isObject(data) || !isObject(config)) return { problem: 'the answer holds no module_config' };
  const { module_id: moduleId, module_name: moduleName, configuration_parameters: parameters } = config;
  if (typeof moduleId !== 'string' || typeof moduleName !== 'string')
    return { problem: 'module_config names no module' };
  const values = isObject(parameters) ? parameters : {};
  const telemetry = isObject(config['telemetry_config']) ? config['telemetry_config']['id'] : undefined;
  return {
    moduleId,
    moduleName,
    config: readValues(values[MODULE_LEVEL]),
    implementationConfig: Object.fromEntries(
      Object.entries(values)
        .filter(([implementation]) => implementation !== MODULE_LEVEL)
        .map(([implementation, list]) => [implementation, readValues(list)]),
    ),
    connections: readConnections(config['connections']),
    place: readPlace(config['mapping']),
    places: Object.fromEntries(
      Object.entries(isObject(data['mappings']) ? data['mappings'] : {}).map(([id, place]) => [
        id,
        readPlace(place),
      ]),
    ),
    telemetryId: typeof telemetry === 'number' ? telemetry : undefined,
    telemetryEnabled: config['telemetry_enabled'] === true,
    callers: readCallers(data['carabiner_callers']),
  };
}

function readCallers(value: unknown): ModuleConfiguration['callers'] {
  if (!isObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).map(([implementation, ids]) => [
      implementation,
      Array.isArray(ids) ? ids.filter((id): id is string => typeof id === 'string') : [],
    ]),
  );
}

function readValues(list: unknown): { readonly [parameter: string]: ConfigValue } {
  if (!Array.isArray(list)) return {};
  return Object.fromEntries(
    list.flatMap((item: unknown) => {
      if (!isObject(item) || typeof item['name'] !== 'string') return [];
      const { name, value } = item;
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[name, value] as const]
        : [];
    }),
  );
}

function readConnections(value: unknown): ModuleConfiguration['connections'] {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([requirement, list]) => [
      requirement,
      (Array.isArray(list) ? list : []).flatMap((item: unknown) => {
        if (!isObject(item)) return [];
        const { module_id: moduleId, implementation_id: implementationId } = item;
        return typeof moduleId === 'string' && typeof implementationId === 'string'
          ? [{ moduleId, implementationId }]
          : [];
      }),
    ]),
  );
}

function readPlace(value: unknown): ModulePlace {
  if (!isObject(value)) return { module: undefined, implementations: {} };
  const { module, implementations } = value;
  return {
    module: readMapping(module),
    implementations: Object.fromEntries(
      Object.entries(isObject(implementations) ? implementations : {}).flatMap(([id, place]) => {
        const mapping = readMapping(place);
        return mapping === undefined ? [] : [[id, mapping] as const];
      }),
    ),
  };
}

/** A place as the manager sends it: null when nothing is mapped. */
export function encodePlace({ module, implementations }: ModulePlace): Json {
  const plain = (mapping: Mapping): Json => ({ ...mapping });
  const entries = Object.entries(implementations).map(([id, mapping]) => [id, plain(mapping)] as const);
  if (module === undefined && entries.length === 0) return null;
  return {
    ...(module === undefined ? {} : { module: plain(module) }),
    ...(entries.length === 0 ? {} : { implementations: Object.fromEntries(entries) }),
  };
}

/** Rights of a module on the parameters of others, as the manager sends them: null when it has none. */
export function encodeAccess(access: ConfigAccess | undefined): Json {
  if (access === undefined) return null;
  return {
    config: {
      allow_global_read: access.allowGlobalRead,
      allow_global_write: access.allowGlobalWrite,
      allow_set_read_only: access.allowSetReadOnly,
      modules: Object.fromEntries(
        Object.entries(access.modules).map(([id, rights]) => [
          id,
          {
            allow_read: rights.allowRead,
            allow_write: rights.allowWrite,
            allow_set_read_only: rights.allowSetReadOnly,
          },
        ]),
      ),
    },
  };
}

/**
 * Reads the text of a set request.
 *
 * @param type - of the parameter's declaration
 * @returns undefined when the text is no value of that type
 */
export function parseConfigText(
  type: 'string' | 'number' | 'integer' | 'boolean',
  text: string,
): ConfigValue | undefined {
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
    case 'number': {
      const value = Number(text);
      return text.trim() !== '' && Number.isFinite(value) ? value : undefined;
    }
  }
}
