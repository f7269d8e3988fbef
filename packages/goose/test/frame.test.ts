// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  crc16,
  decodeFrame,
  decodePdu,
  EncodedFrame,
  encodeFrame,
  encodePdu,
  GooseFrameError,
  GooseKey,
  GooseValueError,
  MacAddress,
} from '@carabiner/goose';
import { decodePowerMessage } from '@carabiner/goose/fusioncharge';
import { inspect } from 'node:util';
import { key, library, otherKey, sampleFrame } from './fixtures.js';

const secure = Buffer.from(library.frames[0]!.secure, 'hex');
const plain = Buffer.from(library.frames[0]!.plain, 'hex');

function refused(bytes: Buffer, code: GooseFrameError['code']): void {
  expect(() => decodeFrame(bytes))
    .to.throw(GooseFrameError)
    .with.property('code', code);
}

/** The frame as a packet socket shows it, after the kernel took the tag off. */
const untagged = (frame: Buffer): Buffer => Buffer.concat([frame.subarray(0, 12), frame.subarray(16)]);

function changed(frame: Buffer, offset: number, ...bytes: number[]): Buffer {
  const copy = Buffer.from(frame);
  copy.set(bytes, offset);
  return copy;
}

describe('frames', () => {
  it('are the same with and without the tag', () => {
    const frame = decodeFrame(untagged(secure));
    expect(frame.vlan).to.equal(undefined);
    expect(frame.verify(key)).to.equal(true);
    expect(frame.pdu).to.deep.equal(decodeFrame(secure).pdu);
  });

  it('may be padded, in both forms', () => {
    for (const frame of [secure, plain])
      expect(decodeFrame(Buffer.concat([frame, Buffer.alloc(18)])).pdu).to.deep.equal(decodeFrame(frame).pdu);
    expect(decodeFrame(Buffer.concat([secure, Buffer.alloc(18, 0xff)])).verify(key)).to.equal(true);
  });

  it('carry another priority and VLAN', () => {
    const frame = decodeFrame(changed(secure, 14, 0xa0, 0xc8));
    expect(frame.vlan).to.deep.equal({ priority: 5, dropEligible: false, id: 200 });
    expect(
      encodeFrame({ ...sampleFrame(), vlan: { priority: 7, dropEligible: true, id: 4095 } })[14],
    ).to.equal(0xff);
    expect(() => encodeFrame({ ...sampleFrame(), vlan: { priority: 8, id: 0 } })).to.throw(GooseValueError);
    expect(() => encodeFrame({ ...sampleFrame(), vlan: { priority: 0, id: 4096 } })).to.throw(
      GooseValueError,
    );
  });

  it('of other protocols and cut ones are told apart', () => {
    refused(changed(secure, 16, 0x08, 0x00), 'GOOSE_OTHER_PROTOCOL');
    refused(secure.subarray(0, 59), 'GOOSE_MALFORMED');
    refused(Buffer.alloc(0), 'GOOSE_MALFORMED');
    for (const length of [100, secure.length - 1]) refused(secure.subarray(0, length), 'GOOSE_MALFORMED');
  });

  it('need zero in the reserved words when plain and a matching CRC when signed', () => {
    refused(changed(plain, 24, 0, 1), 'GOOSE_MALFORMED');
    refused(changed(plain, 22, 0x80, 0), 'GOOSE_MALFORMED');
    refused(changed(secure, 24, 0, 1), 'GOOSE_CRC');
  });

  it('need an extension that holds the HMAC', () => {
    for (const extension of [1, 31, 32, 34, 36, 255]) {
      const frame = changed(secure, 23, extension);
      frame.writeUInt16BE(crc16(frame.subarray(16, 24)), 24);
      refused(frame, 'GOOSE_MALFORMED');
    }
  });

  it('may have a longer extension, which is then signed as well', () => {
    const extra = Buffer.from([0xac, 0x00]);
    const end = secure.length - 35;
    const frame = Buffer.concat([secure.subarray(0, end), extra, secure.subarray(end)]);
    frame[23] = 37;
    frame.writeUInt16BE(crc16(frame.subarray(16, 24)), 24);
    frame.set(key.sign(frame.subarray(16, end + extra.length)), frame.length - 32);
    expect(decodeFrame(frame).verify(key)).to.equal(true);
    expect(decodeFrame(changed(frame, end, 0xaa)).verify(key)).to.equal(false);
  });

  it('are repeated with another sequence number and a signature of its own', () => {
    const frame = sampleFrame();
    const encoded = new EncodedFrame(frame, key);
    encoded.setSqNum(77);
    expect(encoded.bytes).to.deep.equal(encodeFrame({ ...frame, pdu: { ...frame.pdu, sqNum: 77 } }, key));
    expect(decodeFrame(encoded.bytes).verify(key)).to.equal(true);
    expect(decodeFrame(encoded.bytes).verify(otherKey)).to.equal(false);
  });
});

describe('PDUs', () => {
  const pdu = sampleFrame().pdu;
  const bytes = encodePdu(pdu);

  it('keep what was put in', () => {
    expect(decodePdu(bytes)).to.deep.equal(pdu);
  });

  it('end texts with NUL and accept texts without it', () => {
    expect(bytes.includes(Buffer.from('CC/0$GO$PowerRequest\0'))).to.equal(true);
    // Shortened by hand: gocbRef without its NUL, so the outer length is one less.
    const outer = bytes[1]! & 0x80 ? 3 : 2;
    const value = bytes.subarray(outer);
    const content = Buffer.concat([
      Buffer.from([0x80, value[1]! - 1]),
      value.subarray(2, 1 + value[1]!),
      value.subarray(2 + value[1]!),
    ]);
    const short = Buffer.concat([Buffer.from([0x61, 0x81, content.length]), content]);
    expect(decodePdu(short).gocbRef).to.equal(pdu.gocbRef);
  });

  it('end texts at the first NUL', () => {
    const text = pdu.gocbRef;
    const filled = encodePdu({ ...pdu, gocbRef: `${text}#####`, goID: `${text}####` });
    for (let at = filled.indexOf('#'); at >= 0; at = filled.indexOf('#')) filled[at] = 0;
    expect(decodePdu(filled)).to.deep.equal(pdu);
  });

  it('of field equipment have shorter integers', () => {
    // timeAllowedToLive in two bytes, stNum, sqNum and confRev in one, 16-bit entries in one byte.
    const text = Buffer.from('43432f3024474f24506f7765725265717565737400', 'hex');
    const element = (tag: number, ...value: number[]): Buffer => Buffer.from([tag, value.length, ...value]);
    const allData = [
      ...[5, 255, 1, 0].map((value) => element(0x86, value)),
      element(0x87, 0, 0, 0, 0),
      element(0x87, 0, 0, 0, 0),
      element(0x86, 0xff, 0xff),
      element(0x86, 0xff, 0xff),
    ];
    const data = Buffer.concat(allData);
    const content = Buffer.concat([
      element(0x80, ...text),
      element(0x81, 0x27, 0x10),
      element(0x82, ...text),
      element(0x83, ...text),
      element(0x84, 0x65, 0x53, 0xf1, 0, 0, 0, 0, 0x0a),
      element(0x85, 3),
      element(0x86, 9),
      element(0x87, 0),
      element(0x88, 0),
      element(0x89, 0),
      element(0x8a, 8),
      element(0xab, ...data),
    ]);
    const decoded = decodePdu(Buffer.concat([Buffer.from([0x61, 0x82, 0, content.length]), content]));
    expect(decoded).to.deep.include({ timeAllowedToLive: 10_000, confRev: 0, stNum: 3, sqNum: 9 });
    expect(decodePowerMessage(decoded)).to.deep.equal({
      kind: 'request',
      connector: 5,
      serialNumber: 255,
      requirement: 1,
      mode: 0,
      voltage: 0,
      current: 0,
    });
  });

  it('with wrong members are refused', () => {
    const at = (offset: number, ...values: number[]): Buffer => changed(bytes, offset, ...values);
    const cases: [string, Buffer][] = [
      ['outer tag', at(0, 0x62)],
      ['outer length', at(1, bytes[1]! === 0x81 ? 0x83 : bytes[1]! + 1)],
      ['indefinite length', at(1, 0x80)],
      ['bytes behind', Buffer.concat([bytes, Buffer.alloc(1)])],
      ['cut', bytes.subarray(0, bytes.length - 1)],
      ['empty', Buffer.alloc(0)],
    ];
    for (const [what, value] of cases)
      expect(() => decodePdu(value), what)
        .to.throw(GooseFrameError)
        .with.property('code', 'GOOSE_MALFORMED');
  });

  it('are not made from values that do not fit', () => {
    const bad = [
      { gocbRef: 'x'.repeat(65) },
      { goID: 'ü' },
      { stNum: -1 },
      { sqNum: 2 ** 32 },
      { confRev: 1.5 },
      { allData: [{ type: 'unsigned', value: 70_000, size: 2 }] },
      { allData: [{ type: 'unsigned', value: 1, size: 5 }] },
    ] as const;
    for (const change of bad)
      expect(() => encodePdu({ ...pdu, ...change }), JSON.stringify(change)).to.throw(GooseValueError);
  });
});

describe('power messages', () => {
  const pduOf = (name: string) =>
    decodeFrame(Buffer.from(library.frames.find((f) => f.name === name)!.plain, 'hex')).pdu;

  it('with another number of entries, other types or longer integers are refused', () => {
    const request = pduOf('charging');
    const reply = pduOf('reply success');
    const stop = pduOf('stop request');
    const malformed = [
      { ...request, allData: request.allData.slice(1) },
      { ...request, allData: [...request.allData, request.allData[0]!] },
      { ...reply, allData: reply.allData.slice(0, 8) },
      { ...stop, allData: stop.allData.slice(0, 4) },
      { ...request, allData: [...request.allData].reverse() },
      { ...stop, allData: [{ type: 'unsigned', value: 1, size: 4 } as const, ...stop.allData.slice(1)] },
      { ...request, allData: request.allData.map((e) => (e.type === 'float' ? { ...e, value: NaN } : e)) },
    ];
    for (const pdu of malformed) expect(() => decodePowerMessage(pdu)).to.throw(GooseFrameError);
    expect(decodePowerMessage({ ...stop, allData: [...stop.allData, stop.allData[0]!] })?.kind).to.equal(
      'stop',
    );
  });

  it('of other control blocks are none', () => {
    expect(decodePowerMessage(sampleFrame({ gocbRef: 'CC/0$GO$Other' }).pdu)).to.equal(undefined);
    expect(decodePowerMessage({ ...pduOf('charging'), goID: 'CC/0$GO$Other' })).to.equal(undefined);
    expect(decodePowerMessage({ ...pduOf('stop request'), gocbRef: 'CC/0$GO$Other' })).to.equal(undefined);
  });

  it('count every result but 0 as a failure', () => {
    const reply = pduOf('reply success');
    const allData = reply.allData.map((entry, index) => (index === 3 ? { ...entry, value: 7 } : entry));
    expect(decodePowerMessage({ ...reply, allData: allData as typeof reply.allData })).to.include({
      success: false,
    });
  });
});

describe('keys and addresses', () => {
  it('never show the key', () => {
    const hex = library.hmac_key.slice(0, 16);
    const outputs = [String(key), JSON.stringify({ key }), inspect({ key }, { depth: 9, showHidden: true })];
    for (const text of outputs) expect(text).to.contain('[GooseKey]').and.not.contain(hex);
    expect(() => new GooseKey(Buffer.alloc(48))).to.throw(GooseValueError);
    expect(() => new GooseKey(Buffer.alloc(8, 1))).to.throw(GooseValueError);
    expect(key.equals(new GooseKey(key.reveal()))).to.equal(true);
    expect(key.equals(otherKey)).to.equal(false);
  });

  it('read addresses in the usual notations', () => {
    for (const text of ['02:0a:00:00:00:01', '02-0A-00-00-00-01', '020a00000001'])
      expect(MacAddress.parse(text).toString()).to.equal('02:0a:00:00:00:01');
    for (const text of ['', '02:0a:00:00:00', 'zz:0a:00:00:00:01', '02:0a:00:00:00:01:02'])
      expect(() => MacAddress.parse(text)).to.throw(GooseValueError);
    expect(MacAddress.random().isMulticast).to.equal(false);
    expect(MacAddress.from(Buffer.from('020a00000001', 'hex')).bytes.toString('hex')).to.equal(
      '020a00000001',
    );
  });
});
