// SPDX-License-Identifier: Apache-2.0
import type { Json, ModuleShape } from '@carabiner/core';
import type { InstalledModuleInfo } from '../installed-modules.js';
import { SETTINGS_SCHEMA } from './settings-schema.js';

type JsonMap = { readonly [key: string]: Json };
type Parameter = ModuleShape['config'][string];

const NAME = '^[a-zA-Z_][a-zA-Z0-9_.-]*$';

/**
 * JSON Schema (draft-07) of compositions of the installed modules: editors complete module names, parameters with their
 * descriptions, requirements and implementations from it. `carabiner check` remains the judge.
 */
export function compositionSchema(installed: readonly InstalledModuleInfo[]): JsonMap {
  const usable = installed.flatMap(({ shape, ...rest }) => (shape === undefined ? [] : [{ ...rest, shape }]));
  const names = usable.flatMap(({ module, aliases }) => [module, ...aliases]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Carabiner composition',
    type: 'object',
    additionalProperties: false,
    properties: {
      settings: SETTINGS_SCHEMA,
      'x-module-layout': { type: 'object', description: 'Data of graphical editors; ignored.' },
      active_modules: {
        type: 'object',
        description: 'The modules of this system, by module id.',
        propertyNames: { pattern: NAME },
        additionalProperties: entrySchema(
          names,
          usable.flatMap(({ module, aliases, shape }) =>
            [module, ...aliases].map((name) => ({
              if: { properties: { module: { const: name } }, required: ['module'] },
              then: moduleSchema(shape),
            })),
          ),
        ),
      },
    },
  };
}

const MAPPING: JsonMap = {
  type: 'object',
  additionalProperties: false,
  properties: { evse: { type: 'integer', minimum: 0 }, connector: { type: 'integer', minimum: 0 } },
};

function entrySchema(names: readonly string[], modules: readonly JsonMap[]): JsonMap {
  return {
    type: 'object',
    required: ['module'],
    additionalProperties: false,
    properties: {
      module: {
        type: 'string',
        description: 'Name of the module.',
        ...(names.length > 0 ? { enum: names } : {}),
      },
      package: { type: 'string', description: 'npm package of the module, where its name does not tell.' },
      config_module: { type: 'object', description: 'Parameters of the module.' },
      config_implementation: { type: 'object', description: 'Parameters of its implementations.' },
      connections: {
        type: 'object',
        description: 'What each requirement is connected to.',
        additionalProperties: { type: 'array', items: CONNECTION },
      },
      mapping: {
        type: 'object',
        description: 'Place in the station.',
        additionalProperties: false,
        properties: { module: MAPPING, implementations: { type: 'object', additionalProperties: MAPPING } },
      },
      isolation: { enum: ['inline', 'process'], description: 'Default inline.' },
      host: { type: 'string', description: 'Name of the machine that runs the module.' },
      restart: { description: 'on-failure (default), never, or a policy.' },
      standalone: { type: 'boolean' },
      telemetry: { type: 'object', properties: { id: { type: 'integer' } } },
      access: { type: 'object' },
      capabilities: { type: 'array', items: { type: 'string' } },
    },
    allOf: modules,
  };
}

const CONNECTION: JsonMap = {
  type: 'object',
  required: ['module_id', 'implementation_id'],
  additionalProperties: false,
  properties: {
    module_id: { type: 'string', description: 'Id of a module of this composition.' },
    implementation_id: { type: 'string', description: 'An implementation that it provides.' },
  },
};

function moduleSchema({ description, config, provides, requires }: ModuleShape): JsonMap {
  const needed = Object.keys(requires).filter((id) => (requires[id]?.minConnections ?? 0) > 0);
  const mandatory = Object.values(config).some((parameter) => parameter.default === undefined);
  return {
    description: description.trim(),
    required: [...(needed.length > 0 ? ['connections'] : []), ...(mandatory ? ['config_module'] : [])],
    properties: {
      config_module: parametersSchema(config),
      config_implementation: {
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(provides).map(([id, provided]) => [id, parametersSchema(provided.config)]),
        ),
      },
      connections: {
        type: 'object',
        additionalProperties: false,
        required: needed,
        properties: Object.fromEntries(
          Object.entries(requires).map(([id, requirement]) => [
            id,
            {
              type: 'array',
              description: `interface ${requirement.interface}`,
              minItems: requirement.minConnections,
              maxItems: requirement.maxConnections,
              items: CONNECTION,
            },
          ]),
        ),
      },
    },
  };
}

function parametersSchema(parameters: ModuleShape['config']): JsonMap {
  return {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(parameters).filter((name) => parameters[name]?.default === undefined),
    properties: Object.fromEntries(
      Object.entries(parameters).map(([name, parameter]) => [name, parameterSchema(parameter)]),
    ),
  };
}

/** A parameter's keywords are those of JSON Schema already. */
function parameterSchema({ mutability, ...keywords }: Parameter): JsonMap {
  // Through JSON: a parameter that was read may have keywords that are undefined.
  const plain = JSON.parse(JSON.stringify(keywords)) as JsonMap;
  return { ...plain, description: `${keywords.description.trim()} (${mutability})` };
}
