// SPDX-License-Identifier: Apache-2.0
import { lengthSize, writeHeader, type BerReader } from './ber.js';
import { GooseFrameError, GooseValueError } from './errors.js';

/** One entry of a data set. */
export type GooseData =
  | {
      readonly type: 'unsigned';
      readonly value: number;
      /** Bytes on the wire, 1..4. A received entry may be shorter than its type. */
      readonly size: number;
    }
  /** IEEE-754 single in four bytes, without the exponent width of IEC 61850-8-1. */
  | { readonly type: 'float'; readonly value: number }
  /** A type this package does not interpret. */
  | { readonly type: 'other'; readonly tag: number; readonly value: Uint8Array };

const TAG_UNSIGNED = 0x86;
const TAG_FLOAT = 0x87;
const FLOAT_SIZE = 4;
const LONGEST_UNSIGNED = 4;

/** An unsigned 16-bit entry. */
export function uint16(value: number): GooseData {
  return { type: 'unsigned', value, size: 2 };
}

/** A single precision entry. */
export function float32(value: number): GooseData {
  return { type: 'float', value };
}

/**
 * Interprets the present element of a data set.
 *
 * @throws GooseFrameError when it is longer than its type
 */
export function decodeData(element: BerReader): GooseData {
  const { tag, bytes, start, end, length } = element;
  switch (tag) {
    case TAG_UNSIGNED:
      return { type: 'unsigned', value: element.unsigned(LONGEST_UNSIGNED, 'data entry'), size: length };
    case TAG_FLOAT:
      if (length !== FLOAT_SIZE)
        throw new GooseFrameError('GOOSE_MALFORMED', `a float has 4 bytes, found ${length}`);
      return { type: 'float', value: bytes.readFloatBE(start) };
    default:
      return { type: 'other', tag, value: Buffer.from(bytes.subarray(start, end)) };
  }
}

/** Bytes the entry takes on the wire, tag and length included. */
export function dataSize(data: GooseData): number {
  const content = contentSize(data);
  return 1 + lengthSize(content) + content;
}

/**
 * Writes the entry at `offset` and returns the offset behind it.
 *
 * @throws GooseValueError when the value does not fit
 */
export function writeData(buffer: Buffer, offset: number, data: GooseData): number {
  switch (data.type) {
    case 'unsigned': {
      if (!Number.isInteger(data.value) || data.value < 0 || data.value >= 2 ** (8 * data.size))
        throw new GooseValueError(`${data.value} is no unsigned number of ${data.size} bytes`);
      const start = writeHeader(buffer, offset, TAG_UNSIGNED, data.size);
      return data.size === 2
        ? buffer.writeUInt16BE(data.value, start)
        : buffer.writeUIntBE(data.value, start, data.size);
    }
    case 'float':
      return buffer.writeFloatBE(data.value, writeHeader(buffer, offset, TAG_FLOAT, FLOAT_SIZE));
    case 'other': {
      const start = writeHeader(buffer, offset, data.tag, data.value.length);
      buffer.set(data.value, start);
      return start + data.value.length;
    }
  }
}

function contentSize(data: GooseData): number {
  switch (data.type) {
    case 'unsigned':
      if (!Number.isInteger(data.size) || data.size < 1 || data.size > LONGEST_UNSIGNED)
        throw new GooseValueError(`an unsigned entry has 1 to 4 bytes, not ${data.size}`);
      return data.size;
    case 'float':
      return FLOAT_SIZE;
    case 'other':
      return data.value.length;
  }
}
