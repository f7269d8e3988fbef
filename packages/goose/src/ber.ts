// SPDX-License-Identifier: Apache-2.0
import { GooseFrameError, GooseValueError } from './errors.js';

/** One element of the Basic Encoding Rules: a one-byte tag and its value. */
export interface BerElement {
  readonly tag: number;
  readonly value: Buffer;
}

const malformed = (message: string): GooseFrameError => new GooseFrameError('GOOSE_MALFORMED', message);
const hexByte = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;

/** Reads elements one after the other. Every length is checked against what is there. */
export class BerReader {
  #offset = 0;

  constructor(private readonly bytes: Buffer) {}

  /** True when everything was read. */
  get atEnd(): boolean {
    return this.#offset >= this.bytes.length;
  }

  /**
   * The next element.
   *
   * @throws GooseFrameError when the bytes end early or the length has no definite form
   */
  next(): BerElement {
    const tag = this.#byte('a tag');
    if ((tag & 0x1f) === 0x1f) throw malformed(`tag ${hexByte(tag)} has more than one byte`);
    const length = this.#length();
    const end = this.#offset + length;
    if (end > this.bytes.length)
      throw malformed(
        `element ${hexByte(tag)} claims ${length} bytes, ${this.bytes.length - this.#offset} are left`,
      );
    const value = this.bytes.subarray(this.#offset, end);
    this.#offset = end;
    return { tag, value };
  }

  /**
   * The value of the next element, which must have this tag.
   *
   * @throws GooseFrameError when it has another one
   */
  expect(tag: number, what: string): Buffer {
    const element = this.next();
    if (element.tag !== tag)
      throw malformed(`${what}: expected tag ${hexByte(tag)}, found ${hexByte(element.tag)}`);
    return element.value;
  }

  #byte(what: string): number {
    const byte = this.bytes[this.#offset];
    if (byte === undefined) throw malformed(`the bytes end where ${what} should be`);
    this.#offset += 1;
    return byte;
  }

  #length(): number {
    const first = this.#byte('a length');
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw malformed(`length form ${hexByte(first)} is not used in GOOSE`);
    let length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + this.#byte('a length');
    return length;
  }
}

/**
 * An unsigned integer of at most `maxBytes` bytes, shorter encodings included.
 *
 * @throws GooseFrameError when it is empty or longer
 */
export function readUnsigned(value: Buffer, maxBytes: number, what: string): number {
  if (value.length === 0 || value.length > maxBytes)
    throw malformed(`${what}: an integer of 1 to ${maxBytes} bytes is needed, found ${value.length}`);
  return value.readUIntBE(0, value.length);
}

/** Bytes that a length field for `length` bytes of content takes. */
export function lengthSize(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x100) return 2;
  if (length < 0x10000) return 3;
  throw new GooseValueError(`${length} bytes do not fit into a GOOSE frame`);
}

/** Writes tag and length at `offset` and returns where the content starts. */
export function writeHeader(buffer: Buffer, offset: number, tag: number, length: number): number {
  buffer[offset] = tag;
  const size = lengthSize(length);
  if (size === 1) buffer[offset + 1] = length;
  else {
    buffer[offset + 1] = 0x80 | (size - 1);
    buffer.writeUIntBE(length, offset + 2, size - 1);
  }
  return offset + 1 + size;
}
