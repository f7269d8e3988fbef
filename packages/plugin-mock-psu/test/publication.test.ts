// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { VirtualClock } from '@carabiner/clock/virtual';
import { PowerRequestPublication, sixDecimals } from '../dist/protocol/power-request-publication.js';

describe('the publication of power requests', () => {
  const request = (voltage: number, current: number, connector = 5) =>
    ({ kind: 'request', connector, requirement: 5, mode: 2, voltage, current }) as const;

  it('prints numbers as the C library does', () => {
    for (const [value, text] of [
      [400.5, '400.500000'],
      [400.0078125, '400.007812'],
      [400.0234375, '400.023438'],
      [-0, '-0.000000'],
      [-1.5, '-1.500000'],
      [Math.fround(1e22), '9999999778196308361216.000000'],
      [Math.fround(0.1), '0.100000'],
    ] as const)
      expect(sixDecimals(value)).to.equal(text);
  });

  it('publishes changes at once and the same again after a second', async () => {
    const clock = new VirtualClock();
    const published: [string, string][] = [];
    const publication = new PowerRequestPublication(clock, 'base', (...entry) => published.push(entry));
    publication.onMessage(request(400.5, 100));
    publication.onMessage(request(400.5, 100));
    publication.onMessage(request(400.5, 100, 6));
    await clock.advance(999);
    publication.onMessage(request(400.5, 100));
    expect(published).to.deep.equal([
      ['base/5/power_request', '{"voltage": 400.500000, "current": 100.000000}'],
      ['base/6/power_request', '{"voltage": 400.500000, "current": 100.000000}'],
    ]);
    await clock.advance(1);
    publication.onMessage(request(400.5, 100));
    publication.onMessage({ kind: 'stop', connector: 5, reason: 0x1000 });
    expect(published.slice(2)).to.deep.equal([
      ['base/5/power_request', '{"voltage": 400.500000, "current": 100.000000}'],
      ['base/5/power_request', '{"voltage": 0.000000, "current": 0.000000}'],
    ]);
  });
});
