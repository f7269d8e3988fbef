// SPDX-License-Identifier: Apache-2.0
import { fromBase64, fromHex } from './binary-text.js';
import { excerpt, OcmfError } from './errors.js';
import { isJsonArray, isJsonObject, parseExactJson, type JsonObject, type JsonValue } from './exact-json.js';
import { MAX_RECORD_LENGTH } from './record.js';
import { readXml, type XmlElement } from './xml.js';

/** One record taken out of a container. */
export interface ContainerEntry {
  /** The record's text, untouched. */
  readonly record: string;
  /** Key that came along. It proves nothing by itself: it must be known from elsewhere to be the meter's. */
  readonly publicKey?: string;
  /** Name the container gives the transaction. */
  readonly transactionId?: string;
  /** `Transaction.Begin` or `Transaction.End`. */
  readonly context?: string;
}

/** Longest container that is read, in characters. */
const MAX_CONTAINER_LENGTH = 16 * MAX_RECORD_LENGTH;
/** How often JSON may stand as text in JSON: OCPP 1.6 needs one level, a log of its frames two. */
const MAX_TEXT_DEPTH = 3;
/**
 * Between two records of a text. A line break followed by a header cannot stand inside a record: JSON texts hold no raw
 * line breaks. The blanks are those of one line, so that many empty lines are not looked at again for each of them.
 */
const RECORD_BREAK = /\n[^\S\n]*(?=OCMF\|)/;

function fail(message: string): never {
  throw new OcmfError('OCMF_CONTAINER', message);
}

/** The records of a text that begins with one. */
export function readPlainRecords(text: string): ContainerEntry[] {
  return text.split(RECORD_BREAK).map((record) => ({ record: record.trimEnd() }));
}

function decodeRecord(text: string, encoding: string): string {
  const name = encoding.toLowerCase();
  if (name === 'plain' || name === '') return text.trim();
  const compact = text.replace(/\s+/g, '');
  const bytes = name === 'base64' ? fromBase64(compact) : name === 'hex' ? fromHex(compact) : undefined;
  if (bytes === undefined) return fail(`the record is not in encoding ${excerpt(encoding)}`);
  return bytes.toString('utf8');
}

/** `<values><value><signedData format="OCMF" encoding="plain">…</signedData><publicKey encoding="hex">…` */
function readValue(value: XmlElement): ContainerEntry[] {
  const data = value.children.find((child) => child.name === 'signedData' || child.name === 'encodedData');
  const format = data?.attributes.get('format')?.toUpperCase();
  if (data === undefined || (format !== undefined && format !== 'OCMF')) return [];
  const key = value.children.find((child) => child.name === 'publicKey')?.text.trim();
  const transactionId = value.attributes.get('transactionId');
  const context = value.attributes.get('context');
  return [
    {
      record: decodeRecord(data.text, data.attributes.get('encoding') ?? 'plain'),
      ...(key === undefined || key === '' ? {} : { publicKey: key }),
      ...(transactionId === undefined ? {} : { transactionId }),
      ...(context === undefined ? {} : { context }),
    },
  ];
}

function readXmlContainer(text: string): ContainerEntry[] {
  const root = readXml(text);
  const values = root.name === 'value' ? [root] : root.children.filter((child) => child.name === 'value');
  const entries = values.flatMap(readValue);
  return entries.length > 0 ? entries : fail(`<${root.name}> holds no <value> with an OCMF record`);
}

function stringAt(object: JsonObject, ...keys: string[]): string | undefined {
  for (const key of keys) {
    const value = object.get(key);
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** A text in JSON: a bare record, or OCPP 1.6's JSON text of a SignedMeterValue. Other texts hold nothing. */
function readJsonText(text: string, depth: number): ContainerEntry[] {
  const trimmed = text.trim();
  if (trimmed.startsWith('OCMF|')) return readPlainRecords(trimmed);
  if (!trimmed.startsWith('{')) return [];
  if (depth === MAX_TEXT_DEPTH) fail(`JSON stands as text in JSON more than ${MAX_TEXT_DEPTH} times over`);
  let json: JsonValue;
  try {
    json = parseExactJson(trimmed, 'text').value;
  } catch {
    return [];
  }
  return readSignedMeterValue(json, depth + 1);
}

/** OCPP's SignedMeterValue, in its own spelling or that of EVerest; the record plain or as Base64. */
function readSignedMeterValue(value: JsonValue, depth: number): ContainerEntry[] {
  if (typeof value === 'string') return readJsonText(value, depth);
  if (isJsonArray(value)) return value.flatMap((item) => readSignedMeterValue(item, depth));
  if (!isJsonObject(value)) return [];
  const data = stringAt(value, 'signedMeterData', 'signed_meter_data');
  if (data === undefined) return [...value.values()].flatMap((item) => readSignedMeterValue(item, depth));
  const publicKey = stringAt(value, 'publicKey', 'public_key');
  return [
    {
      record: data.startsWith('OCMF|') ? data : decodeRecord(data, 'base64'),
      ...(publicKey === undefined ? {} : { publicKey }),
    },
  ];
}

/**
 * Takes records out of what they travel in: plain text with one or more records, `<values>` XML of the transparency
 * software, or JSON with OCPP's SignedMeterValue: as an object, or as OCPP 1.6 has it in the `value` of a sampled value,
 * which is the JSON text of that object or the bare record.
 *
 * @throws OcmfError `OCMF_CONTAINER` when the text is none of these or holds no record
 */
export function readContainer(text: string): ContainerEntry[] {
  if (text.length > MAX_CONTAINER_LENGTH) fail(`${text.length} characters are too many for a container`);
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed.startsWith('OCMF|')) return readPlainRecords(trimmed);
  if (trimmed.startsWith('<')) return readXmlContainer(trimmed);
  if (!trimmed.startsWith('{') && !trimmed.startsWith('['))
    return fail(`the text holds no OCMF record: ${trimmed === '' ? 'it is empty' : excerpt(trimmed)}`);
  let json: JsonValue;
  try {
    json = parseExactJson(trimmed, 'container').value;
  } catch (error) {
    throw new OcmfError('OCMF_CONTAINER', 'the text is neither a record nor JSON', { cause: error });
  }
  const entries = readSignedMeterValue(json, 0);
  return entries.length > 0 ? entries : fail('the JSON holds no signed meter value');
}
