// SPDX-License-Identifier: Apache-2.0
import { excerpt, OcmfError } from './errors.js';

const SYNTAX = /^\s*([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?\s*$/;
/** More than any meter writes; bounds the work an exponent such as 1e999999999 could cause. */
const MAX_DIGITS = 100;
const MAX_EXPONENT = 100;

/**
 * An exact decimal number that keeps the number of places as written: `446.540` stays `446.540`.
 *
 * Readings are money; they never pass through a binary float.
 */
export class Decimal {
  private constructor(
    /** The digits without the point, with sign. */
    readonly unscaled: bigint,
    /** Number of digits after the point, 0 or more. */
    readonly places: number,
  ) {}

  /**
   * Reads `446.540`, `"00000446.540"`, `"      48.542"` or `1.606848e7`.
   *
   * @throws OcmfError `OCMF_DECIMAL` for anything else, and beyond 100 digits or an exponent beyond ±100
   */
  static parse(text: string): Decimal {
    const match = text.length <= 2 * MAX_DIGITS ? SYNTAX.exec(text) : null;
    if (match === null) throw new OcmfError('OCMF_DECIMAL', `${excerpt(text)} is no decimal number`);
    const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
    const exponent = Number(exponentText);
    if (whole.length + fraction.length > MAX_DIGITS || Math.abs(exponent) > MAX_EXPONENT)
      throw new OcmfError('OCMF_DECIMAL', `${excerpt(text)} has too many digits`);
    const digits = BigInt(whole + fraction);
    const places = fraction.length - exponent;
    const unscaled = places < 0 ? digits * 10n ** BigInt(-places) : digits;
    return new Decimal(sign === '-' ? -unscaled : unscaled, Math.max(0, places));
  }

  /** Exact difference; as many places as the operand with more of them. */
  minus(other: Decimal): Decimal {
    const places = Math.max(this.places, other.places);
    return new Decimal(this.#at(places) - other.#at(places), places);
  }

  /** Negative, zero or positive, as `this` is less than, equal to or greater than `other`; places do not matter. */
  compare(other: Decimal): number {
    const places = Math.max(this.places, other.places);
    const difference = this.#at(places) - other.#at(places);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  /** Exact `this` × 10^`exponent`; Wh become kWh with -3. */
  shift(exponent: number): Decimal {
    const places = this.places - exponent;
    return places < 0
      ? new Decimal(this.unscaled * 10n ** BigInt(-places), 0)
      : new Decimal(this.unscaled, places);
  }

  /** The nearest double. For display and control only, never for billing. */
  toNumber(): number {
    return Number(this.toString());
  }

  /** Plain notation without exponent, without leading zeros, with all places. */
  toString(): string {
    const negative = this.unscaled < 0n;
    const digits = (negative ? -this.unscaled : this.unscaled).toString().padStart(this.places + 1, '0');
    const point = digits.length - this.places;
    const text = this.places === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
    return negative ? `-${text}` : text;
  }

  /** JSON gets the text, so that nothing is rounded on the way. */
  toJSON(): string {
    return this.toString();
  }

  #at(places: number): bigint {
    return this.unscaled * 10n ** BigInt(places - this.places);
  }
}
