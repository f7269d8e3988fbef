// SPDX-License-Identifier: Apache-2.0
import { excerpt, OcmfError } from './errors.js';
import { isJsonObject, parseExactJson, type JsonObject } from './exact-json.js';
import { readPayload, type OcmfPayload } from './payload.js';

/** Longest record that is read, in characters or bytes; real ones have one to ten thousand. */
export const MAX_RECORD_LENGTH = 1_000_000;

const HEADER = 'OCMF|';
const PIPE = 0x7c;

/** The signature section, defaults filled in. */
export interface SignatureSection {
  /** Algorithm; default `ECDSA-secp256r1-SHA256`. */
  readonly SA: string;
  /** Whether the record names its algorithm. */
  readonly SAGiven: boolean;
  /** Encoding of SD; default `hex`. */
  readonly SE: string;
  /** Media type of SD; default `application/x-der`. */
  readonly SM: string;
  /** The signature's text. */
  readonly SD: string;
  /** Fields outside the format and those of manufacturers, untouched. */
  readonly other: JsonObject;
}

/** A record split into its sections. The signed bytes are exactly those that came in. */
export class OcmfRecord {
  #payload: OcmfPayload | undefined;

  /** @internal use {@link parseRecord} */
  constructor(
    /** The record as it came in. */
    readonly text: string,
    /** What was signed: everything between the first and the last pipe, UTF-8. Do not write to it. */
    readonly signedBytes: Buffer,
    readonly signature: SignatureSection,
    /** Keys that stand twice in one object; such a record does not mean one thing. */
    readonly duplicateKeys: readonly string[],
    private readonly payloadObject: JsonObject,
  ) {}

  /** The payload, typed; made on first use. */
  get payload(): OcmfPayload {
    this.#payload ??= readPayload(this.payloadObject);
    return this.#payload;
  }

  /** The payload as parsed, numbers as text. */
  get payloadJson(): JsonObject {
    return this.payloadObject;
  }
}

interface Sections {
  readonly text: string;
  readonly payload: string;
  readonly signature: string;
  readonly signedBytes: Buffer;
}

function tooLong(length: number): never {
  throw new OcmfError(
    'OCMF_STRUCTURE',
    `${length} characters are more than the ${MAX_RECORD_LENGTH} of the longest record`,
  );
}

function noPipes(text: string): never {
  const problem = text.startsWith(HEADER) ? 'has no signature section' : 'does not begin with OCMF|';
  throw new OcmfError(
    'OCMF_STRUCTURE',
    `the text ${problem}: ${text === '' ? 'it is empty' : excerpt(text)}`,
  );
}

function splitText(text: string): Sections {
  if (text.length > MAX_RECORD_LENGTH) tooLong(text.length);
  const last = text.lastIndexOf('|');
  if (!text.startsWith(HEADER) || last < HEADER.length) noPipes(text);
  const payload = text.slice(HEADER.length, last);
  return { text, payload, signature: text.slice(last + 1), signedBytes: Buffer.from(payload, 'utf8') };
}

/** Bytes are split as bytes: decoding and encoding again would change what is not UTF-8. */
function splitBytes(bytes: Uint8Array): Sections {
  if (bytes.length > MAX_RECORD_LENGTH) tooLong(bytes.length);
  const buffer = Buffer.from(bytes);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(buffer);
  } catch (error) {
    throw new OcmfError('OCMF_STRUCTURE', 'the bytes are not UTF-8', { cause: error });
  }
  const sections = splitText(text);
  return { ...sections, signedBytes: buffer.subarray(HEADER.length, buffer.lastIndexOf(PIPE)) };
}

function textField(section: JsonObject, key: string, fallback: string): string {
  const value = section.get(key);
  if (value === undefined) return fallback;
  if (typeof value !== 'string')
    throw new OcmfError('OCMF_SIGNATURE', `${key} in the signature section is no text`);
  return value;
}

function readSignatureSection(section: JsonObject): SignatureSection {
  const SM = textField(section, 'SM', 'application/x-der');
  if (SM.toLowerCase() !== 'application/x-der')
    throw new OcmfError(
      'OCMF_SIGNATURE',
      `SM ${excerpt(SM)} is not application/x-der, the only one OCMF knows`,
    );
  if (!section.has('SD')) throw new OcmfError('OCMF_SIGNATURE', 'the signature section has no SD');
  const known = new Set(['SA', 'SE', 'SM', 'SD']);
  return {
    SA: textField(section, 'SA', 'ECDSA-secp256r1-SHA256'),
    SAGiven: section.has('SA'),
    SE: textField(section, 'SE', 'hex'),
    SM,
    SD: textField(section, 'SD', ''),
    other: new Map([...section].filter(([key]) => !known.has(key))),
  };
}

/**
 * Splits a record at its first and last pipe and parses both JSON sections.
 *
 * @param record - the record as it came in: text, or bytes where they are at hand
 * @throws OcmfError `OCMF_STRUCTURE` when it is no record, `OCMF_SIGNATURE` when the signature section cannot be used
 */
export function parseRecord(record: string | Uint8Array): OcmfRecord {
  const sections = typeof record === 'string' ? splitText(record) : splitBytes(record);
  const payload = parseExactJson(sections.payload, 'payload');
  if (!isJsonObject(payload.value)) throw new OcmfError('OCMF_STRUCTURE', 'the payload is no JSON object');
  const section = parseExactJson(sections.signature, 'signature section');
  if (!isJsonObject(section.value))
    throw new OcmfError('OCMF_STRUCTURE', 'the signature section is no JSON object');
  return new OcmfRecord(
    sections.text,
    sections.signedBytes,
    readSignatureSection(section.value),
    [...payload.duplicateKeys, ...section.duplicateKeys],
    payload.value,
  );
}
