// SPDX-License-Identifier: Apache-2.0
import type { ModuleEntry } from '@carabiner/core';
import type { Placements } from './placement.js';
import { SystemBrokerError, type SystemBroker } from './system-broker.js';

/**
 * Looks whether modules of other processes can get into a broker.
 *
 * @throws SystemBrokerError that names the first one which cannot
 */
export function checkBroker(
  remote: readonly ModuleEntry[],
  placements: Placements,
  { embedded, address }: SystemBroker,
): void {
  for (const entry of remote) {
    const placement = placements.of(entry);
    const foreign = placement.kind === 'guest' && placement.guest.needsMqtt5;
    if (foreign && embedded)
      throw new SystemBrokerError(
        `module '${entry.id}' (${entry.module}) speaks MQTT 5, which the embedded broker does not: run a broker ` +
          'such as Mosquitto and name it in settings.carabiner.mqtt.broker',
      );
    if (foreign && address.tls !== undefined)
      throw new SystemBrokerError(
        `module '${entry.id}' (${entry.module}) knows no TLS: give the broker a listener without it, on loopback or ` +
          'as a Unix socket, and name that one in settings.carabiner.mqtt.broker',
      );
    if (placement.kind === 'host' && embedded)
      throw new SystemBrokerError(
        `module '${entry.id}' runs on host '${placement.host}', and the embedded broker is reached from this ` +
          'machine only: run a broker such as Mosquitto and name it in settings.carabiner.mqtt.broker',
      );
  }
}
