// SPDX-License-Identifier: Apache-2.0
import { readContainer, readPlainRecords, type ContainerEntry } from '../container.js';
import { OcmfPublicKey } from '../public-key.js';
import { parseRecord, type OcmfRecord } from '../record.js';
import type { CliIo } from './io.js';

/** A record of the input and what came along with it. */
export interface CliRecord {
  readonly record: OcmfRecord;
  readonly entry: ContainerEntry;
}

/** What a command works on. */
export interface CliInput {
  readonly records: readonly CliRecord[];
  readonly key?: OcmfPublicKey;
}

/** A file that is one bare record is parsed as bytes, so that not one of them is touched. */
function bareRecord(bytes: Uint8Array): CliRecord | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  if (!text.startsWith('OCMF|') || readPlainRecords(text).length > 1) return undefined;
  const record = parseRecord(bytes);
  return { record, entry: { record: record.text } };
}

/**
 * Records of a file.
 *
 * @throws OcmfError when the file holds none or one of them cannot be read
 */
export function readRecords(bytes: Uint8Array): CliRecord[] {
  const bare = bareRecord(bytes);
  if (bare !== undefined) return [bare];
  const text = Buffer.from(bytes).toString('utf8');
  return readContainer(text).map((entry) => ({ record: parseRecord(entry.record), entry }));
}

/**
 * A key given as text or as the name of a file with text or DER bytes.
 *
 * @throws OcmfError `OCMF_KEY` when it is none
 */
export function readKey(keyOrFile: string, io: CliIo): OcmfPublicKey {
  if (!io.fileExists(keyOrFile)) return OcmfPublicKey.parse(keyOrFile);
  const bytes = io.readFile(keyOrFile);
  // DER begins with a SEQUENCE and has bytes that no text has.
  const binary = bytes[0] === 0x30 && bytes.some((byte) => byte >= 0x80 || byte < 0x09);
  return OcmfPublicKey.parse(binary ? bytes : Buffer.from(bytes).toString('utf8'));
}

/** Key for one record: the one given, else the one that came along. */
export function keyFor(
  { entry }: CliRecord,
  given: OcmfPublicKey | undefined,
): { key: OcmfPublicKey | string | undefined; source: 'given' | 'container' | 'none' } {
  if (given !== undefined) return { key: given, source: 'given' };
  return { key: entry.publicKey, source: entry.publicKey === undefined ? 'none' : 'container' };
}
