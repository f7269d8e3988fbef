// SPDX-License-Identifier: Apache-2.0

/** Time of IEC 61850: UTC seconds, a binary fraction of 24 bits and a quality byte. */
export interface GooseTime {
  /** Seconds since 1970-01-01T00:00:00Z, 0 .. 2^32-1. */
  readonly seconds: number;
  /** Fraction of the second in units of 2^-24 s. */
  readonly fraction: number;
  /** Time quality: accuracy in the low five bits, flags above. */
  readonly quality: number;
}

/** Accuracy of ten bits, about a millisecond: what FusionCharge equipment sends. */
export const QUALITY_MILLISECOND = 0x0a;

const FRACTIONS = 2 ** 24;

/** The time for `unixMs` milliseconds since 1970; the fraction is rounded down. */
export function gooseTime(unixMs: number, quality = QUALITY_MILLISECOND): GooseTime {
  const wholeMs = Math.floor(unixMs);
  const seconds = Math.floor(wholeMs / 1000);
  return {
    seconds: seconds % 2 ** 32,
    fraction: Math.floor(((wholeMs - seconds * 1000) * FRACTIONS) / 1000),
    quality,
  };
}

/** Milliseconds since 1970, rounded to the nearest. */
export function gooseTimeToUnixMs(time: GooseTime): number {
  return time.seconds * 1000 + Math.round((time.fraction * 1000) / FRACTIONS);
}

/** Negative when `a` is earlier than `b`, positive when later, 0 when equal. The quality does not count. */
export function compareGooseTime(a: GooseTime, b: GooseTime): number {
  return a.seconds - b.seconds || a.fraction - b.fraction;
}
