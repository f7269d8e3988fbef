// SPDX-License-Identifier: Apache-2.0
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as Selfsigned from 'selfsigned';
import type { Clock } from '@carabiner/clock';
import { CERTIFICATE_FILES } from '../certificate-files.js';
import { UsageError } from './usage-error.js';

const YEARS_VALID = 2;
const KEY_BITS = 2048;
const PRIVATE = 0o600;
const PUBLIC = 0o644;

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/**
 * Makes two certificate authorities, a power unit's certificate (`localhost`, 127.0.0.1) and a dispenser's (`client`), and
 * writes them into `folder`. The keys of the authorities are thrown away.
 *
 * @throws UsageError when one of the files is there already, or the folder cannot be made or written to
 */
export async function generateCertificates(folder: string, clock: Clock): Promise<readonly string[]> {
  await orUsageError(folder, mkdir(folder, { recursive: true }));
  for (const file of Object.values(CERTIFICATE_FILES))
    if (await exists(join(folder, file)))
      throw new UsageError(`${join(folder, file)} exists already; give an empty folder`);

  const now = new Date(clock.now());
  const psuCa = await authority('Carabiner mock power unit CA', now);
  const dispenserCa = await authority('Carabiner mock dispenser CA', now);
  const psu = await leaf('localhost', psuCa, 'serverAuth', now);
  const dispenser = await leaf('client', dispenserCa, 'clientAuth', now);

  const contents: readonly (readonly [string, string, number])[] = [
    [CERTIFICATE_FILES.psuCa, psuCa.certificate, PUBLIC],
    [CERTIFICATE_FILES.psuCert, psu.certificate, PUBLIC],
    [CERTIFICATE_FILES.psuKey, psu.key, PRIVATE],
    [CERTIFICATE_FILES.dispenserCa, dispenserCa.certificate, PUBLIC],
    [CERTIFICATE_FILES.dispenserCert, dispenser.certificate, PUBLIC],
    [CERTIFICATE_FILES.dispenserKey, dispenser.key, PRIVATE],
  ];
  for (const [file, content, mode] of contents)
    await orUsageError(folder, writeFile(join(folder, file), content, { mode, flag: 'wx' }));
  return contents.map(([file]) => join(folder, file));
}

function validity(now: Date): { notBeforeDate: Date; notAfterDate: Date } {
  const notAfterDate = new Date(now);
  notAfterDate.setUTCFullYear(now.getUTCFullYear() + YEARS_VALID);
  return { notBeforeDate: now, notAfterDate };
}

/** The library is large, and certificates are made once. */
async function generated(
  ...args: Parameters<typeof Selfsigned.generate>
): ReturnType<typeof Selfsigned.generate> {
  // A bundle hands on nothing of such a module but its default.
  const { default: selfsigned } = await import('selfsigned');
  return await selfsigned.generate(...args);
}

async function authority(commonName: string, now: Date): Promise<Pair> {
  const made = await generated([{ name: 'commonName', value: commonName }], {
    ...validity(now),
    keySize: KEY_BITS,
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { certificate: made.cert, key: made.private };
}

async function leaf(
  commonName: string,
  ca: Pair,
  usage: 'serverAuth' | 'clientAuth',
  now: Date,
): Promise<Pair> {
  const made = await generated([{ name: 'commonName', value: commonName }], {
    ...validity(now),
    keySize: KEY_BITS,
    algorithm: 'sha256',
    ca: { key: ca.key, cert: ca.certificate },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', [usage]: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: commonName },
          ...(usage === 'serverAuth' ? [{ type: 7 as const, ip: '127.0.0.1' }] : []),
        ],
      },
    ],
  });
  return { certificate: made.cert, key: made.private };
}

/** A folder that cannot be used is the user's to choose otherwise. */
async function orUsageError(folder: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`certificates cannot be written into ${folder}: ${reason}`);
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
