// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { bill, OcmfError, OcmfPublicKey, parseRecord, readContainer, verifyRecord } from '@carabiner/ocmf';
import { main } from '../dist/cli/index.js';
import { readVectors, RECORD_FILES } from './vectors.js';

const vectors = RECORD_FILES.flatMap((file) => readVectors(file).records);
const texts = vectors.map(({ ocmf }) => ocmf);
const keys = vectors.flatMap(({ publicKey }) => publicKey ?? []);

/** Runs `work`; anything but a result or the typed error fails the test. */
function onlyTypedErrors(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).to.be.instanceOf(OcmfError);
  }
}

/** A real text with pieces replaced, cut, doubled or swapped. */
const mutated = (pool: string[], pieces: string[]) =>
  fc
    .tuple(
      fc.constantFrom(...pool),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.nat({ max: 12 }),
          fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4, unit: 'binary' })),
        ),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    )
    .map(([text, edits]) =>
      edits.reduce((current, [at, length, piece]) => {
        const start = at % (current.length + 1);
        return current.slice(0, start) + piece + current.slice(start + length);
      }, text),
    );

const recordPieces = [
  '|',
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  '\\',
  '"RD":[',
  'null',
  '1e99',
  '1e999',
  '-',
  '\u0000',
  '\ud800',
  '"SD":"30',
  'OCMF|',
  '',
];

describe('fuzz', function () {
  this.timeout(30_000);

  it('an altered record never throws anything untyped, and never verifies unless its signed bytes are unchanged', () => {
    const originals = new Set(texts.map((text) => text.slice(text.indexOf('|'), text.lastIndexOf('|'))));
    fc.assert(
      fc.property(mutated(texts, recordPieces), fc.constantFrom(...keys), (text, key) => {
        const result = verifyRecord(text, key);
        if (result.verified)
          expect(originals.has(text.slice(text.indexOf('|'), text.lastIndexOf('|')))).to.be.true;
        onlyTypedErrors(() => bill([parseRecord(text)]));
        onlyTypedErrors(() => parseRecord(Buffer.from(text, 'latin1')).payload);
      }),
      { numRuns: 4000 },
    );
  });

  it('any bytes, any key', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 140 }), (bytes, key) => {
        expect(verifyRecord(Buffer.concat([Buffer.from('OCMF|'), bytes]), key).verified).to.be.false;
        onlyTypedErrors(() => parseRecord(bytes));
        onlyTypedErrors(() => OcmfPublicKey.parse(key));
        onlyTypedErrors(() => OcmfPublicKey.parse(Buffer.from(key).toString('latin1')));
      }),
      { numRuns: 2000 },
    );
  });

  it('altered keys are refused or do not verify', () => {
    const original = new Set(keys.map((key) => key.replace(/\s/g, '').toLowerCase()));
    fc.assert(
      fc.property(mutated(keys, ['0', 'F', ' ', '=', '04', ':']), fc.constantFrom(...texts), (key, text) => {
        const result = verifyRecord(text, key);
        if (!result.verified) return;
        const said = key.replace(/[\s:]/g, '').toLowerCase().replace(/^0x/, '');
        expect(original.has(said)).to.be.true;
      }),
      { numRuns: 1500 },
    );
  });

  it('containers', () => {
    const seeds = [
      `<values><value transactionId="1"><signedData format="OCMF" encoding="plain"><![CDATA[x]]></signedData></value></values>`,
      '{"signedMeterData":"T0NNRnw=","publicKey":"AA"}',
      JSON.stringify({ value: JSON.stringify({ signedMeterData: 'T0NNRnw=', publicKey: 'AA' }) }),
      ...texts.slice(0, 3),
    ];
    fc.assert(
      fc.property(
        mutated(seeds, [
          '<',
          '>',
          '</value>',
          '&',
          '&#x110000;',
          '&lt;',
          '"',
          '<![CDATA[',
          '<!--',
          '/>',
          '{',
          '[',
        ]),
        (text) => {
          onlyTypedErrors(() => readContainer(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('the command always ends with 0, 1 or 2, and writes no control character', async () => {
    const line = (text: string) => expect(text).to.not.match(/\p{Cc}/u);
    await fc.assert(
      fc.asyncProperty(
        mutated(texts, recordPieces),
        fc.constantFrom('verify', 'show', 'bill'),
        async (text, command) => {
          const io = {
            readStdin: () => Promise.resolve(Buffer.from(text)),
            readFile: () => Buffer.alloc(0),
            fileExists: () => false,
            out: line,
            err: line,
          };
          expect(await main([command, '-'], io)).to.be.oneOf([0, 1, 2]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('huge inputs are refused or read in bounded time', () => {
    const big = 'a'.repeat(900_000);
    const started = performance.now();
    for (const text of [
      `OCMF|{"TT":"${big}"}|{"SD":"${'00'.repeat(40_000)}"}`,
      `OCMF|{"RD":[${'{},'.repeat(100_000)}{}]}|{"SD":"00"}`,
      `OCMF|{"RD":[{"RV":${'9'.repeat(500_000)}}]}|{"SD":"00"}`,
      `OCMF|${'|'.repeat(500_000)}`,
      `OCMF|{${'\n'.repeat(100_000)}x`,
      `OCMF|{${'\n \t\r'.repeat(25_000)}x`,
      `OCMF|{\n${' '.repeat(500_000)}x`,
      'a'.repeat(2_000_000),
    ]) {
      onlyTypedErrors(() => bill([parseRecord(text)]));
      onlyTypedErrors(() => readContainer(text));
      expect(verifyRecord(text, keys[0]).verified).to.be.false;
    }
    for (const open of ['<a ', '<!--', '<![CDATA[', '&', '<a b="', '<'])
      onlyTypedErrors(() => readContainer(`<v>${open.repeat(20_000)}`));
    expect(performance.now() - started).to.be.lessThan(5000);
  });
});
