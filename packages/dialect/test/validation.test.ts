// SPDX-License-Identifier: Apache-2.0
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import {
  argumentsSchema,
  explain,
  hasLength,
  lengthOf,
  nothing,
  validator,
} from '@carabiner/dialect/validation';
import { expect } from 'chai';
import fc from 'fast-check';

describe('explain', () => {
  const schema = {
    type: 'object',
    required: ['mode', 'list'],
    additionalProperties: false,
    properties: {
      mode: { type: 'string', $ref: '/t#/Mode' },
      list: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 10 }, maxItems: 2 },
      when: { type: 'string', format: 'date-time' },
      'a/b': { type: 'boolean' },
    },
  };
  const files = { '/t': { Mode: { type: 'string', enum: ['On', 'Off'] } } };

  it('names every place and what is wrong there', () => {
    const value = { mode: 'Of', list: [1.5, 11, -1], when: 'now', 'a/b': null, other: 1 };
    expect(explain(value, schema, files)).to.deep.equal([
      { path: '/mode', message: '"Of" is not one of On, Off' },
      { path: '/list', message: '3 items are more than 2' },
      { path: '/list/0', message: '1.5 is not integer' },
      { path: '/list/1', message: '11 is above the maximum 10' },
      { path: '/list/2', message: '-1 is below the minimum 0' },
      { path: '/when', message: '"now" is not a date-time' },
      { path: '/a~1b', message: 'null is not boolean' },
      { path: '/other', message: "'other' is not allowed" },
    ]);
    expect(explain({}, schema, files)).to.deep.equal([
      { path: '', message: "'mode' is missing" },
      { path: '', message: "'list' is missing" },
    ]);
    expect(explain({ mode: 'On', list: [] }, schema, files)).to.deep.equal([]);
  });

  it('is strict where peers written in C++ are: null for an optional member, unknown values, missing members', () => {
    expect(explain({ mode: 'On', list: [], when: null }, schema, files)).to.deep.equal([
      { path: '/when', message: 'null is not string' },
    ]);
  });

  it('says when a reference leads nowhere', () => {
    expect(explain(1, { $ref: '/t#/Missing' }, files)[0]?.message).to.contain('does not exist');
  });

  it('sees only what a value has itself, not what every object inherits', () => {
    const schema = { required: ['toString'], dependencies: { a: ['constructor'], valueOf: false } };
    expect(explain({ a: 1 }, schema, {})).to.deep.equal([
      { path: '', message: "'toString' is missing" },
      { path: '', message: "'constructor' is missing beside 'a'" },
    ]);
    expect(explain({ a: 1, toString: 1, constructor: 1 }, schema, {})).to.deep.equal([]);
    expect(explain(1, { $ref: '/t#/constructor' }, files)).to.have.length(1);
  });

  it('refuses what JSON cannot carry', () => {
    expect(explain(Number.NaN, { type: 'number' }, {})).to.have.length(1);
    expect(explain(Number.POSITIVE_INFINITY, { type: 'integer' }, {})).to.have.length(1);
    expect(explain(undefined, { type: 'string' }, {})).to.deep.equal([
      { path: '', message: 'nothing is not string' },
    ]);
  });
});

describe('validator', () => {
  it('decides by the function and explains by the schema', () => {
    const even = validator<number>((value) => typeof value === 'number', { type: 'number' });
    expect(even.is(2)).to.equal(true);
    expect(even.explain('x')).to.deep.equal([{ path: '', message: '"x" is not number' }]);
  });

  it('for nothing takes null and undefined', () => {
    expect([null, undefined, 0, false, ''].map((value) => nothing.is(value))).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(nothing.explain(0)).to.deep.equal([{ path: '', message: '0 is not null' }]);
    expect(nothing.explain(null)).to.deep.equal([]);
  });

  it('for arguments wants all of them and no other', () => {
    const schema = argumentsSchema({ a: { type: 'number' }, b: {} });
    expect(explain({ a: 1, b: null }, schema, {})).to.deep.equal([]);
    expect(explain({ a: 1 }, schema, {})).to.have.length(1);
    expect(explain({ a: 1, b: 1, c: 1 }, schema, {})).to.have.length(1);
  });
});

describe('lengths', () => {
  it('count code points', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(lengthOf(text)).to.equal(Array.from(text).length);
      }),
    );
    expect(lengthOf('\ud800')).to.equal(1);
    expect(['', '😀', '😀😀', '😀😀😀'].map(hasLength(1, 2))).to.deep.equal([false, true, true, false]);
  });
});

describe('formats', () => {
  it('know no minute 60 and no hour 24, leap second or not', () => {
    for (const text of ['23:60:00Z', '23:60:00+00:01', '23:60:60+00:01', '24:00:00Z', '24:59:00+01:00']) {
      expect(explain(text, { type: 'string', format: 'time' }, {}), text).to.have.length(1);
    }
  });

  const ajv = new Ajv({ strict: false });
  (formats as unknown as (ajv: Ajv) => void)(ajv);
  const two = fc.nat(99).map((value) => String(value).padStart(2, '0'));
  const dates = fc
    .tuple(fc.constantFrom('1900', '2000', '2023', '2024'), two, two)
    .map((parts) => parts.join('-'));
  const offsets = fc.oneof(
    fc.constantFrom('Z', 'z', ''),
    fc.tuple(fc.constantFrom('+', '-'), two, two).map(([sign, hour, minute]) => `${sign}${hour}:${minute}`),
  );
  const times = fc
    .tuple(
      fc.constantFrom('00', '23', '22', '12'),
      fc.constantFrom('00', '59', '58'),
      fc.constantFrom('00', '59', '60', '61'),
      fc.constantFrom('', '.5', '.'),
      offsets,
    )
    .map(([hour, minute, second, fraction, offset]) => `${hour}:${minute}:${second}${fraction}${offset}`);
  const samples: [string, fc.Arbitrary<string>][] = [
    ['date', dates],
    ['time', times],
    [
      'date-time',
      fc.tuple(dates, fc.constantFrom('T', 't', ' ', '_', ''), times).map((parts) => parts.join('')),
    ],
    [
      'ipv4',
      fc.oneof(
        fc.ipV4(),
        fc
          .array(fc.constantFrom('0', '1', '255', '256', '01', ''), { maxLength: 5 })
          .map((parts) => parts.join('.')),
      ),
    ],
    [
      'ipv6',
      fc.oneof(
        fc.ipV6(),
        fc
          .array(fc.constantFrom('', '0', 'ffff', '12345', 'g'), { maxLength: 9 })
          .map((parts) => parts.join(':')),
      ),
    ],
    [
      'uri',
      fc
        .tuple(
          fc.constantFrom('http:', 'urn:', 'x'),
          fc.constantFrom('//', '//u@', '//u:p@', '//[', ''),
          fc.constantFrom('a', '[::1]', '[::1', '::1]', '[g]', '[1.2.3.4]', '[v1.x]', '[]', 'a]b', '[::1]b'),
          fc.constantFrom('', ':', ':80', ':b'),
          fc.constantFrom('', '/', '/[b]', '/b]', '?[', '#]', '#b'),
        )
        .map((parts) => parts.join('')),
    ],
    ['uuid', fc.oneof(fc.uuid(), fc.string())],
  ];
  for (const [format, texts] of samples) {
    it(`${format} is judged as by ajv-formats`, () => {
      const validate = ajv.compile({ type: 'string', format });
      fc.assert(
        fc.property(texts, (text) => {
          expect(explain(text, { type: 'string', format }, {}).length === 0, text).to.equal(validate(text));
        }),
        { numRuns: 2000 },
      );
    });
  }
});
