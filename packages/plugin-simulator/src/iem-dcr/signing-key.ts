// SPDX-License-Identifier: Apache-2.0
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { IemDcrSwitches } from './switches.js';

/** How a signature is written. */
export type SignatureForm = IemDcrSwitches['signatureForm'];
/** How the public key is written. */
export type KeyForm = IemDcrSwitches['keyForm'];

/** Bytes of r, s, X and Y on secp256r1. */
const SIZE = 32;
const POINT_LENGTH = 1 + 2 * SIZE;

/** The meter's key on secp256r1. The private part never leaves the object. */
export class SigningKey {
  readonly #privateKey: KeyObject;
  readonly #spki: Buffer;

  private constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.#spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  }

  /** A new key from the system's random source. */
  static generate(): SigningKey {
    return new SigningKey(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
  }

  /**
   * A key kept from an earlier run.
   *
   * @param pem - private key as PEM (PKCS #8 or SEC 1)
   * @throws Error when it is no private key on secp256r1
   */
  static fromPem(pem: string): SigningKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(pem);
    } catch {
      // The cause may quote the text, and with it the key.
      throw new Error('the signing key is no private key in PEM form');
    }
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      throw new Error('the signing key is not on secp256r1 (prime256v1), the curve of the meter');
    return new SigningKey(key);
  }

  /** The private key as PKCS #8 PEM, to keep it over runs. */
  toPem(): string {
    return this.#privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  /** The public key as SubjectPublicKeyInfo PEM, as `openssl dgst -verify` takes it. */
  get publicPem(): string {
    return createPublicKey(this.#privateKey).export({ type: 'spki', format: 'pem' }).toString();
  }

  /** The public key as hex. */
  publicKeyHex(form: KeyForm, hexCase: IemDcrSwitches['hexCase']): string {
    const point = this.#spki.subarray(-POINT_LENGTH);
    const header = form === 'spki' ? this.#spki.subarray(0, -POINT_LENGTH).toString('hex') : '';
    const body = (form === 'raw-xy' ? point.subarray(1) : point).toString('hex');
    if (hexCase === 'lower') return header + body;
    if (hexCase === 'upper') return (header + body).toUpperCase();
    // The marker of the point is still part of the lower-case header.
    return form === 'spki'
      ? `${header}${body.slice(0, 2)}${body.slice(2).toUpperCase()}`
      : body.toUpperCase();
  }

  /** ECDSA over SHA-256 of `bytes`, as upper-case hex. */
  sign(bytes: Uint8Array, form: SignatureForm): string {
    const dsaEncoding = form === 'der' ? 'der' : 'ieee-p1363';
    const signature = sign('sha256', bytes, { key: this.#privateKey, dsaEncoding });
    if (form !== 'der-fixed-width') return signature.toString('hex').toUpperCase();
    const integer = (offset: number): Buffer =>
      Buffer.concat([Buffer.from([0x02, SIZE]), signature.subarray(offset, offset + SIZE)]);
    const body = Buffer.concat([integer(0), integer(SIZE)]);
    return Buffer.concat([Buffer.from([0x30, body.length]), body])
      .toString('hex')
      .toUpperCase();
  }
}
