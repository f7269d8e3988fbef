// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';

const SYNTAX = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}),(\d{3})([+-]\d{4})$/;

/** The meter's own clock: a wall time, the offset text it was set with, and how far it is to be trusted. */
export class MeterClock {
  #wallMs: number;
  #setAtMs: number;
  #offset = '+0000';
  #status: 'U' | 'I' | 'S' = 'U';

  constructor(private readonly clock: Clock) {
    this.#wallMs = clock.now();
    this.#setAtMs = clock.monotonic();
  }

  /** Whether the clock was set since power-up and is not marked otherwise. */
  get trusted(): boolean {
    return this.#status !== 'U';
  }

  /**
   * Sets the clock to `2025-01-15T10:30:00,000+0100`.
   *
   * @returns false when the text is no such time
   */
  set(text: string, status: 'I' | 'S'): boolean {
    const match = SYNTAX.exec(text);
    const wallMs = match === null ? Number.NaN : Date.parse(`${match[1] ?? ''}.${match[2] ?? ''}Z`);
    if (match === null || Number.isNaN(wallMs)) return false;
    this.#wallMs = wallMs;
    this.#setAtMs = this.clock.monotonic();
    this.#offset = match[3] ?? '+0000';
    this.#status = status;
    return true;
  }

  /** Marks the time as not to be trusted, as after a power failure. */
  distrust(): void {
    this.#status = 'U';
  }

  /** Starts at 1970, as a clock without battery does. */
  reset(): void {
    this.#wallMs = 0;
    this.#setAtMs = this.clock.monotonic();
    this.distrust();
  }

  /** `2024-12-15T22:42:28,000+0200 U`, whole seconds as the meter has them. */
  get text(): string {
    const wall = this.#wallMs + this.clock.monotonic() - this.#setAtMs;
    const seconds = new Date(Math.floor(wall / 1000) * 1000).toISOString().slice(0, 19);
    return `${seconds},000${this.#offset} ${this.#status}`;
  }
}

/** 01:00 UTC on the last Sunday of a month, when summer time begins and ends in the European Union. */
function lastSunday(year: number, month: number): number {
  const last = new Date(Date.UTC(year, month + 1, 0, 1));
  return last.getTime() - last.getUTCDay() * 86_400_000;
}

/**
 * What a meter that knows of summer time makes of `12:00:00,000+0100` in July: the hour stays, the offset becomes
 * `+0200`. Other times, and offsets that are right already, stay as they are.
 */
export function correctSummerTime(TM: string): string {
  const match = SYNTAX.exec(TM);
  const [, wall = '', , offset] = match ?? [];
  if (offset !== '+0100') return TM;
  const utcMs = Date.parse(`${wall}Z`) - 2 * 3_600_000;
  const year = new Date(utcMs).getUTCFullYear();
  const summer = utcMs >= lastSunday(year, 2) && utcMs < lastSunday(year, 9);
  return summer ? TM.replace('+0100', '+0200') : TM;
}
