// SPDX-License-Identifier: Apache-2.0
import type { Bus } from '../bus/bus.js';
import { LocalBus } from '../bus/local-bus.js';
import { RoutingBus } from '../bus/routing-bus.js';
import type { RemoteModules } from './remote-modules.js';

/** The local bus, joined with the one that leads to other processes where there is one. */
export function busOf(remote: RemoteModules | undefined, here: ReadonlySet<string>): Bus {
  const local = new LocalBus();
  if (remote === undefined) return local;
  return new RoutingBus(local, remote.bus, {
    isLocal: (id) => here.has(id),
    isExported: (id) => remote.exports?.(id) ?? true,
  });
}
