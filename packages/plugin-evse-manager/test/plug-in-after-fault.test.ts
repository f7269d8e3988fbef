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
});
