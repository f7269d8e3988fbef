// SPDX-License-Identifier: Apache-2.0
import { HOST_ORIGIN, type ModuleEntry, type ModuleShape } from '@carabiner/core';
import type { Topics } from '../protocol/topics.js';
import type { DeclaredSystem } from './declared-system.js';
import { read, write, type TopicRule } from './topic-rule.js';

/** Topics of the outside world by module id, where they are known better than from the prefix. */
export type ExternalTopics = Readonly<Record<string, readonly string[]>>;

/** What a consumer does not subscribe. */
interface Ignored {
  readonly errors: boolean;
  readonly variables: readonly string[];
}

/** What a module may do, by its manifest and its connections and nothing else. */
export function moduleRules(
  entry: ModuleEntry,
  system: DeclaredSystem,
  topics: Topics,
  external: ExternalTopics = {},
): readonly TopicRule[] {
  const { id, telemetryId } = entry;
  const shape = system.shapeOf(entry);
  return [
    ...membershipRules(id, topics),
    ...Object.entries(shape.provides).flatMap(([implementation, provided]) =>
      providerRules(id, implementation, provided.interface, system, topics),
    ),
    ...Object.entries(entry.connections).flatMap(([requirement, targets]) =>
      targets.flatMap(({ moduleId, implementationId }) =>
        consumerRules(id, { moduleId, implementationId }, ignoredOf(shape, requirement), system, topics),
      ),
    ),
    ...(shape.enableGlobalErrors === true ? globalErrorRules(system, topics) : []),
    ...(shape.enableTelemetry === true && telemetryId !== undefined
      ? write(topics.telemetry('+', telemetryId, '+'))
      : []),
    ...(shape.enableExternalMqtt
      ? externalFilters(id, topics, external).map((filter): TopicRule => ({
          access: 'readwrite',
          filter: topics.external(filter),
        }))
      : []),
  ];
}

/**
 * Filters of the outside world for a module: those given for it, else all below the prefix of the outside world. Without
 * such a prefix there are none, since everything would hold the inside as well.
 */
export function externalFilters(
  moduleId: string,
  { prefixes }: Topics,
  external: ExternalTopics,
): readonly string[] {
  return external[moduleId] ?? (prefixes.external === '' ? [] : ['#']);
}

/** What every module says to its manager and hears from it. */
function membershipRules(id: string, topics: Topics): readonly TopicRule[] {
  return [
    ...read(
      topics.definitions('interfaces'),
      topics.interfaceDefinition('+'),
      topics.definitions('types'),
      topics.typeDefinition('+'),
      topics.definitions('settings'),
      topics.definitions('schemas'),
      topics.definitions('module_names'),
      topics.manifest('+'),
      topics.configAnswer(id),
      topics.configSet(id),
      topics.globalReady,
      topics.shutdown,
      topics.generationHint,
      topics.lost('+'),
      topics.present('+'),
    ),
    ...write(
      topics.configRequest,
      topics.configSetAnswer(id),
      topics.metadata(id),
      topics.moduleReady(id),
      topics.lost(id),
      topics.present(id),
    ),
  ];
}

function providerRules(
  id: string,
  implementation: string,
  interfaceName: string,
  system: DeclaredSystem,
  topics: Topics,
): readonly TopicRule[] {
  const { commands, variables, errors } = system.interfaceOf(interfaceName);
  // The process that plays the manager calls for the operator (`carabiner call`).
  const callers = [...callersOf(id, implementation, system.configuration.modules), HOST_ORIGIN];
  return [
    ...commands.flatMap((command) => [
      ...read(topics.command(id, implementation, command)),
      ...write(...callers.map((caller) => topics.result(id, implementation, command, caller))),
    ]),
    ...write(
      ...variables.map((variable) => topics.variable(id, implementation, variable)),
      ...errors.map((type) => topics.error(id, implementation, type)),
    ),
  ];
}

function consumerRules(
  id: string,
  { moduleId, implementationId }: { readonly moduleId: string; readonly implementationId: string },
  ignore: Ignored,
  system: DeclaredSystem,
  topics: Topics,
): readonly TopicRule[] {
  const target = system.target(moduleId, implementationId);
  if (target === undefined) return [];
  return [
    ...target.commands.flatMap((command) => [
      ...write(topics.command(moduleId, implementationId, command)),
      ...read(topics.result(moduleId, implementationId, command, id)),
    ]),
    ...read(
      ...target.variables
        .filter((variable) => !ignore.variables.includes(variable))
        .map((variable) => topics.variable(moduleId, implementationId, variable)),
      ...(ignore.errors ? [] : target.errors).map((type) => topics.error(moduleId, implementationId, type)),
    ),
  ];
}

/** What a manifest says of a requirement. */
type Requirement = ModuleShape['requires'][string] & { readonly ignore?: Ignored };

/** Manifests say what is ignored; shapes of descriptors need not. */
function ignoredOf({ requires }: ModuleShape, requirement: string): Ignored {
  const declared: Requirement | undefined = requires[requirement];
  return declared?.ignore ?? { errors: false, variables: [] };
}

/** Every error of every module, the own ones included. */
function globalErrorRules(system: DeclaredSystem, topics: Topics): readonly TopicRule[] {
  return system.configuration.modules.flatMap((entry) =>
    Object.entries(system.shapeOf(entry).provides).flatMap(([implementation, provided]) =>
      read(
        ...system
          .interfaceOf(provided.interface)
          .errors.map((type) => topics.error(entry.id, implementation, type)),
      ),
    ),
  );
}

function callersOf(
  moduleId: string,
  implementation: string,
  modules: readonly ModuleEntry[],
): readonly string[] {
  return modules
    .filter(({ connections }) =>
      Object.values(connections)
        .flat()
        .some((target) => target.moduleId === moduleId && target.implementationId === implementation),
    )
    .map(({ id }) => id);
}
