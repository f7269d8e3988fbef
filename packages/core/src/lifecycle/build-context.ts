// SPDX-License-Identifier: Apache-2.0
import { own } from '@carabiner/dialect';
import { Peer, type AnyClient } from '../bus/client.js';
import type { ModuleEndpoint } from '../bus/module-endpoint.js';
import type { ModuleEntry } from '../composition/run-configuration.js';
import type { ModuleConfig } from '../config/complete-config.js';
import type { ConfigHandlers } from '../config/config-handlers.js';
import type { ModuleScope } from '../containment/module-scope.js';
import type { ConnectionInfo, Mapping, ModuleDescriptor, ModuleInfo } from '../contract/index.js';
import { ErrorState } from '../errors/error-monitor.js';
import type { AnyContext } from '../injection/module-class.js';
import type { ModuleHost } from './module-host.js';

/** Parts that wait for the module to be initialised before they deliver. */
export interface Held {
  release(): void;
}

/** What a module instance's context is made of. */
export interface ContextParts {
  readonly info: ModuleInfo;
  readonly entry: ModuleEntry;
  readonly descriptor: ModuleDescriptor;
  readonly endpoint: ModuleEndpoint;
  readonly scope: ModuleScope;
  readonly config: ModuleConfig;
  readonly configHandlers: ConfigHandlers;
  readonly host: ModuleHost;
}

/** Makes the context of one module instance and connects its requirements. */
export function buildContext(parts: ContextParts): {
  readonly context: AnyContext;
  readonly held: readonly Held[];
} {
  const { info, entry, descriptor, endpoint, scope, config, configHandlers, host } = parts;
  const held: Held[] = [];
  const requires = Object.fromEntries(
    Object.entries(descriptor.requires).map(([requirement, { minConnections, maxConnections, ...rest }]) => {
      const clients = (own(entry.connections, requirement) ?? []).map((target): AnyClient => {
        const peer = new Peer({
          scope,
          bus: host.bus,
          connection: connectionOf(target, host),
          interface: rest.interface,
          validation: host.validation,
          queues: host.queues,
          callTimeoutMs: host.callTimeoutMs,
          ignore: rest.ignore,
          onlooker: host.onlookerOf(target, scope),
        });
        held.push(peer);
        host.peerMade(peer, target.moduleId, scope);
        return peer.client;
      });
      return [requirement, maxConnections === 1 && minConnections <= 1 ? clients[0] : clients];
    }),
  );
  let globalErrors: ErrorState | undefined;
  if (descriptor.enableGlobalErrors) {
    const state = new ErrorState(scope, `errors of the system for ${scope.moduleId}`);
    const watch = host.bus.watchErrors(scope.moduleId, (error) => state.take(error));
    scope.undo.add(() => watch.unsubscribe());
    held.push(state);
    globalErrors = state;
  }
  const context: AnyContext = {
    info,
    config: config.module,
    implementationConfig: config.implementations,
    provides: endpoint.provided(scope),
    requires,
    log: scope.log,
    clock: scope.clock,
    signal: scope.signal,
    externalMqtt: descriptor.enableExternalMqtt ? host.broker.externalMqttOf(scope) : undefined,
    telemetry: descriptor.enableTelemetry ? host.broker.telemetryOf(scope, entry.telemetryId) : undefined,
    globalErrors,
    onConfigChange: (parameter, handler, implementation) =>
      configHandlers.add(scope, parameter, handler, implementation),
    onUnload: (undo) => void scope.undo.add(undo),
  };
  return { context, held };
}

function connectionOf(
  target: { readonly moduleId: string; readonly implementationId: string },
  host: ModuleHost,
): ConnectionInfo {
  const provider = host.configuration.modules.find(({ id }) => id === target.moduleId);
  const mapping: Mapping | undefined =
    provider === undefined
      ? undefined
      : (own(provider.implementationMapping, target.implementationId) ?? provider.mapping);
  return { ...target, ...(mapping === undefined ? {} : { mapping }) };
}
