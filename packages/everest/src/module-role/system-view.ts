// SPDX-License-Identifier: Apache-2.0
import type { Logger, ModuleShape } from '@carabiner/core';
import { isObject } from '../protocol/envelope.js';
import type { Topics } from '../protocol/topics.js';
import type { ModuleConfiguration } from '../configuration/module-configuration.js';
import type { ManagerClient } from './manager-client.js';

/** Settings of the system that matter to a module. */
export interface SystemSettings {
  readonly telemetryEnabled: boolean;
  /** With its slash. */
  readonly telemetryPrefix: string;
}

const WITHOUT_SETTINGS: SystemSettings = { telemetryEnabled: false, telemetryPrefix: 'everest-telemetry/' };

/**
 * Reads the system's settings. A module that starts when the definitions are gone knows from its own configuration
 * whether its telemetry is wanted.
 */
export async function readSystemSettings(
  client: ManagerClient,
  topics: Topics,
  { telemetryEnabled }: Pick<ModuleConfiguration, 'telemetryEnabled'>,
): Promise<SystemSettings> {
  const lasting = client.lastingSettings;
  if (lasting === undefined && client.moduleNames === undefined)
    return { ...WITHOUT_SETTINGS, telemetryEnabled };
  const settings = lasting ?? (await client.definition(topics.definitions('settings')));
  if (!isObject(settings)) return { ...WITHOUT_SETTINGS, telemetryEnabled };
  const prefix = settings['telemetry_prefix'];
  return {
    telemetryEnabled: settings['telemetry_enabled'] === true,
    telemetryPrefix: typeof prefix === 'string' ? prefix : WITHOUT_SETTINGS.telemetryPrefix,
  };
}

/**
 * Topics of every error that any implementation of the system may raise, for a module that watches all. They are
 * subscribed one by one: a wildcard would overlap with the topics of the module's own requirements, and the broker would
 * deliver those twice. Where the manager has cleared its definitions, those of the module's connections are known.
 *
 * @param required - error types of each requirement
 */
export async function readErrorTopics(
  client: ManagerClient,
  topics: Topics,
  { connections }: Pick<ModuleConfiguration, 'connections'>,
  required: { readonly [requirement: string]: readonly string[] },
  log: Logger,
): Promise<readonly string[]> {
  const connected = Object.entries(connections).flatMap(([requirement, targets]) =>
    targets.flatMap(({ moduleId, implementationId }) =>
      (required[requirement] ?? []).map((type) => topics.error(moduleId, implementationId, type)),
    ),
  );
  const { defined, missing } = await definedErrorTopics(client, topics);
  if (missing.length > 0)
    log.warn('errors of modules that this one is not connected to are not watched', {
      reason: 'the manager has no definitions for them, or has cleared them',
      missing,
      hint: 'start this module before all others are ready, or a manager of EVerest with --retain-topics',
    });
  return [...new Set([...connected, ...defined])];
}

async function definedErrorTopics(
  client: ManagerClient,
  topics: Topics,
): Promise<{ readonly defined: readonly string[]; readonly missing: readonly string[] }> {
  const names = client.moduleNames;
  if (!isObject(names)) return { defined: [], missing: ['module_names'] };
  const modules = [...new Set(Object.values(names).filter((name) => typeof name === 'string'))];
  const manifests = new Map(
    await Promise.all(
      modules.map(async (name) => [name, await client.definition(topics.manifest(name))] as const),
    ),
  );
  const provided = new Map(
    Object.entries(names).map(([id, name]) => [id, providedIn(manifests.get(String(name)))] as const),
  );
  const interfaces = [...new Set([...provided.values()].flatMap((each) => Object.values(each)))];
  const definitions = new Map(
    await Promise.all(
      interfaces.map(
        async (name) => [name, await client.definition(topics.interfaceDefinition(name))] as const,
      ),
    ),
  );
  return {
    defined: [...provided].flatMap(([id, implementations]) =>
      Object.entries(implementations).flatMap(([implementation, name]) =>
        errorsIn(definitions.get(name)).map((type) => topics.error(id, implementation, type)),
      ),
    ),
    missing: [...manifests, ...definitions].filter(([, read]) => read === undefined).map(([name]) => name),
  };
}

function providedIn(manifest: unknown): Readonly<Record<string, string>> {
  const provides = isObject(manifest) ? manifest['provides'] : undefined;
  if (!isObject(provides)) return {};
  return Object.fromEntries(
    Object.entries(provides).flatMap(([id, value]) =>
      isObject(value) && typeof value['interface'] === 'string' ? [[id, value['interface']] as const] : [],
    ),
  );
}

function errorsIn(definition: unknown): readonly string[] {
  const errors = isObject(definition) ? definition['errors'] : undefined;
  if (!isObject(errors)) return [];
  return Object.entries(errors).flatMap(([namespace, types]) =>
    isObject(types) ? Object.keys(types).map((name) => `${namespace}/${name}`) : [],
  );
}

/** What a peer is known to declare: the implementations that this module is connected to. */
export function peerShape(
  peerId: string,
  { connections }: ModuleConfiguration,
  requires: ModuleShape['requires'],
): ModuleShape {
  const provides: { [implementation: string]: { readonly interface: string; readonly config: object } } = {};
  for (const [requirement, targets] of Object.entries(connections)) {
    const wanted = requires[requirement]?.interface;
    if (wanted === undefined) continue;
    for (const { moduleId, implementationId } of targets)
      if (moduleId === peerId) provides[implementationId] = { interface: wanted, config: {} };
  }
  return {
    module: PEER_MODULE,
    description: 'a module of another process',
    config: {},
    provides: provides as ModuleShape['provides'],
    requires: {},
    enableExternalMqtt: false,
  };
}

/** Module name of peers, whose real one does not matter to those who are connected to them. */
export const PEER_MODULE = 'Peer';
