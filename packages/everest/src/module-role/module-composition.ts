// SPDX-License-Identifier: Apache-2.0
import type { Json } from '@carabiner/core';
import {
  encodePlace,
  type ModuleConfiguration,
  type ModulePlace,
} from '../configuration/module-configuration.js';
import type { ModuleSettings } from './module-settings.js';
import { PEER_MODULE, type SystemSettings } from './system-view.js';

/**
 * The composition of a process that runs one module of a system: the module itself, and its peers as modules of other
 * processes.
 */
export function moduleComposition(
  settings: ModuleSettings,
  system: SystemSettings,
  configuration: ModuleConfiguration,
  module: string,
): Json {
  const { moduleId, prefixes, externalBroker } = settings;
  const peers = new Set(
    Object.values(configuration.connections).flatMap((targets) => targets.map((target) => target.moduleId)),
  );
  peers.delete(moduleId);
  return {
    settings: {
      mqtt_external_prefix: prefixes.external,
      telemetry_enabled: system.telemetryEnabled,
      telemetry_prefix: system.telemetryPrefix,
      carabiner: { external_mqtt: externalBroker },
    },
    active_modules: {
      [moduleId]: {
        module,
        config_module: configuration.config,
        config_implementation: configuration.implementationConfig,
        connections: Object.fromEntries(
          Object.entries(configuration.connections).map(([requirement, targets]) => [
            requirement,
            targets.map((target) => ({
              module_id: target.moduleId,
              implementation_id: target.implementationId,
            })),
          ]),
        ),
        ...mappingOf(configuration.place),
        ...(configuration.telemetryId === undefined ? {} : { telemetry: { id: configuration.telemetryId } }),
      },
      ...Object.fromEntries(
        [...peers].map((id) => [id, { module: PEER_MODULE, ...mappingOf(configuration.places[id]) }]),
      ),
    },
  };
}

function mappingOf(place: ModulePlace | undefined): { readonly mapping?: Json } {
  const mapping = place === undefined ? null : encodePlace(place);
  return mapping === null ? {} : { mapping };
}
