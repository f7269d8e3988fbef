// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';

/** The way to a device is lost, and after a second it is there again. */
async function lose(bench: ChargerBench, peer: string, type: string, subType: string): Promise<number> {
  bench.raise(peer, type, 'High', 'carabiner', subType);
  await bench.advance(1000);
  const before = bench.sent().length;
  bench.clear(peer, type, subType);
  await bench.advance(1);
  return before;
}

describe('a device that was out of reach', () => {
  for (const subType of ['module-lost', 'broker-lost'])
    it(`is told again which state it is to be in (${subType})`, async () => {
      await using bench = await ChargerBench.create();
      await bench.charge();
      const before = await lose(bench, 'bsp', 'evse_board_support/CommunicationFault', subType);
      const again = bench.sent().slice(before);
      const board = again.filter(({ peer }) => peer === 'bsp').map(({ command }) => command);
      expect(board.slice(0, 3)).to.deep.equal(['allow_power_on', 'cp_state_X1', 'enable']);
      const [permission] = again;
      expect(permission?.args).to.deep.include({
        value: { allow_power_on: false, reason: 'PowerOff' },
      });
    });

  it('that is the power supply is switched off again, and never on', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    const before = await lose(bench, 'powersupply_DC', 'power_supply_DC/CommunicationFault', 'module-lost');
    const [first] = bench.sent('powersupply_DC').slice(-1);
    expect(bench.sent().slice(before)[0]?.command).to.equal('setMode');
    expect(first?.args).to.deep.include({ mode: 'Off' });
  });

  it('is told nothing when an error of its own ends', async () => {
    await using bench = await ChargerBench.create();
    const before = bench.sent('bsp').length;
    bench.raise('bsp', 'evse_board_support/CommunicationFault');
    bench.clear('bsp', 'evse_board_support/CommunicationFault');
    await bench.advance(1);
    expect(
      bench
        .sent('bsp')
        .slice(before)
        .filter(({ command }) => command === 'enable'),
    ).to.deep.equal([]);
  });
});
