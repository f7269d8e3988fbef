// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync, sign } from 'node:crypto';
import { expect } from 'chai';
import { CURVES, OcmfError, OcmfPublicKey, verifyRecord, type Curve } from '@carabiner/ocmf';

const PAYLOAD = '{"FV":"1.0","PG":"T1","MS":"1","RD":[]}';

function keyPair(curve: Curve): { spki: Buffer; point: Buffer; record: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve.opensslName });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const signature = sign('sha256', Buffer.from(PAYLOAD), privateKey).toString('hex');
  return {
    spki,
    point: spki.subarray(-(2 * curve.size + 1)),
    record: `OCMF|${PAYLOAD}|{"SA":"ECDSA-${curve.name}-SHA256","SD":"${signature}"}`,
  };
}

describe('OcmfPublicKey', () => {
  for (const curve of Object.values(CURVES)) {
    describe(curve.name, () => {
      const { spki, point, record } = keyPair(curve);
      const y = point.at(-1)! & 1;
      const compressed = Buffer.concat([Buffer.from([2 + y]), point.subarray(1, 1 + curve.size)]);
      const hex = spki.toString('hex');
      const forms: Record<string, string | Uint8Array> = {
        'SPKI hex': hex,
        'SPKI hex in mixed case': hex.slice(0, 46) + hex.slice(46).toUpperCase(),
        'SPKI hex in groups': hex.replace(/(.{4})/g, '$1 '),
        'SPKI hex with colons and line breaks': hex.replace(/(..)(?=.)/g, '$1:').replace(/(.{30})/g, '$1\n'),
        'SPKI Base64': spki.toString('base64'),
        'SPKI bytes': spki,
        PEM: `-----BEGIN PUBLIC KEY-----\n${spki.toString('base64')}\n-----END PUBLIC KEY-----\n`,
        'OCPP text': `oca:base16:asn1:${hex}`,
        'OCPP text in Base64': Buffer.from(`oca:base16:asn1:${hex}`).toString('base64'),
        'OCPP Base64 text in Base64': Buffer.from(`oca:base64:asn1:${spki.toString('base64')}`).toString(
          'base64',
        ),
        'point hex': point.toString('hex'),
        'point Base64': point.toString('base64'),
        'compressed point hex': compressed.toString('hex'),
        'bare X and Y': point.subarray(1).toString('hex'),
      };
      for (const [name, key] of Object.entries(forms))
        it(`verifies with ${name}`, () => expect(verifyRecord(record, key)).to.include({ verdict: 'valid' }));

      it('refuses a point that is not on the curve', () => {
        const wrong = Buffer.from(point);
        wrong[wrong.length - 1]! ^= 1;
        expect(verifyRecord(record, wrong).error?.code).to.equal('OCMF_KEY');
      });

      it('gives back a SubjectPublicKeyInfo for a bare key', () => {
        expect(OcmfPublicKey.parse(point.subarray(1)).spkiDer(curve)).to.deep.equal(spki);
      });
    });
  }

  it('names a key of another curve as such', () => {
    const { record } = keyPair(CURVES.secp256r1);
    for (const key of [keyPair(CURVES.secp256k1).spki, keyPair(CURVES.secp384r1).point])
      expect(verifyRecord(record, key).error?.code).to.equal('OCMF_KEY_CURVE');
  });

  for (const text of ['', ' ', 'hello', '00', '30', 'oca:base16:asn1:zz', 'zz=='.repeat(2000), '3059301306'])
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () =>
      expect(() => OcmfPublicKey.parse(text))
        .to.throw(OcmfError)
        .with.property('code', 'OCMF_KEY'));

  it('refuses a SubjectPublicKeyInfo with anything behind it, and one that is spelt otherwise', () => {
    const { spki, record } = keyPair(CURVES.secp256r1);
    const unusedBits = Buffer.from(spki);
    // The BIT STRING says that its last four bits do not count.
    unusedBits[25] = 4;
    for (const key of [Buffer.concat([spki, Buffer.from([4, 4])]), unusedBits])
      expect(verifyRecord(record, key).error?.code).to.equal('OCMF_KEY');
  });

  it('verifies with a SubjectPublicKeyInfo that holds a compressed point', () => {
    const { spki, point, record } = keyPair(CURVES.secp256r1);
    const compressed = Buffer.concat([Buffer.from([2 + (point.at(-1)! & 1)]), point.subarray(1, 33)]);
    const head = Buffer.from(spki.subarray(0, 26));
    head[1] = 57;
    head[24] = 34;
    expect(verifyRecord(record, Buffer.concat([head, compressed]))).to.include({ verdict: 'valid' });
  });

  it('takes that of secp192k1 for what it is, though it is as long as a bare X and Y', () => {
    // Made with `openssl ec -pubout -conv_form compressed`, and its record with `openssl dgst -sha256 -sign`.
    const key =
      '302e301006072a8648ce3d020106052b8104001f031a000253291bb61abf3b251ee262eb03d4268becb17a7352d67cc6';
    const record = `OCMF|${PAYLOAD}|{"SA":"ECDSA-secp192k1-SHA256","SD":"3035021900ea29f6e1426a521ae8efbe73c6e9da3db7ab574b1f98a0f0021839bc18d01c422307d8d282bbf94f10481081dd1cbcc00f5c"}`;
    expect(key).to.have.length(96);
    expect(OcmfPublicKey.parse(key).form).to.equal('spki-der');
    expect(verifyRecord(record, key)).to.include({ verdict: 'valid' });
  });

  it('refuses keys of other kinds', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
      type: 'spki',
      format: 'der',
    });
    const p521 = generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).publicKey.export({
      type: 'spki',
      format: 'der',
    });
    for (const key of [rsa, p521]) expect(() => OcmfPublicKey.parse(key)).to.throw(OcmfError, /does not use/);
  });
});
