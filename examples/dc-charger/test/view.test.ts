// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { PhaseClock } from '../dist/view/phases.js';
import { sparkline } from '../dist/view/sparkline.js';
import { TextView } from '../dist/view/text-view.js';

describe('sparkline', () => {
  it('draws values from zero to their maximum', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).to.equal('▁▂▃▄▅▆▇█');
  });

  it('averages what does not fit, and draws nothing for nothing', () => {
    expect(sparkline([0, 0, 7, 7], 2)).to.equal('▁█');
    expect(sparkline([], 10)).to.equal('');
  });
});

describe('phases', () => {
  it('end when the next one begins', () => {
    const clock = new PhaseClock();
    clock.enter('a', 0);
    clock.enter('a', 5);
    clock.enter('b', 10);
    clock.end(15);
    expect(clock.phases.map(({ name, durationMs }) => [name, durationMs])).to.deep.equal([
      ['a', 10],
      ['b', 5],
    ]);
  });
});

describe('text view', () => {
  function view(isTerminal: boolean): { view: TextView; text: () => string } {
    let text = '';
    const out = { write: (part: string) => (text += part), isTerminal, columns: 100 };
    return { view: new TextView(out), text: () => text };
  }
  const reading = { voltageV: 400, currentA: 100, energyKwh: 1, socPercent: 50 };

  it('prints plain lines without a terminal, readings seldom', () => {
    const { view: plain, text } = view(false);
    plain.happened({ atMs: 1500, evse: 'evse_1', kind: 'event', name: 'Authorized', text: '', uuid: 'u' });
    plain.reading('evse_1', 2000, reading);
    plain.reading('evse_1', 3000, reading);
    expect(text()).to.equal(
      '    1.5 s  evse_1  ● Authorized\n    2.0 s  evse_1    400.0 V  100.0 A  40.0 kW  1.000 kWh  SoC 50 %\n',
    );
  });

  it('keeps one live line on a terminal', () => {
    const { view: live, text } = view(true);
    live.reading('evse_1', 2000, reading);
    expect(text()).to.match(/^\r.*40\.0 kW/);
    expect(text()).not.to.include('\n');
  });
});
