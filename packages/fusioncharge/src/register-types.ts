// SPDX-License-Identifier: Apache-2.0
import { FusionChargeError } from './errors.js';

/** How a value lies in one or more 16-bit registers. All integers are big-endian. */
export interface RegisterType<T> {
  /** Name as used in the register tables: `u16`, `f32`, `string(48)`, … */
  readonly name: string;
  /** Number of 16-bit registers. */
  readonly count: number;
  /**
   * The bytes of `value`, `2 * count` of them.
   *
   * @throws FusionChargeError `FUSIONCHARGE_VALUE` when the value does not fit
   */
  encode(value: T): Buffer;
  /** The value of `2 * count` bytes. Never throws: an enumeration may yield a number outside its names. */
  decode(bytes: Buffer): T;
}

function integer(name: string, count: number, limit: number): RegisterType<number> {
  return {
    name,
    count,
    encode(value) {
      if (!Number.isInteger(value) || value < 0 || value > limit)
        throw new FusionChargeError('FUSIONCHARGE_VALUE', `${value} is not a ${name} (0..${limit})`);
      const bytes = Buffer.allocUnsafe(2 * count);
      bytes.writeUIntBE(value, 0, 2 * count);
      return bytes;
    },
    decode: (bytes) => bytes.readUIntBE(0, 2 * count),
  };
}

/** Unsigned 16-bit integer, one register. */
export const u16 = integer('u16', 1, 0xffff);

/** Unsigned 32-bit integer, two registers, high word first. */
export const u32 = integer('u32', 2, 0xffffffff);

/** IEEE 754 single, two registers. Values outside its range are refused, others are rounded. */
export const f32: RegisterType<number> = {
  name: 'f32',
  count: 2,
  encode(value) {
    if (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))
      throw new FusionChargeError('FUSIONCHARGE_VALUE', `${value} is too large for an f32`);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeFloatBE(value, 0);
    return bytes;
  },
  decode: (bytes) => bytes.readFloatBE(0),
};

/** IEEE 754 double, four registers. */
export const f64: RegisterType<number> = {
  name: 'f64',
  count: 4,
  encode(value) {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleBE(value, 0);
    return bytes;
  },
  decode: (bytes) => bytes.readDoubleBE(0),
};

/** Names of an enumeration and their numbers on the wire. */
export type EnumerationValues = Readonly<Record<string, number>>;

/** An enumeration in one register. Numbers without a name are carried as they are. */
export interface EnumerationType extends RegisterType<number> {
  readonly values: EnumerationValues;
}

/** An enumeration in one register. */
export function enumeration(values: EnumerationValues): EnumerationType {
  return { ...u16, name: 'enum', values };
}

/** The name of `value` in an enumeration, or undefined when it has none. */
export function nameOf<V extends EnumerationValues>(
  values: V,
  value: number,
): Extract<keyof V, string> | undefined {
  for (const name in values) if (values[name] === value) return name;
  return undefined;
}

/**
 * Text of at most `length` bytes (Latin-1), zero padded, without a terminator when full.
 * Longer text is cut on encoding; decoding ends at the first NUL.
 */
export function string(length: number): RegisterType<string> {
  return {
    name: `string(${length})`,
    count: length / 2,
    encode(value) {
      const bytes = Buffer.alloc(length);
      bytes.write(value, 0, length, 'latin1');
      return bytes;
    },
    decode(bytes) {
      const end = bytes.indexOf(0);
      return bytes.toString('latin1', 0, end < 0 ? length : end);
    },
  };
}

/** `length` raw bytes. */
export function bytes(length: number): RegisterType<Buffer> {
  return {
    name: `bytes(${length})`,
    count: length / 2,
    encode(value) {
      // The bytes themselves stay out of the text: this type carries keys.
      if (value.length !== length)
        throw new FusionChargeError('FUSIONCHARGE_VALUE', `expected ${length} bytes, got ${value.length}`);
      return Buffer.from(value);
    },
    decode: (source) => Buffer.from(source),
  };
}
