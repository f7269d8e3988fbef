// SPDX-License-Identifier: Apache-2.0
import { verify as verifySignature } from 'node:crypto';
import { curveOfAlgorithm, type CurveName } from './curves.js';
import { OcmfError } from './errors.js';
import { OcmfPublicKey } from './public-key.js';
import { parseRecord, type OcmfRecord } from './record.js';
import { readSignature, type SignatureForm } from './signature.js';

/**
 * - `valid`: the signature is right for these bytes and this key
 * - `invalid`: it is not, or record, signature or key cannot be used (`error` says which)
 * - `unverifiable`: no key was given
 */
export type Verdict = 'valid' | 'invalid' | 'unverifiable';

/** What a verification found. It speaks of the signature alone; whether the record may be billed is {@link bill}'s. */
export interface Verification {
  readonly verdict: Verdict;
  /** Shorthand for `verdict === 'valid'`. */
  readonly verified: boolean;
  /** Curve of SA, once it could be read. */
  readonly curve?: CurveName;
  /** How r and s were written, once they could be read. */
  readonly signatureForm?: SignatureForm;
  /** What is not canonical in the signature's DER. */
  readonly derProblems: readonly string[];
  /** Why nothing could be verified; absent when the signature was checked and is wrong. */
  readonly error?: OcmfError;
}

function refusal(error: unknown, known: Partial<Verification>): Verification {
  const reason =
    error instanceof OcmfError
      ? error
      : new OcmfError('OCMF_KEY', 'the cryptographic library refuses the key', { cause: error });
  return { derProblems: [], ...known, verdict: 'invalid', verified: false, error: reason };
}

/**
 * Verifies a record's signature. Never throws; what cannot be used is in `error`.
 *
 * @param record - text, bytes, or a record already parsed
 * @param key - the meter's key: text, bytes, or a key already parsed; undefined gives `unverifiable`
 */
export function verifyRecord(
  record: string | Uint8Array | OcmfRecord,
  key: string | Uint8Array | OcmfPublicKey | undefined,
): Verification {
  let known: Partial<Verification> = {};
  try {
    const parsed = typeof record === 'string' || record instanceof Uint8Array ? parseRecord(record) : record;
    const curve = curveOfAlgorithm(parsed.signature.SA);
    known = { curve: curve.name };
    const signature = readSignature(parsed.signature.SD, parsed.signature.SE, curve);
    known = { ...known, signatureForm: signature.form, derProblems: signature.derProblems };
    if (key === undefined) return { derProblems: [], ...known, verdict: 'unverifiable', verified: false };
    const publicKey = typeof key === 'string' || key instanceof Uint8Array ? OcmfPublicKey.parse(key) : key;
    const keyObject = publicKey.forCurve(curve);
    const verified = verifySignature(
      'sha256',
      parsed.signedBytes,
      { key: keyObject, dsaEncoding: 'ieee-p1363' },
      signature.p1363,
    );
    return { derProblems: [], ...known, verdict: verified ? 'valid' : 'invalid', verified };
  } catch (error) {
    return refusal(error, known);
  }
}
