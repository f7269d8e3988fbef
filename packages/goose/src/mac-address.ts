// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto';
import { GooseValueError } from './errors.js';

const PATTERN =
  /^([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})[:-]?([0-9a-f]{2})$/i;

/** A 48-bit Ethernet address. Immutable. */
export class MacAddress {
  /** 00:00:00:00:00:00, used as destination while the peer is unknown. */
  static readonly ZERO = new MacAddress('000000000000');

  private constructor(
    /** Twelve lower-case hexadecimal digits. */
    readonly hex: string,
  ) {}

  /**
   * Reads `02:00:00:00:00:01`, also with hyphens or without separators.
   *
   * @throws GooseValueError when the text is something else
   */
  static parse(text: string): MacAddress {
    const match = PATTERN.exec(text);
    if (match === null) throw new GooseValueError(`"${text}" is not a MAC address like 02:00:00:00:00:01`);
    return new MacAddress(match.slice(1).join('').toLowerCase());
  }

  /**
   * Takes six bytes.
   *
   * @throws GooseValueError when there are more or fewer
   */
  static from(bytes: Uint8Array): MacAddress {
    if (bytes.length !== 6) throw new GooseValueError(`a MAC address has 6 bytes, not ${bytes.length}`);
    return new MacAddress(Buffer.from(bytes.buffer, bytes.byteOffset, 6).toString('hex'));
  }

  /** A random locally administered unicast address. */
  static random(): MacAddress {
    const bytes = randomBytes(6);
    bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
    return MacAddress.from(bytes);
  }

  /** A copy of the six bytes. */
  get bytes(): Buffer {
    return Buffer.from(this.hex, 'hex');
  }

  /** True for the broadcast address and group addresses. */
  get isMulticast(): boolean {
    return (Number.parseInt(this.hex.slice(0, 2), 16) & 1) === 1;
  }

  equals(other: MacAddress): boolean {
    return this.hex === other.hex;
  }

  /** Lower-case hexadecimal with colons. */
  toString(): string {
    return this.hex.replace(/..(?!$)/g, '$&:');
  }

  toJSON(): string {
    return this.toString();
  }
}
