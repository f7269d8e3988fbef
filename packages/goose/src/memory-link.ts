// SPDX-License-Identifier: Apache-2.0
import type { EthernetLink } from './ethernet-link.js';
import { LinkBase } from './link-base.js';
import { MacAddress } from './mac-address.js';

/**
 * An Ethernet segment inside the process: every frame reaches every other link of it, in order, after the sender's
 * current work is done.
 */
export class MemoryNetwork {
  static readonly #named = new Map<string, MemoryNetwork>();

  /** The segment of that name: the same one for everybody in the process, so that a driver and its simulator meet. */
  static named(name: string): MemoryNetwork {
    let network = MemoryNetwork.#named.get(name);
    if (network === undefined) MemoryNetwork.#named.set(name, (network = new MemoryNetwork()));
    return network;
  }

  readonly #links = new Set<MemoryLink>();

  /** A new link on this segment; the address is random unless given. */
  link(mac: MacAddress = MacAddress.random()): EthernetLink & { setCable(plugged: boolean): void } {
    const link: MemoryLink = new MemoryLink(
      mac,
      (frame) => this.#spread(link, frame),
      () => this.#links.delete(link),
    );
    this.#links.add(link);
    return link;
  }

  #spread(sender: MemoryLink, frame: Uint8Array): void {
    const copy = Buffer.from(frame);
    queueMicrotask(() => {
      for (const link of this.#links) if (link !== sender && link.up) link.receive(Buffer.from(copy));
    });
  }
}

class MemoryLink extends LinkBase {
  readonly kind = 'memory';
  readonly name = 'memory';
  #closed = false;

  constructor(
    mac: MacAddress,
    private readonly spread: (frame: Uint8Array) => void,
    private readonly detach: () => void,
  ) {
    super(mac);
  }

  send(frame: Uint8Array): void {
    if (this.#closed || !this.up) {
      this.countSendError();
      return;
    }
    this.countSent();
    this.spread(frame);
  }

  receive(frame: Buffer): void {
    this.deliver(frame);
  }

  /** Pulls or plugs the cable. */
  setCable(plugged: boolean): void {
    this.setUp(plugged, 'no cable');
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.detach();
    this.dropListeners();
    await Promise.resolve();
  }
}
