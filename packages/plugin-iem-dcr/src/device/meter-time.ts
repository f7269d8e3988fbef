// SPDX-License-Identifier: Apache-2.0
import { parseOcmfTime } from '@carabiner/ocmf';

/** How the meter's clock is written. */
export interface MeterTimeOptions {
  /** Offset of normal time, `+0100`. */
  readonly timezone: string;
  readonly handleDst: boolean;
  /** IANA zone whose summer time counts. */
  readonly dstZone: string;
  /** `iso8601` moves hour and offset, `compatible` the hour only. */
  readonly dstNotation: 'iso8601' | 'compatible';
}

const TIMEZONE = /^([+-])(\d{2})(\d{2})$/;
const HOUR_MIN = 60;

/**
 * Offset of `+0130` in minutes.
 *
 * @throws RangeError when the text is no offset
 */
export function parseOffset(timezone: string): number {
  const match = TIMEZONE.exec(timezone);
  if (match === null)
    throw new RangeError(
      `timezone ${JSON.stringify(timezone)} is no offset; write a sign and four digits, such as +0100`,
    );
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * HOUR_MIN + Number(match[3]));
}

function formatOffset(minutes: number): string {
  const absolute = Math.abs(minutes);
  const digits = [Math.floor(absolute / HOUR_MIN), absolute % HOUR_MIN];
  return (minutes < 0 ? '-' : '+') + digits.map((part) => part.toString().padStart(2, '0')).join('');
}

/** Offset of a zone from UTC at a moment, minutes. */
function zoneOffset(format: Intl.DateTimeFormat, atMs: number): number {
  const parts = Object.fromEntries(
    format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const localMs = Date.UTC(year, month - 1, day, hour % 24, minute, second);
  return Math.round((localMs - Math.floor(atMs / 1000) * 1000) / 60_000);
}

/** Writes times for the meter. */
export class MeterTime {
  readonly #offsetMinutes: number;
  readonly #format: Intl.DateTimeFormat;

  /** @throws RangeError when timezone or zone cannot be read */
  constructor(private readonly options: MeterTimeOptions) {
    this.#offsetMinutes = parseOffset(options.timezone);
    this.#format = new Intl.DateTimeFormat('en-GB', {
      timeZone: options.dstZone,
      hourCycle: 'h23',
      ...{
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      },
    });
  }

  /** `2025-01-15T10:30:00,000+0100`, without status letter, whole seconds. */
  format(atMs: number): string {
    const summer = this.options.handleDst && this.#isSummer(atMs) ? HOUR_MIN : 0;
    const wall = new Date(atMs + (this.#offsetMinutes + summer) * 60_000).toISOString().slice(0, 19);
    const offset =
      this.options.dstNotation === 'iso8601' ? this.#offsetMinutes + summer : this.#offsetMinutes;
    return `${wall},000${formatOffset(offset)}`;
  }

  /** Summer is when the zone is ahead of its own least offset within the year. */
  #isSummer(atMs: number): boolean {
    const year = new Date(atMs).getUTCFullYear();
    const [january, july] = [0, 6].map((month) => zoneOffset(this.#format, Date.UTC(year, month, 1)));
    return zoneOffset(this.#format, atMs) > Math.min(january ?? 0, july ?? 0);
  }
}

/**
 * A time of the meter as RFC 3339, `2024-12-15T22:42:28.000+02:00`; undefined when it cannot be read.
 *
 * @param text - with or without status letter
 */
export function toRfc3339(text: string): string | undefined {
  return parseOcmfTime(text) === undefined
    ? undefined
    : text.slice(0, 28).replace(/^(.{19}),(\d{3})([+-]\d{2})(\d{2})$/, '$1.$2$3:$4');
}
