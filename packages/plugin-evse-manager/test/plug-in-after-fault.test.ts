// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';

describe('a fault while no vehicle is there', () => {
  it('does not hide the vehicle that is plugged in right after it, whatever order board support reports in', async () => {
    await using bench = await ChargerBench.create();
    bench.publish('bsp', 'event', { event: 'F' });
    await bench.advance(300);
    bench.publish('bsp', 'event', { event: 'A' });
    await bench.advance(10);
    await bench.plug();
    await bench.advance(300);
    expect(bench.events()).to.deep.equal(['SessionStarted(EVConnected)', 'AuthRequired']);
  });

  it('that begins in the moment of a plug-in does not keep a vehicle that is gone when it ends', async () => {
    await using bench = await ChargerBench.create();
    bench.raise('powermeter_car_side', 'powermeter/CommunicationFault');
    // The board had seen the vehicle before it was told to show F, in which it sees nothing.
    bench.publish('bsp', 'event', { event: 'B' });
    await bench.advance(10);
    bench.publish('bsp', 'event', { event: 'F' });
    await bench.advance(1000);
    const before = bench.sent('bsp').length;
    bench.clear('powermeter_car_side', 'powermeter/CommunicationFault');
    await bench.advance(1000);
    expect(
      bench
        .sent('bsp')
        .slice(before)
        .map(({ command }) => command),
    ).to.include('cp_state_X1');
    bench.publish('bsp', 'event', { event: 'A' });
    await bench.advance(300);
    expect(bench.events()).to.deep.equal(['SessionStarted(EVConnected)', 'AuthRequired', 'SessionFinished']);
  });
});
