// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { Decimal, OcmfError } from '@carabiner/ocmf';

describe('Decimal', () => {
  for (const [text, plain] of [
    ['00000446.540', '446.540'],
    ['      48.542', '48.542'],
    ['1.606848e7', '16068480'],
    ['12.5e-3', '0.0125'],
    ['0', '0'],
    ['-0.50', '-0.50'],
    ['+7', '7'],
    ['0.0', '0.0'],
  ] as const)
    it(`reads ${text} as ${plain}`, () => expect(Decimal.parse(text).toString()).to.equal(plain));

  for (const text of [
    '',
    ' ',
    '1,5',
    '.5',
    '5.',
    '0x10',
    'NaN',
    'Infinity',
    '1e',
    '1 2',
    '1e999999999',
    '9'.repeat(150),
  ])
    it(`refuses ${JSON.stringify(text.slice(0, 12))}`, () =>
      expect(() => Decimal.parse(text))
        .to.throw(OcmfError)
        .with.property('code', 'OCMF_DECIMAL'));

  it('subtracts where doubles and 32-bit floats fail', () => {
    expect(Decimal.parse('16777217.004').minus(Decimal.parse('16777216.001')).toString()).to.equal('1.003');
    expect(Decimal.parse('0.3').minus(Decimal.parse('0.1')).toString()).to.equal('0.2');
    expect(Decimal.parse('1').minus(Decimal.parse('1.50')).toString()).to.equal('-0.50');
  });

  it('turns Wh into kWh without rounding', () => {
    expect(Decimal.parse('2851753').shift(-3).toString()).to.equal('2851.753');
    expect(Decimal.parse('1.5').shift(3).toString()).to.equal('1500');
  });

  it('compares by value, not by places', () => {
    expect(Decimal.parse('1.50').compare(Decimal.parse('1.5'))).to.equal(0);
    expect(Decimal.parse('-1').compare(Decimal.parse('0.001'))).to.equal(-1);
    expect(Decimal.parse('2').compare(Decimal.parse('1.999'))).to.equal(1);
  });

  it('agrees with integers of any size', () => {
    const number = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat({ max: 9 }));
    const text = ([unscaled, places]: [bigint, number]): string => {
      const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(places + 1, '0');
      const point = digits.length - places;
      return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${places > 0 ? `.${digits.slice(point)}` : ''}`;
    };
    fc.assert(
      fc.property(number, number, (a, b) => {
        const places = Math.max(a[1], b[1]);
        const scaled = ([unscaled, own]: [bigint, number]): bigint => unscaled * 10n ** BigInt(places - own);
        const difference = scaled(a) - scaled(b);
        const [x, y] = [Decimal.parse(text(a)), Decimal.parse(text(b))];
        expect(x.toString()).to.equal(text(a));
        expect(x.minus(y)).to.include({ unscaled: difference, places });
        expect(x.compare(y)).to.equal(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
    );
  });
});
