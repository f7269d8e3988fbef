// SPDX-License-Identifier: Apache-2.0
import type { Json } from '@carabiner/core';
import type { BrokerAddress } from '../broker/broker-address.js';
import {
  encodePlace,
  type ModuleConfiguration,
  type ModulePlace,
} from '../configuration/module-configuration.js';
import type { ModuleSettings } from './module-settings.js';
import { PEER_MODULE, type SystemSettings } from './system-view.js';

/** Real time that the module's package may take to load. */
const LOAD_MS = 30_000;

/** Where the module's code is. */
export interface ModuleLocation {
  /** Module name under which the code is found. */
  readonly module: string;
  /** npm package, where the name alone does not tell. */
  readonly packageName: string | undefined;
}

/**
 * The composition of a process that runs one module of a system: the module itself, and its peers as modules of other
 * processes.
 */
export function moduleComposition(
  settings: ModuleSettings,
  system: SystemSettings,
  configuration: ModuleConfiguration,
  location: ModuleLocation,
  timeFactor = 1,
): Json {
  const { moduleId, prefixes } = settings;
  const peers = new Set(
    Object.values(configuration.connections).flatMap((targets) => targets.map((target) => target.moduleId)),
  );
  peers.delete(moduleId);
  return {
    settings: {
      ...brokerSettings(settings.broker),
      mqtt_external_prefix: prefixes.external,
      telemetry_enabled: system.telemetryEnabled,
      telemetry_prefix: system.telemetryPrefix,
      carabiner: {
        ...externalBroker(settings.broker).carabiner,
        // Packages load in real time, however fast the module's clock runs.
        load_timeout_ms: Math.ceil(LOAD_MS * timeFactor),
      },
    },
    active_modules: {
      [moduleId]: {
        module: location.module,
        ...(location.packageName === undefined ? {} : { package: location.packageName }),
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

/** The outside world of an EVerest module is the same broker. */
function brokerSettings({ host, port, socketPath }: BrokerAddress): { readonly [key: string]: Json } {
  if (socketPath !== undefined) return { mqtt_broker_socket_path: socketPath };
  return { mqtt_broker_host: host ?? 'localhost', mqtt_broker_port: port ?? 1_883 };
}

/** Settings of EVerest cannot hold a user name. */
function externalBroker({ username, host = 'localhost', port = 1_883 }: BrokerAddress): {
  readonly carabiner?: { readonly external_mqtt: Json };
} {
  if (username === undefined) return {};
  return {
    carabiner: {
      external_mqtt: {
        url: `mqtt://${host}:${port}`,
        username,
        password_env: 'CARABINER_MQTT_PASSWORD',
      },
    },
  };
}
