// SPDX-License-Identifier: Apache-2.0
import { verifyRecord, type Verification } from '../verify.js';
import { keyFor, type CliInput } from './input.js';
import { EXIT, type CliIo } from './io.js';

/** Verification of one record as the commands print it. */
export interface RecordVerdict extends Omit<Verification, 'error'> {
  readonly page?: string;
  readonly keySource: 'given' | 'container' | 'none';
  readonly error?: { readonly code: string; readonly message: string };
}

/** Verifies every record of the input. */
export function verdictsOf(input: CliInput): RecordVerdict[] {
  return input.records.map((entry) => {
    const { key, source } = keyFor(entry, input.key);
    const { error, ...verification } = verifyRecord(entry.record, key);
    const page = entry.record.payload.PG;
    return {
      ...(page === undefined ? {} : { page }),
      ...verification,
      keySource: source,
      ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    };
  });
}

/** One line about one record. */
export function verdictLine(verdict: RecordVerdict): string {
  const notes = [
    ...(verdict.curve === undefined ? [] : [verdict.curve]),
    ...(verdict.derProblems.length === 0 ? [] : [`DER not canonical: ${verdict.derProblems.join(', ')}`]),
    ...(verdict.keySource === 'container' ? ['key taken from the container'] : []),
    ...(verdict.verdict === 'unverifiable' ? ['no key given'] : []),
    ...(verdict.error === undefined ? [] : [`${verdict.error.message} (${verdict.error.code})`]),
  ];
  return `${verdict.verdict.toUpperCase()} ${verdict.page ?? 'no page'}: ${notes.join('; ')}`;
}

/** `ocmf verify` */
export function verifyCommand(input: CliInput, json: boolean, io: CliIo): number {
  const records = verdictsOf(input);
  const verified = records.every((entry) => entry.verified);
  if (json) io.out(JSON.stringify({ verified, records }, null, 2));
  else for (const entry of records) io.out(verdictLine(entry));
  return verified ? EXIT.valid : EXIT.notValid;
}
