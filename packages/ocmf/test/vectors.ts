// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** A record of the vector files. */
export interface Vector {
  id: string;
  ocmf: string;
  publicKey?: string | null;
  transactionId?: string | null;
  context?: string | null;
  expect: {
    signature?: 'valid' | 'invalid' | 'unverifiable';
    verifiesWithStrictDer?: boolean;
    signatureForm?: string;
    derProblems?: string[];
    signatureAlgorithm?: string;
    signatureAlgorithmGiven?: boolean;
    curve?: string;
    signatureEncoding?: string;
    publicKeyEncoding?: string;
    publicKeyForm?: string | null;
    publicKeyCurve?: string;
    formatVersion?: string;
    pagination?: string;
    billable?: boolean;
    reason?: string;
    begin?: string;
    end?: string;
    energy_kWh?: string;
    export_begin?: string;
    export_end?: string;
    export_kWh?: string;
    keyError?: string;
    verified?: boolean;
    fails?: 'structure' | 'signature';
  };
}

export interface VectorFile {
  records: Vector[];
  publicKeySpkiHex?: string;
  privateKeyScalarHex?: string;
}

export function readVectors(name: string): VectorFile {
  return JSON.parse(
    readFileSync(new URL(`../test/fixtures/${name}.json`, import.meta.url), 'utf8'),
  ) as VectorFile;
}

/** The files with records that can be read. */
export const RECORD_FILES = [
  'iem-dcr',
  'transparenzsoftware',
  'measurements-21',
  'curves-synthetic',
  'synthetic',
] as const;

export function vector(file: string, id: string): Vector {
  const found = readVectors(file).records.find((record) => record.id === id);
  if (found === undefined) throw new Error(`no vector ${id} in ${file}`);
  return found;
}
