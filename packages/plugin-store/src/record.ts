// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib';
import type { JsonValue } from './json-value.js';

/**
 * A value as it lies on disk. Each record describes and checks itself, so that it can be found again in a damaged file
 * without the help of the file's structure:
 *
 * ```text
 * 0  "CKV1"
 * 4  CRC-32 of all that follows, big-endian as every number here
 * 8  sequence number, 64 bits: of two records with the same key the higher one is newer
 * 16 1 = value, 0 = removed
 * 17 length of the key in bytes, 32 bits
 * 21 length of the value in bytes, 32 bits
 * 25 key, then value as JSON, both UTF-8
 * ```
 */
export interface StoreRecord {
  readonly sequence: number;
  readonly key: string;
  /** undefined: the key was removed. Kept so that an older value is not taken for the current one when salvaging. */
  readonly value: JsonValue | undefined;
}

const MAGIC = Buffer.from('CKV1', 'latin1');
const HEADER_BYTES = 25;

/**
 * @param json - the value, serialised; undefined for a removed key
 */
export function encodeRecord(sequence: number, key: string, json: string | undefined): Buffer {
  const keyBytes = Buffer.from(key);
  const valueBytes = Buffer.from(json ?? '');
  const record = Buffer.allocUnsafe(HEADER_BYTES + keyBytes.length + valueBytes.length);
  MAGIC.copy(record);
  record.writeBigUInt64BE(BigInt(sequence), 8);
  record.writeUInt8(json === undefined ? 0 : 1, 16);
  record.writeUInt32BE(keyBytes.length, 17);
  record.writeUInt32BE(valueBytes.length, 21);
  keyBytes.copy(record, HEADER_BYTES);
  valueBytes.copy(record, HEADER_BYTES + keyBytes.length);
  record.writeUInt32BE(crc32(record.subarray(8)), 4);
  return record;
}

/** The record that begins at `offset`, or undefined when there is no intact one. */
export function decodeRecord(bytes: Buffer, offset = 0): StoreRecord | undefined {
  if (bytes.length - offset < HEADER_BYTES) return undefined;
  if (bytes.compare(MAGIC, 0, MAGIC.length, offset, offset + MAGIC.length) !== 0) return undefined;
  const keyEnd = offset + HEADER_BYTES + bytes.readUInt32BE(offset + 17);
  const valueEnd = keyEnd + bytes.readUInt32BE(offset + 21);
  if (valueEnd > bytes.length) return undefined;
  if (crc32(bytes.subarray(offset + 8, valueEnd)) !== bytes.readUInt32BE(offset + 4)) return undefined;
  return {
    sequence: Number(bytes.readBigUInt64BE(offset + 8)),
    key: bytes.toString('utf8', offset + HEADER_BYTES, keyEnd),
    value:
      bytes.readUInt8(offset + 16) === 0
        ? undefined
        : (JSON.parse(bytes.toString('utf8', keyEnd, valueEnd)) as JsonValue),
  };
}

/**
 * Finds every intact record in the bytes of a damaged file and keeps the newest of each key.
 *
 * @returns the records by key, removed ones included
 */
export function salvageRecords(bytes: Buffer): Map<string, StoreRecord> {
  const newest = new Map<string, StoreRecord>();
  for (let offset = bytes.indexOf(MAGIC); offset !== -1; offset = bytes.indexOf(MAGIC, offset + 1)) {
    const record = decodeRecord(bytes, offset);
    if (record === undefined) continue;
    const known = newest.get(record.key);
    if (known === undefined || known.sequence < record.sequence) newest.set(record.key, record);
  }
  return newest;
}
