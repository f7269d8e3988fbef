// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

interface Pair {
  readonly cert: string;
  readonly private: string;
}

async function authority(commonName: string): Promise<Pair> {
  return await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
}

async function leaf(commonName: string, ca: Pair): Promise<Pair> {
  return await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'subjectAltName', altNames: [{ type: 2, value: commonName }] },
    ],
  });
}

/** Paths of the certificates and keys of both sides. */
export interface CertificateFiles {
  readonly psuCa: string;
  readonly psuCert: string;
  readonly psuKey: string;
  readonly dispenserCa: string;
  readonly dispenserCert: string;
  readonly dispenserKey: string;
  remove(): Promise<void>;
}

/** Makes both authorities and both certificates (names `psu.example` and `dispenser.example`) in a temporary folder. */
export async function makeCertificates(): Promise<CertificateFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'huawei-psu-'));
  const [psuCa, dispenserCa] = await Promise.all([authority('power units'), authority('dispensers')]);
  const [psu, dispenser] = await Promise.all([
    leaf('psu.example', psuCa),
    leaf('dispenser.example', dispenserCa),
  ]);
  const write = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  return {
    psuCa: await write('psu-ca.pem', psuCa.cert),
    psuCert: await write('psu.pem', psu.cert),
    psuKey: await write('psu-key.pem', psu.private),
    dispenserCa: await write('dispenser-ca.pem', dispenserCa.cert),
    dispenserCert: await write('dispenser.pem', dispenser.cert),
    dispenserKey: await write('dispenser-key.pem', dispenser.private),
    remove: async () => await rm(folder, { recursive: true }),
  };
}
