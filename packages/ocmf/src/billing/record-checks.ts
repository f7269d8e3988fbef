// SPDX-License-Identifier: Apache-2.0
import type { OcmfPayload } from '../payload.js';
import type { OcmfRecord } from '../record.js';
import type { Findings } from './findings.js';

/** Levels by which the meter says that the assignment of the user failed. */
const FAILED_LEVELS = new Set(['MISMATCH', 'INVALID', 'OUTDATED', 'UNKNOWN']);
const PAGE = /^([TF])(0|[1-9]\d{0,17})$/;
const VERSION = /^([01])(?:\.(\d+))?$/;
/** Newest version whose rules are applied here. */
const NEWEST_MINOR = 4;

/** A page number, `T17` as context T and number 17. */
export interface Page {
  readonly context: 'T' | 'F';
  readonly number: bigint;
}

/** Reads PG; undefined when it is none. Never throws. */
export function parsePage(text: string | undefined): Page | undefined {
  const match = text === undefined ? null : PAGE.exec(text);
  if (match === null) return undefined;
  const [, context = 'T', number = '0'] = match;
  return { context: context === 'F' ? 'F' : 'T', number: BigInt(number) };
}

/** Whether the record is of a draft format, 0.x. */
export function isDraft(payload: OcmfPayload): boolean {
  return payload.FV?.startsWith('0.') === true;
}

/** Checks that look at one record alone. */
export function checkRecord(record: OcmfRecord, index: number, findings: Findings): void {
  const { payload } = record;
  const at = { record: index };
  for (const path of record.duplicateKeys)
    findings.add('ambiguous-content', `${path} stands twice in the record`, at);
  for (const { path, message } of payload.deviations)
    findings.add('format-deviation', `${path}: ${message}`, at);
  const version = VERSION.exec(payload.FV ?? '');
  if (version === null || (version[1] === '1' && Number(version[2] ?? 0) > NEWEST_MINOR))
    findings.add(
      'format-version',
      `format version ${payload.FV ?? 'missing'} is none that is known here`,
      at,
    );
  if (payload.IL !== undefined && FAILED_LEVELS.has(payload.IL))
    findings.add('identification-level', `identification level ${payload.IL}: the user is not assured`, at);
  if (payload.IS !== true) findings.add('user-not-assigned', 'no user is assigned', at);
  if (payload.PG === undefined) findings.add('pagination-missing', 'the record has no page', at);
  else {
    const page = parsePage(payload.PG);
    if (page === undefined)
      findings.add('pagination-malformed', `${payload.PG} is no page, as T17 would be`, at);
    else if (page.context === 'F')
      findings.add('pagination-fiscal', `${payload.PG} is a fiscal page, not one of a transaction`, at);
  }
}

/** Records in page order, with their index as given. */
export function inPageOrder(
  records: readonly OcmfRecord[],
  findings: Findings,
): { record: OcmfRecord; index: number }[] {
  const given = records.map((record, index) => ({ record, index, page: parsePage(record.payload.PG) }));
  const sorted = given.slice().sort((a, b) => {
    if (a.page === undefined || b.page === undefined) return a.index - b.index;
    return a.page.number < b.page.number ? -1 : a.page.number > b.page.number ? 1 : 0;
  });
  if (sorted.some((entry, position) => entry.index !== position))
    findings.add('records-out-of-order', 'the records were not given in the order of their pages');
  return sorted;
}

const SOURCE = ['GI', 'GS', 'MV', 'MM', 'MS', 'CT', 'CI'] as const;
const USER = ['IS', 'IT', 'ID'] as const;

/** Checks over consecutive records of one transaction, in page order. */
export function checkSequence(
  ordered: readonly { record: OcmfRecord; index: number }[],
  findings: Findings,
): void {
  ordered.slice(1).forEach(({ record, index }, position) => {
    const before = ordered[position]?.record.payload;
    if (before === undefined) return;
    const { payload } = record;
    const from = parsePage(before.PG);
    const to = parsePage(payload.PG);
    if (
      from !== undefined &&
      to !== undefined &&
      (from.context !== to.context || to.number !== from.number + 1n)
    )
      findings.add('pagination-gap', `page ${payload.PG ?? ''} does not follow ${before.PG ?? ''}`, {
        record: index,
      });
    const source = SOURCE.filter((field) => payload[field] !== before[field]);
    if (source.length > 0)
      findings.add('source-differs', `the records differ in ${source.join(', ')}`, { record: index });
    const user = USER.filter((field) => payload[field] !== before[field]);
    if (user.length > 0)
      findings.add('user-differs', `the records differ in ${user.join(', ')}`, { record: index });
  });
}
