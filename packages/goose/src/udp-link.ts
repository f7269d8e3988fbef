// SPDX-License-Identifier: Apache-2.0
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { EthernetLinkError } from './errors.js';
import type { EthernetLink } from './ethernet-link.js';
import { LinkBase } from './link-base.js';
import { MacAddress } from './mac-address.js';

/** Where frames go when they travel in UDP datagrams. */
export interface UdpLinkOptions {
  /** Multicast group that stands for the Ethernet segment. Default 239.136.184.1. */
  readonly group?: string;
  /** Port of the group. Default 35000 (0x88B8). */
  readonly port?: number;
  /** Address of the network interface to use. Default 127.0.0.1: nothing leaves the machine. */
  readonly address?: string;
  /** Own Ethernet address. Default a random one. */
  readonly mac?: MacAddress;
}

/** Group of {@link openUdpLink} unless told otherwise. */
export const UDP_GROUP = '239.136.184.1';
/** Port of {@link openUdpLink} unless told otherwise (35000, the ethertype). */
export const UDP_PORT = 0x88b8;

/**
 * Opens a link that carries each frame in one UDP datagram to a multicast group. All links of one group and port see
 * each other, in one process or in several, without any privilege.
 *
 * @throws EthernetLinkError when the socket cannot be bound or the group cannot be joined
 */
export async function openUdpLink(options: UdpLinkOptions = {}): Promise<EthernetLink> {
  const { group = UDP_GROUP, port = UDP_PORT, address = '127.0.0.1' } = options;
  if (!isIPv4(group) || !isIPv4(address))
    throw new EthernetLinkError(
      'LINK_FAILED',
      `udp link: group "${group}" and address "${address}" must be IPv4 addresses`,
    );
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    // Bound to the group, the socket hears nothing else; Windows does not allow that.
    socket.bind(process.platform === 'win32' ? { port } : { address: group, port });
    await once(socket, 'listening');
    socket.addMembership(group, address);
    socket.setMulticastInterface(address);
    socket.setMulticastLoopback(true);
    socket.setMulticastTTL(1);
  } catch (error) {
    socket.close();
    throw new EthernetLinkError(
      'LINK_FAILED',
      `udp link on ${group}:${port} over ${address}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
  return new UdpLink(socket, group, port, options.mac ?? MacAddress.random());
}

class UdpLink extends LinkBase {
  readonly kind = 'udp';
  readonly name: string;
  #closed = false;

  constructor(
    private readonly socket: Socket,
    private readonly group: string,
    private readonly port: number,
    mac: MacAddress,
  ) {
    super(mac);
    this.name = `${group}:${port}`;
    socket.on('message', (frame) => this.deliver(frame));
    socket.on('error', (error) => this.setUp(false, error.message));
  }

  send(frame: Uint8Array): void {
    if (this.#closed) {
      this.countSendError();
      return;
    }
    // Node may send later than now, and the caller may change its buffer for the next repetition.
    this.socket.send(Buffer.from(frame), this.port, this.group, (error) => {
      if (error === null) this.countSent();
      else this.countSendError();
      this.setUp(error === null, error?.message ?? '');
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.dropListeners();
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}
