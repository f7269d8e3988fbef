// SPDX-License-Identifier: Apache-2.0
import { excerpt, OcmfError } from './errors.js';

/** Curve names as OCMF writes them, brainpool with the P that devices use. */
export type CurveName =
  'secp192k1' | 'secp192r1' | 'secp256k1' | 'secp256r1' | 'brainpoolP256r1' | 'secp384r1' | 'brainpoolP384r1';

/** One elliptic curve of the OCMF table. */
export interface Curve {
  readonly name: CurveName;
  /** Name in OpenSSL and node:crypto. */
  readonly opensslName: string;
  /** Bytes of one coordinate, and of r and of s. */
  readonly size: number;
  /** Group order, big endian, `size` bytes; r and s lie in 1 … order - 1. */
  readonly order: Buffer;
  /** What stands before the point in a DER SubjectPublicKeyInfo with an uncompressed point. */
  readonly spkiPrefix: Buffer;
  /** The same with a compressed point. */
  readonly compressedSpkiPrefix: Buffer;
}

/** id-ecPublicKey, 1.2.840.10045.2.1 */
const EC_PUBLIC_KEY = Buffer.from('06072a8648ce3d0201', 'hex');

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
}

/** DER up to and without the point; all lengths here are below 128, so they take one byte. */
function spkiPrefix(oidHex: string, pointSize: number): Buffer {
  const algorithm = der(0x30, EC_PUBLIC_KEY, Buffer.from(oidHex, 'hex'));
  const bitString = Buffer.from([0x03, pointSize + 1, 0x00]);
  return Buffer.concat([
    Buffer.from([0x30, algorithm.length + bitString.length + pointSize]),
    algorithm,
    bitString,
  ]);
}

function curve(name: CurveName, opensslName: string, oidHex: string, orderHex: string): Curve {
  const order = Buffer.from(orderHex, 'hex');
  const size = order.length;
  return {
    name,
    opensslName,
    size,
    order,
    spkiPrefix: spkiPrefix(oidHex, 2 * size + 1),
    compressedSpkiPrefix: spkiPrefix(oidHex, size + 1),
  };
}

/** The seven curves of OCMF, by name. Orders: SEC 2 and RFC 5639. */
export const CURVES: Readonly<Record<CurveName, Curve>> = {
  secp192k1: curve(
    'secp192k1',
    'secp192k1',
    '06052b8104001f',
    'fffffffffffffffffffffffe26f2fc170f69466a74defd8d',
  ),
  secp192r1: curve(
    'secp192r1',
    'prime192v1',
    '06082a8648ce3d030101',
    'ffffffffffffffffffffffff99def836146bc9b1b4d22831',
  ),
  secp256k1: curve(
    'secp256k1',
    'secp256k1',
    '06052b8104000a',
    'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141',
  ),
  secp256r1: curve(
    'secp256r1',
    'prime256v1',
    '06082a8648ce3d030107',
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  ),
  brainpoolP256r1: curve(
    'brainpoolP256r1',
    'brainpoolP256r1',
    '06092b2403030208010107',
    'a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7',
  ),
  secp384r1: curve(
    'secp384r1',
    'secp384r1',
    '06052b81040022',
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  ),
  brainpoolP384r1: curve(
    'brainpoolP384r1',
    'brainpoolP384r1',
    '06092b240303020801010b',
    '8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b31f166e6cac0425a7cf3ab6af6b7fc3103b883202e9046565',
  ),
};

const BY_ALGORITHM = new Map<string, Curve>();
const BY_OPENSSL_NAME = new Map<string, Curve>();
for (const entry of Object.values(CURVES)) {
  BY_ALGORITHM.set(`ecdsa-${entry.name.toLowerCase()}-sha256`, entry);
  BY_ALGORITHM.set(`ecdsa-${entry.name.toLowerCase().replace('brainpoolp', 'brainpool')}-sha256`, entry);
  BY_OPENSSL_NAME.set(entry.opensslName, entry);
}

/**
 * The curve an SA value names. Case does not matter; brainpool is read with and without the P.
 *
 * @throws OcmfError `OCMF_ALGORITHM` for anything outside the OCMF table
 */
export function curveOfAlgorithm(algorithm: string): Curve {
  const found = BY_ALGORITHM.get(algorithm.toLowerCase());
  if (found === undefined)
    throw new OcmfError('OCMF_ALGORITHM', `SA ${excerpt(algorithm)} is none of the seven algorithms of OCMF`);
  return found;
}

/** The curve of OpenSSL's name, or undefined when OCMF does not know it. */
export function curveOfOpenssl(name: string | undefined): Curve | undefined {
  return name === undefined ? undefined : BY_OPENSSL_NAME.get(name);
}
