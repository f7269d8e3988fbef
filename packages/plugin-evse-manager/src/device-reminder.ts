// SPDX-License-Identifier: Apache-2.0
import { isCallError, type Logger } from '@carabiner/core';
import type { Clock } from '@carabiner/clock';
import type { DeviceMemory } from './device-memory.js';
import type { PeerName } from './ports.js';

/** A device answers within this time, or the way to it is not there yet although this end of it is. */
const ANSWER_MS = 5_000;
const AGAIN_MS = 1_000;
const ATTEMPTS = 60;

/** Sends a command; does nothing when the device is not connected. */
export type Call = (peer: PeerName, command: string, args: unknown, timeoutMs: number) => Promise<unknown>;

/**
 * Tells a device that is back which state it is to be in, until it has answered. After a broker was away both ends come
 * back in their own time, and what is sent before the device has is lost without a word.
 */
export class DeviceReminder {
  readonly #rounds = new Map<PeerName, number>();

  constructor(
    private readonly clock: Clock,
    private readonly memory: DeviceMemory,
    private readonly call: Call,
    private readonly log: Logger,
  ) {}

  /** Begins anew when it is under way already. */
  remind(peer: PeerName): void {
    const round = (this.#rounds.get(peer) ?? 0) + 1;
    this.#rounds.set(peer, round);
    this.#tell(peer, round).catch((error: unknown) => {
      this.log.debug('a device was not told its state again', { peer, error });
    });
  }

  async #tell(peer: PeerName, round: number): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS && this.#rounds.get(peer) === round; attempt++) {
      // All at once, so that nothing that is sent meanwhile is overtaken by an older wish.
      const answers = await Promise.allSettled(
        this.memory.of(peer).map(async ({ command, args }) => this.call(peer, command, args, ANSWER_MS)),
      );
      const lost = answers.some(
        (answer) =>
          answer.status === 'rejected' &&
          (isCallError(answer.reason, 'CmdTimeout') || isCallError(answer.reason, 'NotReady')),
      );
      if (!lost) return;
      await this.clock.sleep(AGAIN_MS);
    }
  }
}
