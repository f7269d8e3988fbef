// SPDX-License-Identifier: Apache-2.0
import { toPlainJson } from '../exact-json.js';
import type { OcmfPayload } from '../payload.js';
import type { Reading } from '../reading.js';
import type { OcmfRecord } from '../record.js';
import type { CliInput } from './input.js';
import { EXIT, type CliIo } from './io.js';

const LABELS: readonly (readonly [keyof OcmfPayload, string])[] = [
  ['FV', 'format version'],
  ['PG', 'page'],
  ['GI', 'gateway'],
  ['GS', 'gateway serial'],
  ['GV', 'gateway version'],
  ['MV', 'meter vendor'],
  ['MM', 'meter model'],
  ['MS', 'meter serial'],
  ['MF', 'meter firmware'],
  ['CT', 'charge point id type'],
  ['CI', 'charge point id'],
  ['IS', 'user assigned'],
  ['IL', 'identification level'],
  ['IF', 'identification flags'],
  ['IT', 'identification type'],
  ['ID', 'identification'],
  ['TT', 'tariff'],
  ['CF', 'controller firmware'],
];

const COLUMNS: readonly (readonly [string, (reading: Reading) => string | undefined])[] = [
  ['TX', ({ TX }) => TX],
  ['time', ({ TM }) => TM?.text],
  ['register', ({ RI }) => RI],
  ['value', ({ RV }) => RV?.toString()],
  ['unit', ({ RU }) => RU],
  ['type', ({ RT }) => RT],
  ['state', ({ ST }) => ST],
  ['flags', ({ EF }) => EF],
];

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function fieldText(payload: OcmfPayload, field: keyof OcmfPayload): string | undefined {
  const value = payload[field];
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  return field === 'IF' && payload.IF.length > 0 ? payload.IF.join(', ') : undefined;
}

function describe(record: OcmfRecord): string[] {
  const { payload, signature } = record;
  const fields = LABELS.flatMap(([field, label]) => {
    const text = fieldText(payload, field);
    return text === undefined ? [] : [[field, label, text]];
  });
  const others = [...payload.other].map(([key, value]) => [key, '', JSON.stringify(toPlainJson(value))]);
  const readings = payload.RD.map((reading) => COLUMNS.map(([, cell]) => cell(reading) ?? '-'));
  return [
    ...table([
      ...fields,
      ...others,
      ['SA', 'signature', signature.SA + (signature.SAGiven ? '' : ' (default)')],
    ]),
    '',
    ...table([COLUMNS.map(([title]) => title), ...readings]),
    ...payload.deviations.map(({ path, message }) => `note: ${path}: ${message}`),
  ];
}

function toJson(record: OcmfRecord): unknown {
  const { other, RD, ...fields } = record.payload;
  return {
    ...fields,
    RD: RD.map(({ other: extra, register, ...reading }) => ({
      ...reading,
      ...(register === undefined ? {} : { register: register.normalised }),
      other: toPlainJson(extra),
    })),
    other: toPlainJson(other),
    signature: { ...record.signature, other: toPlainJson(record.signature.other) },
    duplicateKeys: record.duplicateKeys,
  };
}

/** `ocmf show`: it reads, it judges nothing. */
export function showCommand(input: CliInput, json: boolean, io: CliIo): number {
  const records = input.records.map(({ record }) => record);
  if (json) io.out(JSON.stringify({ records: records.map(toJson) }, null, 2));
  else
    for (const line of records.flatMap((record, index) => [
      ...(index === 0 ? [] : ['']),
      ...describe(record),
    ]))
      io.out(line);
  return EXIT.valid;
}
