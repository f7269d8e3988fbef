// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeFrame,
  encodeFrame,
  GooseFrameError,
  GooseSubscriber,
  MacAddress,
  MemoryNetwork,
  type GooseData,
  type GooseFrame,
} from '@carabiner/goose';
import { decodePowerMessage } from '@carabiner/goose/fusioncharge';
import { VirtualClock } from '@carabiner/clock/virtual';
import { dispenserMac, key, library, psuMac } from './fixtures.js';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const text = fc.string({ maxLength: 64, unit: 'grapheme-ascii' });
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) => MacAddress.from(bytes));
const entry: fc.Arbitrary<GooseData> = fc.oneof(
  fc.integer({ min: 1, max: 4 }).chain((size) =>
    fc.record({
      type: fc.constant('unsigned' as const),
      value: fc.integer({ min: 0, max: 2 ** (8 * size) - 1 }),
      size: fc.constant(size),
    }),
  ),
  fc.record({ type: fc.constant('float' as const), value: fc.float({ noNaN: true }) }),
  fc.record({
    type: fc.constant('other' as const),
    tag: fc.constantFrom(0x83, 0x84, 0x85, 0x89, 0x8a, 0x91),
    value: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  }),
);
const frame: fc.Arbitrary<GooseFrame> = fc.record({
  destination: mac,
  source: mac,
  vlan: fc.option(
    fc.record({
      priority: fc.integer({ min: 0, max: 7 }),
      dropEligible: fc.boolean(),
      id: fc.integer({ min: 0, max: 4095 }),
    }),
    { nil: undefined },
  ),
  appId: fc.integer({ min: 0, max: 0xffff }),
  pdu: fc.record({
    gocbRef: text,
    timeAllowedToLive: uint32,
    datSet: text,
    goID: text,
    t: fc.record({
      seconds: uint32,
      fraction: fc.integer({ min: 0, max: 0xffffff }),
      quality: fc.integer({ min: 0, max: 255 }),
    }),
    stNum: uint32,
    sqNum: uint32,
    simulation: fc.boolean(),
    confRev: uint32,
    ndsCom: fc.boolean(),
    allData: fc.array(entry, { maxLength: 12 }),
  }),
});

/** Decodes, and lets only the typed error pass for an answer. */
function decodeOrRefuse(bytes: Uint8Array): void {
  try {
    decodePowerMessage(decodeFrame(bytes).pdu);
  } catch (error) {
    expect(error).to.be.instanceOf(GooseFrameError);
  }
}

describe('properties of frames', () => {
  it('decode(encode(frame)) is the frame, plain and signed', () => {
    fc.assert(
      fc.property(frame, fc.boolean(), (original, signed) => {
        const { secure, verify, ...decoded } = decodeFrame(encodeFrame(original, signed ? key : undefined));
        expect(secure).to.equal(signed);
        expect(verify(key)).to.equal(signed);
        expect(decoded).to.deep.equal(original);
      }),
    );
  });

  it('arbitrary bytes decode or give the typed error', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), decodeOrRefuse), { numRuns: 2000 });
  });

  it('arbitrary bytes behind a valid header decode or give the typed error', () => {
    const header = Buffer.from(library.frames[0]!.plain, 'hex').subarray(0, 20);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 300 }), (content) => {
        const bytes = Buffer.concat([header, Buffer.from([0, 0, 0, 0, 0, 0]), content]);
        bytes.writeUInt16BE(content.length + 8, 20);
        bytes[26] = 0x61;
        decodeOrRefuse(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('frames with a few bytes changed, removed or put in decode or give the typed error', () => {
    const frames = library.frames
      .flatMap(({ plain, secure }) => [plain, secure])
      .map((hex) => Buffer.from(hex, 'hex'));
    fc.assert(
      fc.property(
        fc.constantFrom(...frames),
        fc.array(fc.tuple(fc.nat(220), fc.nat(3), fc.uint8Array({ maxLength: 3 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (original, edits) => {
          let bytes = original;
          for (const [at, removed, inserted] of edits)
            bytes = Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
          decodeOrRefuse(bytes);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe('a verifying receiver', () => {
  it('refuses a signed frame with any single bit changed', async () => {
    // Bits 112..127 are the VLAN tag's priority and id: switches rewrite them, and nothing depends on them.
    const isTag = (bit: number): boolean => bit >= 14 * 8 && bit < 16 * 8;
    for (const { secure: hex } of library.frames) {
      const original = Buffer.from(hex, 'hex');
      const fromPsu = original[5] === 1;
      const network = new MemoryNetwork();
      const link = network.link(fromPsu ? dispenserMac : psuMac);
      const peer = fromPsu ? psuMac : dispenserMac;
      let accepted = 0;
      const subscriber = new GooseSubscriber({
        link,
        clock: new VirtualClock(),
        accept: 'verified',
        read: ({ source, destination, pdu }) =>
          source.equals(peer) && destination.equals(link.mac) ? decodePowerMessage(pdu) : undefined,
        keyFor: () => key,
        onMessage: () => (accepted += 1),
      });
      const sender = network.link();
      let sent = 0;
      for (let bit = 0; bit < original.length * 8; bit++) {
        if (isTag(bit)) continue;
        const bytes = Buffer.from(original);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        sender.send(bytes);
        sent += 1;
      }
      await Promise.resolve();
      expect(link.statistics.received).to.be.greaterThan(sent - 8);
      expect(accepted).to.equal(0);
      sender.send(original);
      await Promise.resolve();
      expect(accepted).to.equal(1);
      subscriber.close();
    }
  });
});
