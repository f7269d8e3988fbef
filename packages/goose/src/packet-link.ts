// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import type { Clock, Timer } from '@carabiner/clock';
import { EthernetLinkError } from './errors.js';
import type { EthernetLink } from './ethernet-link.js';
import { LinkBase } from './link-base.js';
import type { InterfaceState, PacketSocket } from './packet-socket.js';

/** Which interface to use. */
export interface PacketLinkOptions {
  /** Name of the network interface, such as `eth0`. */
  readonly interface: string;
  readonly clock: Clock;
}

/**
 * Signal that tells of arrived frames. The kernel sends it instead of SIGIO because it is ignored where nobody
 * listens: one that comes late, after the last link was closed, does no harm.
 */
const SIGNAL = 'SIGURG';
const MONITOR_PERIOD_MS = 1000;
/** Frames taken in one turn of the event loop, so that a flood does not hold up everything else. */
const FRAMES_PER_TURN = 128;
const LONGEST_NAME = 15;

/**
 * Opens a link on a network interface by a packet socket (Linux, CAP_NET_RAW, main thread).
 *
 * The interface may be down; the link then comes up with it. It also survives the interface being removed and made
 * anew.
 *
 * @throws EthernetLinkError `LINK_UNSUPPORTED`, `LINK_NO_PERMISSION`, `LINK_UNKNOWN_INTERFACE` or `LINK_FAILED`
 */
export async function openPacketLink(options: PacketLinkOptions): Promise<EthernetLink> {
  if (process.platform !== 'linux')
    throw new EthernetLinkError(
      'LINK_UNSUPPORTED',
      `packet sockets need Linux, this is ${process.platform}; use the "udp" link`,
    );
  if (!isMainThread)
    throw new EthernetLinkError(
      'LINK_UNSUPPORTED',
      'a packet link is woken by a signal, which worker threads do not get; open it in the main thread',
    );
  // Only here, so that the other links work where the native library does not exist.
  const { PacketSocket } = await import('./packet-socket.js');
  const name = options.interface;
  const socket = new PacketSocket(name);
  try {
    if (name.length === 0 || Buffer.byteLength(name) > LONGEST_NAME) throw socket.unknownInterface();
    const state = socket.interfaceState();
    if (state === undefined) throw socket.unknownInterface();
    if (!socket.bind(state.index))
      throw new EthernetLinkError('LINK_FAILED', `cannot bind a packet socket to "${name}"`);
    return new PacketLink(name, socket, state, options.clock);
  } catch (error) {
    socket.close();
    throw error;
  }
}

class PacketLink extends LinkBase {
  readonly kind = 'packet';
  readonly #socket: PacketSocket;
  readonly #monitor: Timer;
  readonly #onSignal = (): void => this.#drain();
  #boundIndex: number;
  #closed = false;

  constructor(
    readonly name: string,
    socket: PacketSocket,
    state: InterfaceState,
    clock: Clock,
  ) {
    super(state.mac);
    this.#socket = socket;
    this.#boundIndex = state.index;
    this.setUp(state.running, 'the interface is down');
    process.on(SIGNAL, this.#onSignal);
    try {
      socket.signalOnArrival(constants.signals[SIGNAL]);
    } catch (error) {
      process.off(SIGNAL, this.#onSignal);
      throw error;
    }
    this.#monitor = clock.setInterval(() => this.#look(), MONITOR_PERIOD_MS);
    this.#drain();
  }

  send(frame: Uint8Array): void {
    if (this.#closed) {
      this.countSendError();
      return;
    }
    const outcome = this.#socket.send(frame);
    if (outcome.sent) this.countSent();
    else {
      this.countSendError();
      if (outcome.interfaceDown) this.setUp(false, outcome.reason);
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#monitor.cancel();
    this.#socket.close();
    process.off(SIGNAL, this.#onSignal);
    this.dropListeners();
    await Promise.resolve();
  }

  /** Follows the interface: down, up, gone, back under another index, another address. */
  #look(): void {
    const state = this.#interfaceState();
    if (state === undefined) {
      this.setUp(false, 'the interface is gone');
      return;
    }
    const returned = state.index !== this.#boundIndex || (!this.up && state.running);
    if (returned && !this.#socket.bind(state.index)) return;
    this.#boundIndex = state.index;
    if (!state.mac.equals(this.mac)) this.setMac(state.mac);
    this.setUp(state.running, 'the interface is down');
    this.#drain();
  }

  #interfaceState(): InterfaceState | undefined {
    try {
      return this.#socket.interfaceState();
    } catch (error) {
      if (error instanceof EthernetLinkError) return undefined;
      throw error;
    }
  }

  #drain(): void {
    for (let count = 0; count < FRAMES_PER_TURN; count++) {
      if (this.#closed) return;
      const frame = this.#socket.receive();
      if (frame === undefined) return;
      this.deliver(frame);
    }
    setImmediate(() => this.#drain());
  }
}
