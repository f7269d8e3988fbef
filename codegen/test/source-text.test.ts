// SPDX-License-Identifier: Apache-2.0
import { runInThisContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { constantCase, identifier, pascalCase } from '../dist/identifiers.js';
import { docComment, literal, propertyKey, quote, typeUnion } from '../dist/source-text.js';

/** What a program reads from a literal. */
function evaluate(text: string): unknown {
  return runInThisContext(`(${text})`) as unknown;
}

describe('source text', () => {
  it('quotes every text so that it reads as itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(evaluate(quote(text))).to.equal(text);
        expect(quote(text)).not.to.match(/[\n\r\u2028\u2029]/);
      }),
      { numRuns: 1000 },
    );
    expect(quote("it's")).to.equal(String.raw`'it\'s'`);
    expect(quote('"a" \\ b')).to.equal(String.raw`'"a" \\ b'`);
  });

  it('writes JSON that reads as itself, within the width where that is possible', () => {
    const json = fc.json().map((text) => JSON.parse(text) as Parameters<typeof literal>[0]);
    expect(Object.keys(evaluate(literal({ ['__proto__']: 1 })) as object)).to.deep.equal(['__proto__']);
    fc.assert(
      fc.property(json, (value) => {
        expect(evaluate(literal(value))).to.deep.equal(value);
      }),
    );
    const long = { list: Array.from({ length: 30 }, (_, index) => `value ${index}`), short: { a: [1, 2] } };
    const lines = literal(long).split('\n');
    expect(lines.every((line) => line.length <= 110)).to.equal(true);
    expect(lines).to.include("    'value 29',").and.include('  short: { a: [1, 2] },');
  });

  it('keeps comments inside their comment', () => {
    const text = docComment(['A */ B', 'mail me @home\n  - a list item '.repeat(2)]);
    expect(text.match(/\*\//g)).to.have.length(1);
    expect(text).to.contain(String.raw`me \@home`);
    expect(docComment(['', ' '])).to.equal('');
    expect(
      docComment(['word '.repeat(60)])
        .split('\n')
        .every((line) => line.length <= 110),
    ).to.equal(true);
  });

  it('makes legal names of all names', () => {
    expect(['a-b.c', 'delete', 'string', 'State', '_x'].map(identifier)).to.deep.equal([
      'a_b_c',
      'delete_',
      'string_',
      'State',
      '_x',
    ]);
    expect(
      ['power_supply_DC', 'ISO15118_charger', 'kvs', 'a-b.c', '_3phase', '_'].map(pascalCase),
    ).to.deep.equal(['PowerSupplyDC', 'ISO15118Charger', 'Kvs', 'ABC', '_3phase', '_']);
    expect(['StateOfCharge', 'a.b'].map(constantCase)).to.deep.equal(['STATE_OF_CHARGE', 'A_B']);
    expect(['a', 'a-b', '$ref', '1'].map(propertyKey)).to.deep.equal(['a', "'a-b'", '$ref', "'1'"]);
  });

  it('puts long unions on lines of their own', () => {
    expect(typeUnion([])).to.equal(' never');
    expect(typeUnion(['x'.repeat(120)])).to.equal(` ${'x'.repeat(120)}`);
    expect(typeUnion(["'a'", "'b'"])).to.equal(" 'a' | 'b'");
    expect(typeUnion(Array.from({ length: 40 }, () => "'abc'")).split('\n')).to.have.length(41);
  });
});
