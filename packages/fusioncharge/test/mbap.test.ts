// SPDX-License-Identifier: Apache-2.0
import { AduReader, encodeAdu, type Adu } from '@carabiner/fusioncharge';
import { expect } from 'chai';
import fc from 'fast-check';

/** Feeds `stream` in chunks that end at `cuts`. */
function readAll(stream: Buffer, cuts: readonly number[] = []): Adu[] {
  const adus: Adu[] = [];
  const reader = new AduReader((adu) => adus.push({ ...adu, pdu: Buffer.from(adu.pdu) }));
  const ends = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    // A copy, as a receive buffer is overwritten after use.
    const chunk = Buffer.from(stream.subarray(start, end));
    reader.push(chunk);
    chunk.fill(0xee);
    start = end;
  }
  return adus;
}

const message = fc.record({
  transactionId: fc.nat(0xffff),
  unitId: fc.nat(0xff),
  pdu: fc.uint8Array({ minLength: 1, maxLength: 253 }),
});

describe('Modbus TCP framing', () => {
  it('finds the same messages however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.map((m) => encodeAdu(m.transactionId, m.unitId, m.pdu)));
          expect(
            readAll(stream, cuts).map((adu) => ({
              id: adu.transactionId,
              unit: adu.unitId,
              pdu: adu.pdu.toString('hex'),
            })),
          ).to.deep.equal(
            messages.map((m) => ({
              id: m.transactionId,
              unit: m.unitId,
              pdu: Buffer.from(m.pdu).toString('hex'),
            })),
          );
        },
      ),
    );
  });

  it('keeps protocol id and unit of a message', () => {
    const [adu] = readAll(Buffer.from('00070001000311' + '0102', 'hex'));
    expect(adu).to.deep.include({ transactionId: 7, protocolId: 1, unitId: 0x11, oversize: false });
  });

  it('skips headers that announce no PDU', () => {
    const next = encodeAdu(9, 255, Buffer.from([3]));
    for (const empty of ['000100000000ff', '000100000001ff'])
      expect(
        readAll(Buffer.concat([Buffer.from(empty, 'hex'), next])).map((adu) => adu.transactionId),
      ).to.deep.equal([9]);
  });

  it('skips the data of a message that is too long, and stays in step', () => {
    const long = Buffer.concat([Buffer.from('0005000003e9ff10', 'hex'), Buffer.alloc(999, 1)]);
    const stream = Buffer.concat([long, encodeAdu(6, 255, Buffer.from([3]))]);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 6 }), (cuts) => {
        expect(
          readAll(stream, cuts).map(({ transactionId, oversize, pdu }) => [
            transactionId,
            oversize,
            pdu.toString('hex'),
          ]),
        ).to.deep.equal([
          [5, true, '10'],
          [6, false, '03'],
        ]);
      }),
    );
  });

  it('takes any bytes without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat(), { maxLength: 10 }), (data, cuts) => {
        for (const adu of readAll(Buffer.from(data), cuts)) expect(adu.pdu.length).to.be.within(1, 253);
      }),
    );
  });
});
