// SPDX-License-Identifier: Apache-2.0
import { formatFinding, formatFindings, YamlSource } from '@carabiner/dialect';
import { expect } from 'chai';

function parse(text: string): YamlSource {
  return YamlSource.parse(text, 'a.yaml');
}

function only(text: string): string {
  const { findings } = parse(text);
  expect(findings).to.have.length(1);
  return formatFinding(findings[0]!);
}

describe('YamlSource', () => {
  for (const [text, value] of [
    ['true', true],
    ['false', false],
    ['True', 'True'],
    ['TRUE', 'TRUE'],
    ['on', 'on'],
    ['OFF', 'OFF'],
    ['yes', 'yes'],
    ['n', 'n'],
    ['null', null],
    ['~', null],
    ['Null', null],
    ['NULL', null],
    ['', null],
    ['nuLL', 'nuLL'],
    ['12', 12],
    ['-12', -12],
    ['+12', 12],
    ['007', 7],
    ['2147483647', 2_147_483_647],
    ['-2147483648', -2_147_483_648],
    ['0.5', 0.5],
    ['.5', 0.5],
    ['1.', 1],
    ['1e3', 1000],
    ['-1.5E-2', -0.015],
    ['.inf', '.inf'],
    ['.nan', '.nan'],
    ['1_000', '1_000'],
    ['0bcafe12', '0bcafe12'],
    ['0o89', '0o89'],
    ['0xGG', '0xGG'],
    ['12:30', '12:30'],
    ['2026-01-01', '2026-01-01'],
    ['"12"', '12'],
    ["'true'", 'true'],
    ['""', ''],
    ['$ref', '$ref'],
  ] as const) {
    it(`reads ${JSON.stringify(text)} as ${JSON.stringify(value)}`, () => {
      const source = parse(`key: ${text}\n`);
      expect(source.findings).to.deep.equal([]);
      expect(source.value).to.deep.equal({ key: value });
    });
  }

  it('refuses an integer that does not fit in 32 bits', () => {
    expect(only('a: 2147483648')).to.match(/^a\.yaml:1:4: error: integer 2147483648 .*\[integer-range\]$/);
    expect(only('a: [-2147483649]')).to.contain('(at a[0])');
  });

  it('refuses a number of another base, which is read as 0 elsewhere', () => {
    expect(only('a: 0x10')).to.contain('[integer-base]');
    expect(only('a: 0o17')).to.contain('[integer-base]');
    expect(only('a: -0b11')).to.contain('[integer-base]');
    expect(parse('a: "0x10"').findings).to.deep.equal([]);
  });

  it('refuses a number beyond what 64 bits hold', () => {
    expect(only('a: -1e999')).to.equal(
      'a.yaml:1:4: error: number -1e999 does not fit in 64 bits (at a); expected a smaller number, or a quoted text [number-range]',
    );
  });

  it('remembers which numbers were written with a fraction or an exponent', () => {
    const source = parse('a: 5.0\nb: [1e3, 5., 5, "5.0"]\nc: text.e\n');
    expect(source.floatText(['a'])).to.equal('5.0');
    expect([0, 1, 2, 3].map((index) => source.floatText(['b', index]))).to.deep.equal([
      '1e3',
      '5.',
      undefined,
      undefined,
    ]);
    for (const path of [['c'], ['d'], [], ['a', 'b']]) expect(source.floatText(path)).to.equal(undefined);
  });

  it('never shows a secret', () => {
    const values = [
      '12345678901',
      '0x1234abcd',
      '1e999',
      '&hunter2 x',
      '*hunter2',
      '!hunter2 x',
      '[*hunter2]',
    ];
    for (const value of [...values, '|hunter2', '>hunter2', '!h!hunter2 x', '"\\xhunter2"']) {
      const text = formatFindings(parse(`mqtt_password: ${value}\n`).findings);
      expect(text, value).to.match(/^a\.yaml:1:\d+: error: /);
      expect(text, value).not.to.match(/hunter2|hu \[|1234|999/);
    }
  });

  it('refuses what the dialect does not resolve', () => {
    expect(only('a: &anchor 1')).to.contain('a.yaml:1:12: error: anchor &anchor').and.contain('[yaml-alias]');
    expect(formatFindings(parse('a: &x 1\nb: *x').findings)).to.contain('alias *x is not resolved');
    expect(only('a: {<<: {b: 1}}')).to.contain('merge keys are not resolved');
    expect(only('a: !!int 3')).to.contain('[yaml-tag]');
    expect(only('a: !!str 3')).to.contain('[yaml-tag]');
    expect(only('__proto__: 1')).to.contain('[yaml-key]');
    expect(only('? [a]\n: 1')).to.contain('[yaml-key]');
  });

  it('reports every duplicate key and keeps the first value', () => {
    const source = parse('a: 1\nb: 2\na: 3\nb: 4\n');
    expect(formatFindings(source.findings)).to.equal(
      "a.yaml:3:1: error: duplicate key 'a' [duplicate-key]\na.yaml:4:1: error: duplicate key 'b' [duplicate-key]",
    );
    expect(source.value).to.deep.equal({ a: 1, b: 2 });
  });

  it('reports the first mistake in the syntax, not its consequences', () => {
    expect(only('a: [1\nb: 2\nc: d: e\n')).to.match(/^a\.yaml:2:1: error: .*\[yaml-syntax\]$/);
    expect(only('a: 1\n---\nb: 2\n')).to.equal(
      'a.yaml:2:1: error: a second document begins; expected one document in a file [yaml-syntax]',
    );
    expect(only('\ta: 1')).to.contain('[yaml-syntax]');
  });

  it('gives null for an empty file', () => {
    expect(parse('')).to.include({ value: null });
    expect(parse('# only a comment\n').findings).to.deep.equal([]);
  });

  it('knows where every value and key stands', () => {
    const source = parse('one:\n  two:\n    - x\n    - {k: v}\n  "three": 3\nempty:\n');
    expect(source.position(['one', 'two', 0])).to.deep.equal({ line: 3, column: 7 });
    expect(source.position(['one', 'two', 1, 'k'])).to.deep.equal({ line: 4, column: 11 });
    expect(source.position(['one', 'two', 1, 'k'], 'key')).to.deep.equal({ line: 4, column: 8 });
    expect(source.position(['one', 'three'])).to.deep.equal({ line: 5, column: 12 });
    expect(source.position(['empty'])).to.deep.equal({ line: 6, column: 1 });
  });

  it('points at the nearest ancestor of what does not exist', () => {
    const source = parse('one:\n  two: 2\n');
    expect(source.position(['one', 'missing', 'deep'])).to.deep.equal({ line: 2, column: 3 });
    expect(source.position(['nothing'])).to.deep.equal({ line: 1, column: 1 });
  });

  it('names a file that cannot be read', () => {
    const { findings, value } = YamlSource.read('/nowhere/x.yaml', 'x.yaml');
    expect(value).to.equal(null);
    expect(formatFindings(findings)).to.equal(
      'x.yaml:1:1: error: the file cannot be read (ENOENT) [unreadable-file]',
    );
  });

  it('finds the licence that the file names', () => {
    expect(parse('# SPDX-License-Identifier: MIT\n\na: 1\n').license).to.equal('MIT');
    expect(parse('a: 1\n').license).to.equal(undefined);
  });
});

describe('formatFinding', () => {
  it('says all there is to say', () => {
    const finding = parse('a:\n  odd key: 1\n').finding(['a', 'odd key'], {
      code: 'wrong',
      message: 'it is wrong',
      expected: 'right',
      suggestion: 'even key',
    });
    expect(formatFinding(finding)).to.equal(
      'a.yaml:2:12: error: it is wrong (at a["odd key"]); expected right; did you mean \'even key\'? [wrong]',
    );
  });
});
