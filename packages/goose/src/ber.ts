// SPDX-License-Identifier: Apache-2.0
import { GooseFrameError, GooseValueError } from './errors.js';

const malformed = (message: string): GooseFrameError => new GooseFrameError('GOOSE_MALFORMED', message);
const hexByte = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;

/**
 * Steps through the elements of the Basic Encoding Rules within a range of bytes. Every length is checked against what
 * is there. The element stepped to is described by `tag`, `start` and `end`, so that no object is made for each.
 */
export class BerReader {
  /** Tag of the present element. */
  tag = 0;
  /** Where the value of the present element starts. */
  start: number;
  /** The offset behind the present element. */
  end: number;

  /** Starts before the first element. */
  constructor(
    readonly bytes: Buffer,
    from: number,
    private readonly to: number,
  ) {
    this.start = from;
    this.end = from;
  }

  /** True when the present element is the last one. */
  get atEnd(): boolean {
    return this.end >= this.to;
  }

  /** Bytes in the value of the present element. */
  get length(): number {
    return this.end - this.start;
  }

  /**
   * Steps to the next element.
   *
   * @throws GooseFrameError when the bytes end early or the length has no definite form
   */
  next(): this {
    this.start = this.end;
    this.tag = this.#byte('a tag');
    if ((this.tag & 0x1f) === 0x1f) throw malformed(`tag ${hexByte(this.tag)} has more than one byte`);
    const length = this.#length();
    if (length > this.to - this.start)
      throw malformed(
        `element ${hexByte(this.tag)} claims ${length} bytes, ${this.to - this.start} are left`,
      );
    this.end = this.start + length;
    return this;
  }

  /**
   * Steps to the next element, which must have this tag.
   *
   * @throws GooseFrameError when it has another one
   */
  expect(tag: number, what: string): this {
    this.next();
    if (this.tag !== tag)
      throw malformed(`${what}: expected tag ${hexByte(tag)}, found ${hexByte(this.tag)}`);
    return this;
  }

  /** A reader of the elements within the present one. */
  inside(): BerReader {
    return new BerReader(this.bytes, this.start, this.end);
  }

  /**
   * The present element as an unsigned integer of at most `maxBytes` bytes, shorter encodings included.
   *
   * @throws GooseFrameError when it is empty or longer
   */
  unsigned(maxBytes: number, what: string): number {
    const { length } = this;
    if (length === 0 || length > maxBytes)
      throw malformed(`${what}: an integer of 1 to ${maxBytes} bytes is needed, found ${length}`);
    let value = 0;
    for (let at = this.start; at < this.end; at++) value = value * 256 + (this.bytes[at] ?? 0);
    return value;
  }

  #byte(what: string): number {
    if (this.start >= this.to) throw malformed(`the bytes end where ${what} should be`);
    return this.bytes[this.start++] ?? 0;
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
