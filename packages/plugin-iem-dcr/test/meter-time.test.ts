// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { MeterTime, parseOffset, toRfc3339, type MeterTimeOptions } from '../dist/device/meter-time.js';

const BERLIN: MeterTimeOptions = {
  timezone: '+0100',
  handleDst: true,
  dstZone: 'Europe/Berlin',
  dstNotation: 'iso8601',
};
const format = (utc: string, options: Partial<MeterTimeOptions> = {}): string =>
  new MeterTime({ ...BERLIN, ...options }).format(Date.parse(utc));

describe('time for the meter', () => {
  for (const [utc, options, text] of [
    ['2025-01-15T09:30:00Z', {}, '2025-01-15T10:30:00,000+0100'],
    ['2025-07-15T10:00:00Z', {}, '2025-07-15T12:00:00,000+0200'],
    ['2025-07-15T10:00:00Z', { dstNotation: 'compatible' }, '2025-07-15T12:00:00,000+0100'],
    ['2025-07-15T10:00:00Z', { handleDst: false }, '2025-07-15T11:00:00,000+0100'],
    ['2025-03-30T00:59:59.999Z', {}, '2025-03-30T01:59:59,000+0100'],
    ['2025-03-30T01:00:00Z', {}, '2025-03-30T03:00:00,000+0200'],
    ['2025-10-26T00:59:59Z', {}, '2025-10-26T02:59:59,000+0200'],
    ['2025-10-26T01:00:00Z', {}, '2025-10-26T02:00:00,000+0100'],
    [
      '2025-01-15T12:00:00Z',
      { timezone: '+1030', dstZone: 'Australia/Adelaide' },
      '2025-01-15T23:30:00,000+1130',
    ],
    [
      '2025-07-15T12:00:00Z',
      { timezone: '-0330', dstZone: 'America/St_Johns' },
      '2025-07-15T09:30:00,000-0230',
    ],
    ['2025-07-15T12:00:00Z', { timezone: '+0000', dstZone: 'UTC' }, '2025-07-15T12:00:00,000+0000'],
  ] as const)
    it(`writes ${utc} as ${text}`, () => expect(format(utc, options)).to.equal(text));

  for (const text of ['', '+1x', '0100', '+01:00', '+100'])
    it(`refuses the offset ${JSON.stringify(text)}`, () =>
      expect(() => parseOffset(text)).to.throw(RangeError, /four digits/));

  it('turns the time of the meter into RFC 3339', () => {
    expect(toRfc3339('2024-12-15T22:42:28,000+0200 U')).to.equal('2024-12-15T22:42:28.000+02:00');
    expect(toRfc3339('2024-13-15T22:42:28,000+0200 U')).to.equal(undefined);
  });
});
