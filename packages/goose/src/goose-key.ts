// SPDX-License-Identifier: Apache-2.0
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { inspect } from 'node:util';
import { GooseValueError } from './errors.js';
import { HMAC_LENGTH, HmacSha256 } from './hmac-sha256.js';

const SHORTEST_KEY = 16;

/**
 * A key for HMAC-SHA256. It signs and verifies but never shows its bytes: printing, inspecting or serialising it gives
 * a placeholder.
 */
export class GooseKey {
  readonly #bytes: Buffer;
  readonly #hmac: HmacSha256;

  /**
   * @param bytes - the key, at least 16 bytes (48 in FusionCharge); copied
   * @throws GooseValueError when it is shorter, or all zero as a register nobody has written
   */
  constructor(bytes: Uint8Array) {
    if (bytes.length < SHORTEST_KEY)
      throw new GooseValueError(`an HMAC key needs at least ${SHORTEST_KEY} bytes, got ${bytes.length}`);
    if (bytes.every((byte) => byte === 0)) throw new GooseValueError('an HMAC key of zeros only is no key');
    this.#bytes = Buffer.from(bytes);
    this.#hmac = new HmacSha256(bytes);
  }

  /** A fresh random key of `length` bytes. */
  static random(length = 48): GooseKey {
    return new GooseKey(randomBytes(length));
  }

  /** The 32-byte HMAC-SHA256 of `data`. */
  sign(data: Uint8Array): Buffer {
    const hmac = Buffer.allocUnsafe(HMAC_LENGTH);
    this.#hmac.digestInto(data, hmac, 0);
    return hmac;
  }

  /** Writes the HMAC-SHA256 of `data` into `target` from `offset` on. */
  signInto(data: Uint8Array, target: Buffer, offset: number): void {
    this.#hmac.digestInto(data, target, offset);
  }

  /** Whether `hmac` is that of `data`. Takes the same time wherever they differ. */
  verify(data: Uint8Array, hmac: Uint8Array): boolean {
    return hmac.length === HMAC_LENGTH && timingSafeEqual(this.sign(data), hmac);
  }

  /** Whether both hold the same bytes; compared in constant time. */
  equals(other: GooseKey): boolean {
    return this.#bytes.length === other.#bytes.length && timingSafeEqual(this.#bytes, other.#bytes);
  }

  /** A copy of the key, for the one place that hands it to the peer. Keep it out of logs. */
  reveal(): Buffer {
    return Buffer.from(this.#bytes);
  }

  toString(): string {
    return '[GooseKey]';
  }

  toJSON(): string {
    return '[GooseKey]';
  }

  [inspect.custom](): string {
    return '[GooseKey]';
  }
}
