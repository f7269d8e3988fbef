// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { MemoryNetwork, openPacketLink, openUdpLink, type EthernetLink } from '@carabiner/goose';

/** How GOOSE frames travel. */
export interface EthernetOptions {
  readonly link: 'packet' | 'udp' | 'memory';
  /** Network interface of a packet link, name of the network of a memory link. */
  readonly interface: string;
  readonly udpAddress: string;
  readonly udpGroup: string;
  readonly udpPort: number;
}

/**
 * Opens the link.
 *
 * @throws EthernetLinkError when it cannot be opened: no such interface, no permission, …
 */
export async function openEthernet(options: EthernetOptions, clock: Clock): Promise<EthernetLink> {
  switch (options.link) {
    case 'packet':
      return await openPacketLink({ interface: options.interface, clock });
    case 'udp':
      return await openUdpLink({
        address: options.udpAddress,
        group: options.udpGroup,
        port: options.udpPort,
      });
    case 'memory':
      return MemoryNetwork.named(options.interface).link();
  }
}
