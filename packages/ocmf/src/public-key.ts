// SPDX-License-Identifier: Apache-2.0
import { createPublicKey, type KeyObject } from 'node:crypto';
import { fromBase64, fromHex } from './binary-text.js';
import { CURVES, curveOfOpenssl, type Curve } from './curves.js';
import { OcmfError } from './errors.js';

/** The structure of the key bytes. */
export type PublicKeyForm = 'spki-der' | 'point-uncompressed' | 'point-compressed' | 'raw-xy';

/** How the key bytes were written. */
export type PublicKeyEncoding = 'pem' | 'hex' | 'base64' | 'binary';

const SIZES = new Set(Object.values(CURVES).map((curve) => curve.size));
/** First bytes of a SubjectPublicKeyInfo with a compressed point. */
const COMPRESSED_SPKI = Object.values(CURVES).map((curve) => curve.compressedSpkiPrefix);
const PEM = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/;
/** Open Charge Alliance, application note on signed meter values. */
const OCA = /^oca:(base16|base64):asn1:(.+)$/i;
const MAX_TEXT = 4096;

function fail(message: string): never {
  throw new OcmfError('OCMF_KEY', message);
}

function decodeText(text: string): { bytes: Buffer; encoding: PublicKeyEncoding } {
  if (text.length > MAX_TEXT)
    fail(`the public key has ${text.length} characters; more than ${MAX_TEXT} are no key`);
  const pem = PEM.exec(text);
  const compact = (pem?.[1] ?? text).replace(/[\s:]+/g, '');
  if (compact === '') fail('the public key is empty');
  if (pem !== null)
    return { bytes: fromBase64(compact) ?? fail('the PEM text holds no Base64'), encoding: 'pem' };
  const oca = OCA.exec(text.replace(/\s+/g, ''));
  if (oca !== null) {
    const [, base = '', body = ''] = oca;
    const bytes = base.toLowerCase() === 'base16' ? fromHex(body) : fromBase64(body);
    return {
      bytes: bytes ?? fail('the text after oca:…:asn1: is not in the base it names'),
      encoding: 'base64',
    };
  }
  const hex = fromHex(compact.replace(/^0x/i, ''));
  if (hex !== undefined) return { bytes: hex, encoding: 'hex' };
  const bytes = fromBase64(compact);
  if (bytes === undefined) return fail('the public key is neither PEM, hex nor Base64');
  const inner = bytes.toString('latin1');
  return OCA.test(inner) ? decodeText(inner) : { bytes, encoding: 'base64' };
}

/**
 * A meter's public key in one of the forms devices and backends use.
 *
 * A bare point names no curve; it gets the one of the record's SA when {@link OcmfPublicKey.forCurve} is called. Keep
 * the object and verify many records with it: making a key costs as much as a verification.
 */
export class OcmfPublicKey {
  readonly #keys = new Map<Curve, KeyObject>();

  private constructor(
    readonly form: PublicKeyForm,
    readonly encoding: PublicKeyEncoding,
    /** Curve the key itself names; undefined for points without structure. */
    readonly curve: Curve | undefined,
    private readonly bytes: Buffer,
  ) {}

  /**
   * Reads SubjectPublicKeyInfo, an uncompressed or compressed point, or bare X‖Y, as hex (any case, blanks and colons
   * anywhere), Base64, PEM, the `oca:base16:asn1:` text of OCPP, or as bytes.
   *
   * @throws OcmfError `OCMF_KEY` when it is none of them or names a curve that OCMF does not use
   */
  static parse(key: string | Uint8Array): OcmfPublicKey {
    const { bytes, encoding } =
      typeof key === 'string' ? decodeText(key) : { bytes: Buffer.from(key), encoding: 'binary' as const };
    const [first] = bytes;
    // A compressed one of secp192k1 is as long as a bare X‖Y; no X begins with all these bytes by chance.
    if (COMPRESSED_SPKI.some((prefix) => bytes.subarray(0, prefix.length).equals(prefix)))
      return OcmfPublicKey.#fromSpki(bytes, encoding);
    // Lengths decide before first bytes: a bare X may begin with 30, 02 or 04 by chance.
    if (bytes.length % 2 === 0 && SIZES.has(bytes.length / 2))
      return new OcmfPublicKey('raw-xy', encoding, undefined, bytes);
    if (first === 0x04 && SIZES.has((bytes.length - 1) / 2))
      return new OcmfPublicKey('point-uncompressed', encoding, undefined, bytes);
    if ((first === 0x02 || first === 0x03) && SIZES.has(bytes.length - 1))
      return new OcmfPublicKey('point-compressed', encoding, undefined, bytes);
    if (first !== 0x30)
      fail(`the public key of ${bytes.length} bytes is neither a DER structure nor a curve point`);
    return OcmfPublicKey.#fromSpki(bytes, encoding);
  }

  static #fromSpki(bytes: Buffer, encoding: PublicKeyEncoding): OcmfPublicKey {
    let key: KeyObject;
    try {
      key = createPublicKey({ key: bytes, format: 'der', type: 'spki' });
    } catch (error) {
      throw new OcmfError('OCMF_KEY', 'the public key is no DER SubjectPublicKeyInfo', { cause: error });
    }
    const name = key.asymmetricKeyDetails?.namedCurve;
    const curve = curveOfOpenssl(name);
    if (curve === undefined)
      return fail(
        `the public key is of type ${name ?? key.asymmetricKeyType ?? 'unknown'}, which OCMF does not use`,
      );
    // OpenSSL reads over what follows the structure, and over bits that it does not use.
    if (!key.export({ format: 'der', type: 'spki' }).equals(bytes))
      fail(
        `the public key of ${bytes.length} bytes is more than a DER SubjectPublicKeyInfo, or another spelling of one`,
      );
    const result = new OcmfPublicKey('spki-der', encoding, curve, bytes);
    result.#keys.set(curve, key);
    return result;
  }

  /**
   * The key on `curve`.
   *
   * @throws OcmfError `OCMF_KEY_CURVE` when the key names or fits another curve, `OCMF_KEY` when the point is not on it
   */
  forCurve(curve: Curve): KeyObject {
    const cached = this.#keys.get(curve);
    if (cached !== undefined) return cached;
    if (this.curve !== undefined)
      throw new OcmfError(
        'OCMF_KEY_CURVE',
        `the public key is on ${this.curve.name}, the record is signed on ${curve.name}: it is another device's key`,
      );
    const key = this.#fromPoint(curve);
    this.#keys.set(curve, key);
    return key;
  }

  /** DER SubjectPublicKeyInfo of the key on `curve`, as OpenSSL takes it. Errors as {@link forCurve}. */
  spkiDer(curve: Curve): Buffer {
    return this.forCurve(curve).export({ format: 'der', type: 'spki' });
  }

  #fromPoint(curve: Curve): KeyObject {
    const compressed = this.form === 'point-compressed';
    const point = this.form === 'raw-xy' ? Buffer.concat([Buffer.from([0x04]), this.bytes]) : this.bytes;
    if (point.length !== (compressed ? curve.size + 1 : 2 * curve.size + 1))
      throw new OcmfError(
        'OCMF_KEY_CURVE',
        `the public key is a point of ${this.bytes.length} bytes, which does not fit ${curve.name}`,
      );
    const prefix = compressed ? curve.compressedSpkiPrefix : curve.spkiPrefix;
    try {
      return createPublicKey({ key: Buffer.concat([prefix, point]), format: 'der', type: 'spki' });
    } catch (error) {
      throw new OcmfError('OCMF_KEY', `the public key is no point of ${curve.name}`, { cause: error });
    }
  }
}
