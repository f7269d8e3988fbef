// SPDX-License-Identifier: Apache-2.0

/** Status of the meter's clock: unknown, informative, synchronised, relative (durations exact). */
export type TimeStatus = 'U' | 'I' | 'S' | 'R';

/** A time as OCMF writes it, `2026-03-02T08:41:17,000+0100 I`. */
export interface OcmfTime {
  /** The text as written. */
  readonly text: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly epochMs: number;
  /** Offset from UTC in minutes, east positive. */
  readonly offsetMinutes: number;
  /** Undefined when the letter is missing. */
  readonly status: TimeStatus | undefined;
}

const SYNTAX = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}),(\d{3})([+-])(\d{2})(\d{2})(?: ([UISR]))?$/;

/** Reads an OCMF time; undefined when the text is none or names a day or hour that does not exist. Never throws. */
export function parseOcmfTime(text: string): OcmfTime | undefined {
  const match = SYNTAX.exec(text);
  if (match === null) return undefined;
  const [, local = '', millis = '', sign = '', hours = '', minutes = '', status] = match;
  const localMs = Date.parse(`${local}.${millis}Z`);
  // Date.parse reads February 30th as March 2nd.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString() !== `${local}.${millis}Z`) return undefined;
  const offsetMinutes = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  return {
    text,
    epochMs: localMs - offsetMinutes * 60_000,
    offsetMinutes,
    status: status as TimeStatus | undefined,
  };
}
