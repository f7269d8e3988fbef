// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  encodeFrame,
  GoosePublisher,
  GooseSubscriber,
  MacAddress,
  MemoryNetwork,
  OTHER_SOURCES,
  type Acceptance,
  type GooseKey,
  type Rejection,
} from '@carabiner/goose';
import { decodePowerMessage, encodePowerMessage, type PowerMessage } from '@carabiner/goose/fusioncharge';
import { VirtualClock } from '@carabiner/clock/virtual';
import { dispenserMac, key, otherKey, psuMac, sampleFrame } from './fixtures.js';

const SOURCE = dispenserMac.toString();

function setUp(accept: Acceptance = 'verified', keyFor: () => GooseKey | undefined = () => key) {
  const clock = new VirtualClock();
  const network = new MemoryNetwork();
  const sender = network.link(dispenserMac);
  const link = network.link(psuMac);
  const messages: PowerMessage[] = [];
  const rejections: Rejection[] = [];
  const expired: string[] = [];
  const subscriber = new GooseSubscriber<PowerMessage>({
    link,
    clock,
    accept,
    read: ({ source, pdu }) => (source.equals(dispenserMac) ? decodePowerMessage(pdu) : undefined),
    keyFor,
    streamOf: ({ connector }) => `connector ${connector}`,
    onMessage: (message) => messages.push(message),
    onRejected: (rejection) => rejections.push(rejection),
    onExpired: (stream) => expired.push(stream),
  });
  const reasons = () => rejections.map(({ reason }) => reason);
  const send = async (bytes: Uint8Array): Promise<void> => {
    sender.send(bytes);
    await Promise.resolve();
  };
  return { clock, network, sender, link, messages, rejections, reasons, expired, subscriber, send };
}

/** A stop request with this numbering, created `ageMs` ago. */
function frame(stNum: number, sqNum: number, seconds = 1_700_000_000, connector = 5) {
  const { gocbRef, data } = encodePowerMessage({ kind: 'stop', connector, reason: 0x1000 });
  return sampleFrame({
    gocbRef,
    goID: gocbRef,
    stNum,
    sqNum,
    t: { seconds, fraction: 0, quality: 10 },
    allData: data,
  });
}

describe('the subscriber', () => {
  it('hands on what a publisher sends, repetitions included', async () => {
    const { clock, sender, messages, subscriber } = setUp();
    const publisher = new GoosePublisher({ link: sender, clock, secure: true });
    publisher.setKey(key);
    publisher.publish(psuMac, encodePowerMessage({ kind: 'stop', connector: 5, reason: 0x1003 }));
    await clock.advance(1016);
    expect(messages).to.have.length(6);
    expect(messages[0]).to.deep.equal({ kind: 'stop', connector: 5, serialNumber: 0xffff, reason: 0x1003 });
    expect(subscriber.statistics.get(SOURCE)).to.deep.include({ accepted: 6, missed: 0, restarts: 0 });
  });

  it('refuses plain, wrongly signed and unreadable frames and counts them by source', async () => {
    const { send, messages, reasons, subscriber } = setUp();
    await send(encodeFrame(frame(1, 0)));
    await send(encodeFrame(frame(1, 0), otherKey));
    const crc = encodeFrame(frame(1, 0), key);
    crc[24]! ^= 1;
    await send(crc);
    await send(encodeFrame(frame(1, 0), key).subarray(0, 120));
    await send(encodeFrame({ ...frame(1, 0), source: MacAddress.parse('02:00:00:00:00:09') }, key));
    expect(messages).to.deep.equal([]);
    expect(reasons()).to.deep.equal(['plain', 'hmac', 'crc', 'malformed', 'foreign']);
    expect(subscriber.statistics.get(SOURCE)!.rejected).to.deep.equal({
      malformed: 1,
      crc: 1,
      foreign: 0,
      plain: 1,
      no_key: 0,
      hmac: 1,
      stale: 0,
    });
    expect(subscriber.statistics.get('02:00:00:00:00:09')!.rejected.foreign).to.equal(1);
  });

  it('refuses signed frames while there is no key', async () => {
    const { send, messages, reasons } = setUp('verified', () => undefined);
    await send(encodeFrame(frame(1, 0), key));
    expect(messages).to.deep.equal([]);
    expect(reasons()).to.deep.equal(['no_key']);
  });

  it('takes any signature, or none, only when told so', async () => {
    const signed = setUp('signed');
    await signed.send(encodeFrame(frame(1, 0), otherKey));
    await signed.send(encodeFrame(frame(1, 1)));
    expect(signed.messages).to.have.length(1);
    expect(signed.reasons()).to.deep.equal(['plain']);
    const any = setUp('any');
    await any.send(encodeFrame(frame(1, 0), otherKey));
    await any.send(encodeFrame(frame(1, 1)));
    expect(any.messages).to.have.length(2);
  });

  it('refuses frames that were heard before, arrive late, or belong to a former run of the publisher', async () => {
    const { send, messages, reasons, subscriber } = setUp();
    await send(encodeFrame(frame(7, 3), key));
    await send(encodeFrame(frame(7, 3), key));
    await send(encodeFrame(frame(7, 2), key));
    await send(encodeFrame(frame(6, 9), key));
    await send(encodeFrame(frame(8, 0, 1_699_999_999), key));
    expect(messages).to.have.length(1);
    expect(reasons()).to.deep.equal(['stale', 'stale', 'stale', 'stale']);
    await send(encodeFrame(frame(1, 0, 1_700_000_005), key));
    await send(encodeFrame(frame(8, 0, 1_700_000_004), key));
    expect(messages).to.have.length(2);
    expect(subscriber.statistics.get(SOURCE)).to.include({ restarts: 1 });
  });

  it('follows the counters over 65535 and counts gaps', async () => {
    const { send, messages, subscriber } = setUp();
    await send(encodeFrame(frame(65_534, 65_535), key));
    await send(encodeFrame(frame(65_534, 0), key));
    await send(encodeFrame(frame(65_534, 3), key));
    await send(encodeFrame(frame(1, 0, 1_700_000_001), key));
    expect(messages).to.have.length(4);
    expect(subscriber.statistics.get(SOURCE)).to.include({ missed: 4, restarts: 0 });
  });

  it('keeps streams apart and can forget one', async () => {
    const { send, messages, subscriber } = setUp();
    await send(encodeFrame(frame(9, 0), key));
    await send(encodeFrame(frame(3, 0, 1_600_000_000, 6), key));
    expect(messages.map(({ connector }) => connector)).to.deep.equal([5, 6]);
    subscriber.forget('connector 5');
    await send(encodeFrame(frame(2, 0, 1_600_000_000), key));
    expect(messages).to.have.length(3);
  });

  it('takes any numbering after publishers were started anew, and still notices their silence', async () => {
    const { clock, send, messages, expired, subscriber } = setUp();
    await send(encodeFrame(frame(9, 0), key));
    subscriber.forgetNumbering();
    await clock.advance(10_000);
    expect(expired).to.deep.equal(['connector 5']);
    await send(encodeFrame(frame(1, 0, 1_500_000_000), key));
    await send(encodeFrame(frame(1, 0, 1_500_000_000), key));
    expect(messages).to.have.length(2);
    subscriber.close();
  });

  it('tells when nothing came for the time the last frame allowed', async () => {
    const { clock, send, expired, subscriber } = setUp();
    await send(encodeFrame(frame(1, 0), key));
    await clock.advance(9_999);
    await send(encodeFrame(frame(1, 1), key));
    await clock.advance(9_999);
    expect(expired).to.deep.equal([]);
    await clock.advance(1);
    expect(expired).to.deep.equal(['connector 5']);
    await clock.advance(60_000);
    expect(expired).to.have.length(1);
    await send(encodeFrame(frame(1, 2), key));
    subscriber.close();
    expect(clock.pending).to.equal(0);
  });

  it('counts a flood of made-up sources together', async () => {
    const { send, subscriber, network, link } = setUp();
    for (let index = 0; index < 500; index++) {
      const source = MacAddress.from(Buffer.from([2, 1, 0, 0, index >> 8, index & 0xff]));
      await send(encodeFrame({ ...frame(1, 0), source }, key));
    }
    expect(subscriber.statistics.size).to.equal(65);
    expect(subscriber.statistics.get(OTHER_SOURCES)!.rejected.foreign).to.equal(436);
    expect(link.statistics.received).to.equal(500);
    subscriber.close();
    network.link().send(encodeFrame(frame(1, 0), key));
    await Promise.resolve();
    expect(subscriber.statistics.size).to.equal(65);
  });
});
