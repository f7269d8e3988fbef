// SPDX-License-Identifier: Apache-2.0
import type { EthernetLink, FrameListener, LinkStatistics, LinkStatusListener } from './ethernet-link.js';
import type { MacAddress } from './mac-address.js';

const SOURCE_AT = 6;
const ADDRESSES_END = 12;

/** Listeners, counters and status that all links share. */
export abstract class LinkBase implements EthernetLink {
  abstract readonly kind: EthernetLink['kind'];
  abstract readonly name: string;
  abstract send(frame: Uint8Array): void;
  abstract close(): Promise<void>;

  readonly #frameListeners = new Set<FrameListener>();
  readonly #statusListeners = new Set<LinkStatusListener>();
  readonly #counters = { sent: 0, sendErrors: 0, received: 0 };
  #mac: MacAddress;
  #macBytes: Buffer;
  #up = true;

  protected constructor(mac: MacAddress) {
    this.#mac = mac;
    this.#macBytes = mac.bytes;
  }

  get mac(): MacAddress {
    return this.#mac;
  }

  get up(): boolean {
    return this.#up;
  }

  get statistics(): LinkStatistics {
    return { ...this.#counters };
  }

  onFrame(listener: FrameListener): () => void {
    this.#frameListeners.add(listener);
    return () => void this.#frameListeners.delete(listener);
  }

  onStatus(listener: LinkStatusListener): () => void {
    this.#statusListeners.add(listener);
    return () => void this.#statusListeners.delete(listener);
  }

  protected countSent(): void {
    this.#counters.sent += 1;
  }

  protected countSendError(): void {
    this.#counters.sendErrors += 1;
  }

  /** Hands a frame to the listeners unless it is one of ours that came back. */
  protected deliver(frame: Buffer): void {
    if (frame.length < ADDRESSES_END) return;
    if (frame.compare(this.#macBytes, 0, this.#macBytes.length, SOURCE_AT, ADDRESSES_END) === 0) return;
    this.#counters.received += 1;
    for (const listener of this.#frameListeners) listener(frame);
  }

  protected setMac(mac: MacAddress): void {
    this.#mac = mac;
    this.#macBytes = mac.bytes;
  }

  protected setUp(up: boolean, reason: string): void {
    if (this.#up === up) return;
    this.#up = up;
    for (const listener of this.#statusListeners) listener(up, up ? '' : reason);
  }

  protected dropListeners(): void {
    this.#frameListeners.clear();
    this.#statusListeners.clear();
  }
}
