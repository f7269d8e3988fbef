// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import { VirtualClock } from '@carabiner/clock/virtual';
import { GoosePublisher, MacAddress, uint16 } from '@carabiner/goose';
import { expect } from 'chai';

/** Timers that fire up to 1.5 ms before their time, as Node's do when they were set late in a long turn. */
class HastyClock extends VirtualClock implements Clock {
  override setTimeout(callback: () => void, delayMs: number): Timer {
    return super.setTimeout(callback, delayMs > 1.5 ? delayMs - 1.5 : delayMs);
  }
}

describe('publisher with timers that fire early', () => {
  it('still repeats on time', async () => {
    const clock = new HastyClock();
    const sentMs: number[] = [];
    const publisher = new GoosePublisher({
      link: { mac: MacAddress.random(), send: () => void sentMs.push(clock.monotonic()) },
      clock,
      secure: false,
    });
    publisher.publish(MacAddress.ZERO, { appId: 1, gocbRef: 'test', data: [uint16(1)] });
    await clock.advance(1100);
    publisher.stop();
    expect(sentMs).to.deep.equal([0, 2, 4, 8, 16, 1016]);
  });
});
