// SPDX-License-Identifier: Apache-2.0
import {
  collectReport,
  decodeReport,
  decodeReportResponse,
  encodeReport,
  encodeReportResponse,
  FusionChargeError,
  mergeSegments,
  RegisterBank,
  type ReportSegment,
} from '@carabiner/fusioncharge';
import { expect } from 'chai';
import fc from 'fast-check';
import { fixture } from './fixtures.js';

const library = (fixture('modbus-library') as { pdus: { name: string; hex: string }[] }).pdus;
const pduOf = (name: string): string => library.find((pdu) => pdu.name === name)!.hex;
const segment = (address: number, hex: string): ReportSegment => ({ address, data: Buffer.from(hex, 'hex') });

describe('unsolicited reports', () => {
  it('encode to the bytes of the reference library', () => {
    const time = segment(0x1024, '6553f100');
    expect(
      encodeReport({
        responseRequired: true,
        devices: [{ location: 0, segments: [time, segment(0x110b, '0003')] }],
      }).toString('hex'),
    ).to.equal(pduOf('report, response required, two segments'));
    expect(
      encodeReport({
        responseRequired: false,
        devices: [
          { location: 0, segments: [time, segment(0x110b, '0003')] },
          { location: 0x0102, segments: [segment(0x3001, '0001000000000001')] },
        ],
      }).toString('hex'),
    ).to.equal(pduOf('report, no response, two devices'));
    expect(
      encodeReport({
        responseRequired: false,
        devices: [
          {
            location: 0,
            segments: mergeSegments([
              segment(0x3003, '0003'),
              segment(0x3001, '0001'),
              segment(0x110b, '0008'),
              segment(0x3002, '0002'),
              segment(0x3004, '0004'),
            ]),
          },
        ],
      }).toString('hex'),
    ).to.equal(
      pduOf('report built from single registers 3003,3001,110b,3002,3004 after merging adjacent segments'),
    );
  });

  for (const { name, hex } of library.filter((pdu) => !pdu.name.startsWith('report response')))
    it(`decode and encode again: ${name}`, () => {
      expect(encodeReport(decodeReport(Buffer.from(hex, 'hex'))).toString('hex')).to.equal(hex);
    });

  it('are answered with two result bytes', () => {
    expect(encodeReportResponse(true).toString('hex')).to.equal(pduOf('report response success'));
    expect(encodeReportResponse(false).toString('hex')).to.equal(pduOf('report response failure'));
    expect(decodeReportResponse(encodeReportResponse(true))).to.equal(true);
    expect(decodeReportResponse(encodeReportResponse(false))).to.equal(false);
    expect(() => decodeReportResponse(Buffer.from('4191', 'hex'))).to.throw(FusionChargeError);
  });

  it('refuse every truncation and every wrong length', () => {
    const pdu = Buffer.from(pduOf('report, no response, two devices'), 'hex');
    for (let length = 0; length < pdu.length; length++)
      expect(() => decodeReport(pdu.subarray(0, length)), `${length} bytes`).to.throw(FusionChargeError);
    expect(() => decodeReport(Buffer.concat([pdu, Buffer.alloc(1)]))).to.throw(FusionChargeError);
  });

  it('never fail otherwise than by refusing', () => {
    const head = fc.constantFrom(Buffer.from('4191', 'hex'), Buffer.alloc(0));
    fc.assert(
      fc.property(head, fc.uint8Array({ maxLength: 260 }), fc.boolean(), (prefix, data, fixLength) => {
        const pdu = Buffer.concat([prefix, data]);
        if (fixLength && pdu.length >= 7) pdu.writeUInt16BE(pdu.length - 4, 2);
        try {
          decodeReport(pdu);
        } catch (error) {
          expect(error).to.be.instanceOf(FusionChargeError);
        }
      }),
    );
  });

  it('merge to the same registers, never across a gap', () => {
    const segments = fc
      .uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 25 })
      .map((addresses) =>
        addresses.map((address) => segment(address, address.toString(16).padStart(4, '0'))),
      );
    fc.assert(
      fc.property(segments, (parts) => {
        const merged = mergeSegments(parts);
        const registers = merged.flatMap(({ address, data }) =>
          Array.from({ length: data.length / 2 }, (_, index) => [
            address + index,
            data.readUInt16BE(2 * index),
          ]),
        );
        expect(registers.every(([address, value]) => address === value)).to.equal(true);
        expect(new Set(registers.map(([address]) => address)).size).to.equal(parts.length);
        const ends = new Set(merged.map(({ address, data }) => address + data.length / 2));
        expect(merged.some(({ address }) => ends.has(address))).to.equal(false);
      }),
    );
  });

  it('of four connectors with events stay within a Modbus PDU', () => {
    const events = new Map([1, 2, 3, 4].map((connector) => [connector, 0]));
    const report = collectReport(new RegisterBank(4), events);
    expect(report.devices[0]!.segments).to.have.lengthOf(30);
    expect(encodeReport(report).length).to.be.at.most(253);
    expect(report.devices[0]!.segments.find(({ address }) => address === 0x110b)!.data).to.have.lengthOf(2);
  });
});
