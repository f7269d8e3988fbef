// SPDX-License-Identifier: Apache-2.0

/** What an `error` prevents: billing. A `warning` is for a person to look at. */
export type Severity = 'error' | 'warning';

/** Every finding of the billing checks, with its severity. The names are stable. */
export const FINDINGS = {
  'no-records': 'error',
  'no-transaction': 'error',
  'no-begin': 'error',
  'no-end': 'error',
  'several-begins': 'error',
  'several-ends': 'error',
  'readings-out-of-order': 'error',
  'register-differs': 'error',
  'no-billing-register': 'error',
  'ambiguous-register': 'error',
  'unit-differs': 'error',
  'unit-not-energy': 'error',
  'value-missing': 'error',
  'value-falling': 'error',
  'exception-reading': 'error',
  'meter-state': 'error',
  'energy-flag': 'error',
  'time-unreadable': 'error',
  'time-status-missing': 'error',
  'time-status-mixed': 'error',
  'time-backwards': 'error',
  'identification-level': 'error',
  'pagination-missing': 'error',
  'pagination-malformed': 'error',
  'pagination-fiscal': 'error',
  'pagination-gap': 'error',
  'source-differs': 'error',
  'user-differs': 'error',
  'event-counter-differs': 'error',
  'ambiguous-content': 'error',
  'time-flag': 'warning',
  'time-unsynchronised': 'warning',
  'intermediate-state': 'warning',
  'tariff-change': 'warning',
  'records-out-of-order': 'warning',
  'user-not-assigned': 'warning',
  'format-version': 'warning',
  'format-deviation': 'warning',
} as const satisfies Record<string, Severity>;

/** Stable name of a finding. */
export type FindingCode = keyof typeof FINDINGS;

/** One thing the billing checks found. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** One sentence with the values. */
  readonly message: string;
  /** Index of the record in the order given; absent when the finding is about all of them. */
  readonly record?: number;
  /** Index of the reading in RD. */
  readonly reading?: number;
}

/** Collects findings. */
export class Findings {
  readonly list: Finding[] = [];

  add(code: FindingCode, message: string, at: { record?: number; reading?: number } = {}): void {
    this.list.push({ code, severity: FINDINGS[code], message, ...at });
  }

  get hasError(): boolean {
    return this.list.some((finding) => finding.severity === 'error');
  }
}
