// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { GooseValueError } from './errors.js';

const PATTERN =
  /^([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})$/i;

const SIZE = 6;

/** A 48-bit Ethernet address. Immutable. */
export class MacAddress {
  /** 00:00:00:00:00:00, used as destination while the peer is unknown. */
  static readonly ZERO = new MacAddress(Buffer.alloc(SIZE));

  readonly #bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /**
   * Reads `02:00:00:00:00:01`, also with hyphens or without separators.
   *
   * @throws GooseValueError when the text is something else
   */
  static parse(text: string): MacAddress {
    const match = PATTERN.exec(text);
    if (match === null) throw new GooseValueError(`"${text}" is not a MAC address like 02:00:00:00:00:01`);
    return new MacAddress(Buffer.from(match.slice(1).join(''), 'hex'));
  }

  /**
   * Takes six bytes.
   *
   * @throws GooseValueError when there are more or fewer
   */
  static from(bytes: Uint8Array): MacAddress {
    if (bytes.length !== SIZE) throw new GooseValueError(`a MAC address has 6 bytes, not ${bytes.length}`);
    return new MacAddress(Buffer.from(bytes));
  }

  /** Takes the six bytes of a buffer that start at `offset`. */
  static at(buffer: Buffer, offset: number): MacAddress {
    return MacAddress.from(buffer.subarray(offset, offset + SIZE));
  }

  /** A random locally administered unicast address. */
  static random(): MacAddress {
    const bytes = randomBytes(SIZE);
    bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
    return new MacAddress(bytes);
  }

  /** A copy of the six bytes. */
  get bytes(): Buffer {
    return Buffer.from(this.#bytes);
  }

  /** Twelve lower-case hexadecimal digits. */
  get hex(): string {
    return this.#bytes.toString('hex');
  }

  /** Writes the six bytes into `buffer` from `offset` on. */
  write(buffer: Buffer, offset: number): void {
    buffer.set(this.#bytes, offset);
  }

  /** True for the broadcast address and group addresses. */
  get isMulticast(): boolean {
    return ((this.#bytes[0] ?? 0) & 1) === 1;
  }

  equals(other: MacAddress): boolean {
    return this.#bytes.equals(other.#bytes);
  }

  /** Lower-case hexadecimal with colons. */
  toString(): string {
    return this.hex.replace(/..(?!$)/g, '$&:');
  }

  toJSON(): string {
    return this.toString();
  }
}
