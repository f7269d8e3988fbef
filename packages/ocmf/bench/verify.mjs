// SPDX-License-Identifier: Apache-2.0
// Verifications per second and curve, from record text to verdict, beside bare crypto.verify on prepared bytes.
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CURVES, OcmfPublicKey, bill, parseRecord, verifyRecord } from '../dist/index.js';

const { records } = JSON.parse(
  readFileSync(new URL('../test/fixtures/synthetic.json', import.meta.url), 'utf8'),
);
const plain = records.find(({ id }) => id === 'plain').ocmf;
const payload = plain.slice(5, plain.lastIndexOf('|'));

/** Calls per second; the best of several short rounds, since the machine may be busy with other things. */
function rate(work, rounds = 8, roundMs = 60) {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    let calls = 0;
    while (performance.now() - start < roundMs) {
      for (let i = 0; i < 10; i++) work();
      calls += 10;
    }
    best = Math.max(best, (calls * 1000) / (performance.now() - start));
  }
  return best;
}

for (const curve of Object.values(CURVES)) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curve.opensslName });
  const bytes = Buffer.from(payload);
  const raw = sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const der = sign('sha256', bytes, privateKey).toString('hex');
  const record = `OCMF|${payload}|{"SA":"ECDSA-${curve.name}-SHA256","SD":"${der}"}`;
  const key = OcmfPublicKey.parse(publicKey.export({ type: 'spki', format: 'der' }));
  const bareKey = { key: publicKey, dsaEncoding: 'ieee-p1363' };
  if (!verifyRecord(record, key).verified) throw new Error(`${curve.name} does not verify`);
  // Taken in turn, so that a busy moment hits both.
  let value = 0;
  let peerValue = 0;
  for (let turn = 0; turn < 3; turn++) {
    value = Math.max(
      value,
      rate(() => verifyRecord(record, key), 3),
    );
    peerValue = Math.max(
      peerValue,
      rate(() => verify('sha256', bytes, bareKey, raw), 3),
    );
  }
  console.log(
    JSON.stringify({
      bench: `ocmf verify ${curve.name}`,
      value: Math.round(value),
      unit: 'records/s',
      peer: 'bare crypto.verify',
      peerValue: Math.round(peerValue),
      share: Number((value / peerValue).toFixed(3)),
    }),
  );
}
for (const [bench, work] of [
  ['ocmf parse', () => parseRecord(plain)],
  ['ocmf parse and bill', () => bill([parseRecord(plain)])],
])
  console.log(JSON.stringify({ bench, value: Math.round(rate(work)), unit: 'records/s' }));
