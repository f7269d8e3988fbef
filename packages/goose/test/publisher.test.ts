// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  decodeFrame,
  GoosePublisher,
  GooseValueError,
  gooseTimeToUnixMs,
  MacAddress,
  MemoryNetwork,
  type ReceivedGooseFrame,
} from '@carabiner/goose';
import { encodePowerMessage } from '@carabiner/goose/fusioncharge';
import type { Timer } from '@carabiner/clock';
import { VirtualClock } from '@carabiner/clock/virtual';
import { insecureRun, key, otherKey, psuMac, secureRun } from './fixtures.js';

const message = encodePowerMessage({ kind: 'stop', connector: 5, reason: 0x1000 });

/** A clock whose next timer is late. */
class TardyClock extends VirtualClock {
  nextLateMs = 0;

  override setTimeout(callback: () => void, delayMs: number): Timer {
    const lateMs = this.nextLateMs;
    this.nextLateMs = 0;
    return super.setTimeout(callback, delayMs + lateMs);
  }
}

function setUp(secure = true, options: { timeAllowedToLive?: number; vlan?: null } = {}) {
  const clock = new TardyClock();
  const network = new MemoryNetwork();
  const link = network.link(MacAddress.parse('02:00:00:00:00:01'));
  const heard: { ms: number; frame: ReceivedGooseFrame }[] = [];
  network.link(psuMac).onFrame((bytes) => heard.push({ ms: clock.monotonic(), frame: decodeFrame(bytes) }));
  const publisher = new GoosePublisher({ link, clock, secure, ...options });
  publisher.setKey(key);
  return { clock, link, heard, publisher };
}

const numbers = (heard: { frame: ReceivedGooseFrame }[]) =>
  heard.map(({ frame }) => [frame.pdu.stNum, frame.pdu.sqNum] as const);

describe('the publisher', () => {
  it('sends at once and repeats after 2, 2, 4, 8 ms and then every second', async () => {
    const { clock, heard, publisher } = setUp();
    publisher.publish(psuMac, message);
    await clock.advance(4100);
    expect(heard.map(({ ms }) => ms)).to.deep.equal([0, 2, 4, 8, 16, 1016, 2016, 3016, 4016]);
    expect(numbers(heard)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8].map((sq) => [1, sq]));
    expect(new Set(heard.map(({ frame }) => gooseTimeToUnixMs(frame.pdu.t)))).to.deep.equal(
      new Set([clock.now() - 4100]),
    );
    expect(heard.every(({ frame }) => frame.verify(key))).to.equal(true);
  });

  it('sends what comes after a late repetition in its own time', async () => {
    const { clock, heard, publisher } = setUp();
    clock.nextLateMs = 5;
    publisher.publish(psuMac, message);
    await clock.advance(2100);
    expect(heard.map(({ ms }) => ms)).to.deep.equal([0, 7, 7, 8, 16, 1016, 2016]);
  });

  it('does not make up for a stall', async () => {
    const { clock, heard, publisher } = setUp();
    clock.nextLateMs = 500;
    publisher.publish(psuMac, message);
    await clock.advance(1600);
    expect(heard.map(({ ms }) => ms)).to.deep.equal([0, 502, 504, 508, 516, 1516]);
  });

  it('keeps the schedule that was measured on the reference dispenser', async () => {
    const { clock, heard, publisher } = setUp();
    publisher.publish(psuMac, message);
    await clock.advance(9100);
    const states = [...secureRun.timeline, ...insecureRun.timeline].filter(({ stNum }) => stNum > 1);
    let compared = 0;
    for (const { sq_deltas_ms } of states)
      for (const [sqNum, ms] of sq_deltas_ms) {
        expect(ms).to.be.within(heard[sqNum]!.ms - 0.5, heard[sqNum]!.ms + 4);
        compared += 1;
      }
    expect(compared).to.be.greaterThan(100);
  });

  it('replaces a state by the next, which has the next number and its own time', async () => {
    const { clock, heard, publisher } = setUp();
    publisher.publish(psuMac, message);
    await clock.advance(3);
    publisher.publish(psuMac, message);
    await clock.advance(10);
    expect(numbers(heard)).to.deep.equal([
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
      [2, 2],
      [2, 3],
    ]);
    expect(gooseTimeToUnixMs(heard[2]!.frame.pdu.t) - gooseTimeToUnixMs(heard[0]!.frame.pdu.t)).to.equal(3);
  });

  it('counts states and repetitions through 65535 to 0', async function () {
    this.timeout(60_000); // 131,072 frames are made
    const { clock, heard, publisher } = setUp(false);
    for (let state = 0; state < 65_536; state++) publisher.publish(psuMac, message);
    expect(publisher.stNum).to.equal(0);
    publisher.publish(psuMac, message);
    await clock.advance(0);
    expect(heard.slice(-2).map(({ frame }) => frame.pdu.stNum)).to.deep.equal([0, 1]);
    heard.length = 0;
    publisher.stop();
    for (let repetition = 0; repetition < 65_536; repetition++) {
      publisher.resume();
      publisher.stop();
    }
    await clock.advance(0);
    expect(numbers(heard).slice(-2)).to.deep.equal([
      [1, 65_535],
      [1, 0],
    ]);
  });

  it('sends nothing and uses no number without a key', async () => {
    const { clock, heard, publisher } = setUp();
    publisher.setKey(undefined);
    expect(publisher.publish(psuMac, message)).to.equal(false);
    await clock.advance(2000);
    expect(heard).to.deep.equal([]);
    publisher.setKey(key);
    expect(publisher.publish(psuMac, message)).to.equal(true);
    expect(publisher.stNum).to.equal(1);
  });

  it('stops the former state when the key has been taken away', async () => {
    const { clock, heard, publisher } = setUp();
    publisher.publish(psuMac, message);
    publisher.setKey(undefined);
    publisher.publish(psuMac, message);
    await clock.advance(5000);
    expect(numbers(heard)).to.deep.equal([[1, 0]]);
    publisher.resume();
    expect(publisher.active).to.equal(false);
  });

  it('uses a new key from the next state on', async () => {
    const { clock, heard, publisher } = setUp();
    publisher.publish(psuMac, message);
    publisher.setKey(otherKey);
    await clock.advance(2);
    publisher.publish(psuMac, message);
    await clock.advance(2);
    expect(heard.map(({ frame }) => [frame.verify(key), frame.verify(otherKey)])).to.deep.equal([
      [true, false],
      [true, false],
      [false, true],
      [false, true],
    ]);
  });

  it('needs no key for plain frames', async () => {
    const { clock, heard, publisher } = setUp(false, { timeAllowedToLive: 500, vlan: null });
    publisher.setKey(undefined);
    expect(publisher.publish(psuMac, message)).to.equal(true);
    await clock.advance(0);
    expect(heard[0]!.frame).to.include({ secure: false, vlan: undefined });
    expect(heard[0]!.frame.pdu.timeAllowedToLive).to.equal(500);
  });

  it('goes on after a stop with the same state and the next sequence number', async () => {
    const { clock, heard, publisher } = setUp();
    publisher.publish(psuMac, message);
    await clock.advance(20);
    publisher.stop();
    await clock.advance(60_000);
    expect(heard).to.have.length(5);
    publisher.resume();
    publisher.resume();
    await clock.advance(2000);
    expect(numbers(heard).slice(5)).to.deep.equal([
      [1, 5],
      [1, 6],
      [1, 7],
    ]);
    expect(clock.pending).to.equal(1);
    publisher.stop();
    expect(clock.pending).to.equal(0);
  });

  it('goes on through a link that is down', async () => {
    const { clock, link, heard, publisher } = setUp();
    link.setCable(false);
    publisher.publish(psuMac, message);
    await clock.advance(100);
    link.setCable(true);
    await clock.advance(1000);
    expect(numbers(heard)).to.deep.equal([[1, 5]]);
    expect(link.statistics).to.include({ sent: 1, sendErrors: 5 });
  });

  it('does not use a number for a message that cannot be sent', () => {
    const { publisher } = setUp();
    expect(() => publisher.publish(psuMac, { appId: 1, gocbRef: 'x'.repeat(80), data: [] })).to.throw(
      GooseValueError,
    );
    expect(publisher.stNum).to.equal(0);
  });
});
