// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { JsonNumber, OcmfError, parseExactJson, type JsonValue } from '@carabiner/ocmf';

function toNumbers(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return (value as JsonValue[]).map(toNumbers);
  if (value instanceof Map)
    // defineProperty, since an object literal takes __proto__ for its prototype
    return [...(value as Map<string, JsonValue>)].reduce(
      (object, [key, item]) =>
        Object.defineProperty(object, key, {
          value: toNumbers(item),
          enumerable: true,
          configurable: true,
          writable: true,
        }),
      {},
    );
  return value;
}

describe('parseExactJson', () => {
  it('keeps numbers as written', () => {
    const { value } = parseExactJson('{"a":446.540,"b":-1.606848e7}', 'test');
    expect((value as Map<string, JsonNumber>).get('a')?.text).to.equal('446.540');
    expect((value as Map<string, JsonNumber>).get('b')?.text).to.equal('-1.606848e7');
  });

  it('reports keys that stand twice, with their path', () => {
    expect(
      parseExactJson('{"RD":[{"RV":1,"RV":2}],"PG":"T1","PG":"T2"}', 'test').duplicateKeys,
    ).to.deep.equal(['RD[0].RV', 'PG']);
  });

  it('reads whatever JSON.parse reads, to the same value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom(0, 1, 2), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        expect(JSON.stringify(toNumbers(parseExactJson(spaced, 'test').value))).to.equal(
          JSON.stringify(JSON.parse(spaced)),
        );
      }),
    );
  });

  it('refuses whatever JSON.parse refuses, by its typed error', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      '"a"',
      ':',
      ',',
      '1',
      '01',
      '-',
      '1.',
      '.5',
      'true',
      'nul',
      '"\\x"',
      '"\n"',
      ' ',
      '"',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
        const text = parts.join('');
        let good = true;
        try {
          JSON.parse(text);
        } catch {
          good = false;
        }
        if (good) parseExactJson(text, 'test');
        else
          expect(() => parseExactJson(text, 'test'))
            .to.throw(OcmfError)
            .with.property('code', 'OCMF_STRUCTURE');
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses what is nested too deeply instead of overflowing the stack', () => {
    expect(() => parseExactJson('['.repeat(100_000), 'test')).to.throw(OcmfError, /nested deeper/);
  });
});
