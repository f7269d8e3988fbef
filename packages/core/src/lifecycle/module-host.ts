// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { Bus, ConnectionListener, ImplementationAddress } from '../bus/bus.js';
import type { Peer } from '../bus/client.js';
import type { EndpointHost } from '../bus/module-endpoint.js';
import type { RunConfiguration } from '../composition/run-configuration.js';
import type { ScopeHost } from '../containment/module-scope.js';
import type { Logger } from '../contract/index.js';
import type { ModuleScope } from '../containment/module-scope.js';
import type { BrokerAccess } from '../mqtt/broker-access.js';
import type { ModuleState } from './module-state.js';

/** What every module slot gets from its runtime. */
export interface ModuleHost extends EndpointHost, ScopeHost {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly configuration: RunConfiguration;
  logOf(moduleId: string): Logger;
  readonly broker: BrokerAccess;
  /** A consumer's end was made; dropped again by the scope's undo. */
  peerMade(peer: Peer, providerId: string, scope: ModuleScope): void;
  /** Whom a consumer's end tells of what it hears; undefined when the provider is here or another end tells already. */
  onlookerOf(target: ImplementationAddress, scope: ModuleScope): ConnectionListener | undefined;
  /** The provider is another instance from now on. */
  providerReplaced(moduleId: string): void;
  stateChanged(moduleId: string, state: ModuleState, reason: string | undefined): void;
}
