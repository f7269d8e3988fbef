// SPDX-License-Identifier: Apache-2.0
import type { OcmfRecord } from '../record.js';
import { isBegin, type PlacedReading } from './registers.js';
import { parsePage } from './record-checks.js';

/** What is known of a transaction that a record should belong to. A member left out is not compared. */
export interface ExpectedTransaction {
  /** Identification data (ID) sent at the start. */
  readonly ID?: string | undefined;
  /** Meter serial (MS). */
  readonly MS?: string | undefined;
  /** Charge point identification (CI). */
  readonly CI?: string | undefined;
  /** Page of the last record before this transaction; the record's must be greater. */
  readonly afterPG?: string | undefined;
  /** Time of the start in milliseconds since 1970. */
  readonly startedMs?: number | undefined;
  /** How far the begin reading may lie from `startedMs`, either way; default 5 minutes. */
  readonly startToleranceMs?: number | undefined;
}

/** One point in which a record does not fit the transaction. */
export interface Mismatch {
  readonly field: 'ID' | 'MS' | 'CI' | 'PG' | 'TM';
  readonly expected: string;
  readonly found: string;
}

const START_TOLERANCE_MS = 5 * 60_000;

/** Compares a record with the transaction it should belong to. Empty means that nothing speaks against it. */
export function matchTransaction(record: OcmfRecord, expected: ExpectedTransaction): Mismatch[] {
  const { payload } = record;
  const mismatches: Mismatch[] = [];
  for (const field of ['ID', 'MS', 'CI'] as const) {
    const wanted = expected[field];
    const found = payload[field];
    if (wanted !== undefined && found !== wanted)
      mismatches.push({ field, expected: wanted, found: found ?? 'missing' });
  }
  const before = parsePage(expected.afterPG);
  const page = parsePage(payload.PG);
  if (before !== undefined && (page === undefined || page.number <= before.number))
    mismatches.push({
      field: 'PG',
      expected: `after ${expected.afterPG ?? ''}`,
      found: payload.PG ?? 'missing',
    });
  if (expected.startedMs !== undefined) {
    const begin = payload.RD.find((reading) => isBegin({ record: 0, reading } satisfies PlacedReading))?.TM;
    const tolerance = expected.startToleranceMs ?? START_TOLERANCE_MS;
    if (begin === undefined || Math.abs(begin.epochMs - expected.startedMs) > tolerance)
      mismatches.push({
        field: 'TM',
        expected: `begin at ${new Date(expected.startedMs).toISOString()} ± ${tolerance / 1000} s`,
        found: begin?.text ?? 'no begin',
      });
  }
  return mismatches;
}
