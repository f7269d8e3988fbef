// SPDX-License-Identifier: Apache-2.0

/**
 * Messages of QoS 2 that have arrived on one connection and whose hand-shake is not over. Each is handed on when it comes,
 * a round trip before the end of its hand-shake; one that comes again with the same packet id meanwhile is the same message
 * (MQTT 3.1.1, 4.3.3, method B).
 */
export class Arrived {
  readonly #ids = new Set<number>();

  /** False for a message that has arrived before. */
  isNew({ qos, messageId }: { readonly qos: 0 | 1 | 2; readonly messageId?: number | undefined }): boolean {
    if (qos !== 2 || messageId === undefined) return true;
    if (this.#ids.has(messageId)) return false;
    this.#ids.add(messageId);
    return true;
  }

  /** The hand-shake is over: the next message with this id is another one. */
  release(messageId: number | undefined): void {
    if (messageId !== undefined) this.#ids.delete(messageId);
  }
}
