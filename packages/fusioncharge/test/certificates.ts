// SPDX-License-Identifier: Apache-2.0
import { generate } from 'selfsigned';
import type { TlsCredentials } from '@carabiner/fusioncharge';

interface Authority {
  readonly key: string;
  readonly cert: string;
}

async function authority(commonName: string): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}

async function leaf(commonName: string, ca: Authority, names: readonly string[]): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false },
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          /^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name },
        ),
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}

/** Credentials of both sides, from two authorities as in the field. */
export async function makeCredentials(): Promise<{
  readonly dispenser: TlsCredentials;
  readonly powerUnit: TlsCredentials;
  /** A dispenser whose certificate another authority signed. */
  readonly stranger: TlsCredentials;
}> {
  const [powerUnits, dispensers, others] = await Promise.all([
    authority('power units'),
    authority('dispensers'),
    authority('others'),
  ]);
  const [powerUnit, dispenser, stranger] = await Promise.all([
    leaf('psu', powerUnits, ['psu.example', '127.0.0.1']),
    leaf('dispenser', dispensers, ['dispenser.example']),
    leaf('dispenser', others, ['dispenser.example']),
  ]);
  const bundle = (trusted: Authority, own: Authority): TlsCredentials => ({
    ca: Buffer.from(trusted.cert),
    cert: Buffer.from(own.cert),
    key: Buffer.from(own.key),
  });
  return {
    dispenser: bundle(powerUnits, dispenser),
    powerUnit: bundle(dispensers, powerUnit),
    stranger: bundle(powerUnits, stranger),
  };
}
