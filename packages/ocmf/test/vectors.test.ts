// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { createHash, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  curveOfAlgorithm,
  OcmfError,
  OcmfPublicKey,
  parseRecord,
  readSignature,
  verifyRecord,
} from '@carabiner/ocmf';
import { readVectors, RECORD_FILES } from './vectors.js';

/** Canonical DER of r‖s, as OpenSSL takes it. */
function toDer(p1363: Buffer): Buffer {
  const half = p1363.length / 2;
  const integers = [p1363.subarray(0, half), p1363.subarray(half)].map((number) => {
    const bytes = [...number];
    while (bytes.length > 1 && bytes[0] === 0 && bytes[1]! < 0x80) bytes.shift();
    if (bytes[0]! >= 0x80) bytes.unshift(0);
    return Buffer.from([0x02, bytes.length, ...bytes]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

const counts = { valid: 0, invalid: 0, unverifiable: 0 };

for (const file of RECORD_FILES) {
  describe(`vectors ${file}`, () => {
    for (const { id, ocmf, publicKey, expect: expected } of readVectors(file).records) {
      it(`${id} is ${expected.signature ?? ''}`, () => {
        const result = verifyRecord(ocmf, publicKey ?? undefined);
        expect(result.verdict).to.equal(expected.signature);
        expect(result.verified).to.equal(expected.signature === 'valid');
        counts[result.verdict]++;
        expect(result.curve).to.equal(expected.curve);
        expect(result.signatureForm).to.equal(expected.signatureForm);
        expect(result.derProblems.length).to.equal(expected.derProblems?.length ?? 0);
        expect(result.error?.code).to.equal(expected.keyError === 'curve' ? 'OCMF_KEY_CURVE' : undefined);

        const record = parseRecord(ocmf);
        expect(record.signature.SA).to.equal(expected.signatureAlgorithm);
        expect(record.signature.SAGiven).to.equal(expected.signatureAlgorithmGiven);
        expect(record.signature.SE).to.equal(expected.signatureEncoding);
        expect(record.payload.PG).to.equal(expected.pagination);
        // One record writes FV as the number 1.0; the vectors hold it as a double prints it.
        if (id === 'twincharger-base64') expect(record.payload.FV).to.equal('1.0');
        else expect(record.payload.FV).to.equal(expected.formatVersion);

        if (publicKey) {
          const key = OcmfPublicKey.parse(publicKey);
          expect(key.form).to.equal(expected.publicKeyForm);
          expect(key.encoding).to.equal(expected.publicKeyEncoding);
          if (expected.keyError === undefined)
            expect(
              key.forCurve(curveOfAlgorithm(record.signature.SA)).asymmetricKeyDetails?.namedCurve,
            ).to.equal(expected.publicKeyCurve);
        }
      });

      it(`${id} meets a strict DER reader as recorded`, () => {
        if (!publicKey || expected.keyError !== undefined) return;
        const record = parseRecord(ocmf);
        const key = OcmfPublicKey.parse(publicKey).forCurve(curveOfAlgorithm(record.signature.SA));
        const encoding = record.signature.SE as BufferEncoding;
        const strict = verify('sha256', record.signedBytes, key, Buffer.from(record.signature.SD, encoding));
        expect(strict).to.equal(expected.verifiesWithStrictDer);
      });
    }
  });
}

describe('all vectors', () => {
  it('are 80 valid, 27 invalid and 2 without a key', () => {
    expect(counts).to.deep.equal({ valid: 80, invalid: 27, unverifiable: 2 });
  });

  it('get the same verdict from the openssl command', function () {
    if (spawnSync('openssl', ['version']).status !== 0) {
      this.skip(); // openssl is not installed
    }
    this.timeout(60_000);
    const folder = mkdtempSync(join(tmpdir(), 'ocmf-'));
    try {
      const seen = new Set<string>();
      for (const { ocmf, publicKey, expect: expected, id } of RECORD_FILES.flatMap(
        (file) => readVectors(file).records,
      )) {
        // One of each kind is enough here; node:crypto above is the same OpenSSL.
        const kind = [
          expected.curve,
          expected.signatureForm,
          expected.publicKeyForm,
          expected.signature,
        ].join();
        if (!publicKey || expected.keyError !== undefined || seen.has(kind)) continue;
        seen.add(kind);
        const record = parseRecord(ocmf);
        const curve = curveOfAlgorithm(record.signature.SA);
        const name = createHash('sha256').update(id).digest('hex');
        const [data, signature, key] = ['data', 'sig', 'pem'].map((suffix) =>
          join(folder, `${name}.${suffix}`),
        );
        writeFileSync(data!, ocmf.slice(ocmf.indexOf('|') + 1, ocmf.lastIndexOf('|')), 'utf8');
        writeFileSync(
          signature!,
          toDer(readSignature(record.signature.SD, record.signature.SE, curve).p1363),
        );
        writeFileSync(
          key!,
          OcmfPublicKey.parse(publicKey).forCurve(curve).export({ type: 'spki', format: 'pem' }),
        );
        const { status } = spawnSync('openssl', [
          'dgst',
          '-sha256',
          '-verify',
          key!,
          '-signature',
          signature!,
          data!,
        ]);
        expect(status === 0, id).to.equal(expected.signature === 'valid');
      }
      expect(seen.size).to.be.greaterThan(20);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('malformed records', () => {
  const { records, publicKeySpkiHex } = readVectors('malformed');
  for (const { id, ocmf, expect: expected } of records) {
    it(`${id} fails by its ${expected.fails ?? ''}`, () => {
      const result = verifyRecord(ocmf, publicKeySpkiHex);
      expect(result).to.include({ verified: false, verdict: 'invalid' });
      expect(result.error).to.be.instanceOf(OcmfError);
      if (expected.fails === 'structure') {
        expect(result.error?.code).to.equal('OCMF_STRUCTURE');
        expect(() => parseRecord(ocmf))
          .to.throw(OcmfError)
          .with.property('code', 'OCMF_STRUCTURE');
      } else {
        expect(parseRecord(ocmf).payload.PG).to.equal('T17');
        expect(result.error?.code).to.be.oneOf(['OCMF_SIGNATURE', 'OCMF_ALGORITHM']);
      }
    });
  }
});
