// SPDX-License-Identifier: Apache-2.0
import type { MacAddress } from './mac-address.js';

/** Counters of a link since it was opened. */
export interface LinkStatistics {
  readonly sent: number;
  /** Frames that could not be handed to the network. */
  readonly sendErrors: number;
  readonly received: number;
}

/** Takes a received frame; the bytes belong to the listener. */
export type FrameListener = (frame: Buffer) => void;

/**
 * Learns that the link came up or went down.
 *
 * @param reason - what the operating system says; empty when up
 */
export type LinkStatusListener = (up: boolean, reason: string) => void;

/**
 * A place to send and receive whole Ethernet frames (without frame check sequence).
 *
 * A link that lost its network stays open and comes back by itself.
 */
export interface EthernetLink {
  /** How frames travel: a packet socket, UDP datagrams or memory. */
  readonly kind: 'packet' | 'udp' | 'memory';
  /** Interface name or address, for messages. */
  readonly name: string;
  /** Own address, the source of frames sent here. */
  readonly mac: MacAddress;
  /** Whether frames can be sent at present. */
  readonly up: boolean;
  readonly statistics: LinkStatistics;
  /**
   * Hands a frame to the network before it returns (`udp`: to the socket). A failure is counted, never thrown: frames
   * get lost on Ethernet as well, and GOOSE repeats.
   */
  send(frame: Uint8Array): void;
  /** Calls `listener` for each received frame, own ones excepted. Returns how to stop. */
  onFrame(listener: FrameListener): () => void;
  /** Calls `listener` whenever {@link up} changes. Returns how to stop. */
  onStatus(listener: LinkStatusListener): () => void;
  /** Frees the socket. Sending afterwards does nothing. */
  close(): Promise<void>;
}
