// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { decodeRecord, encodeRecord, salvageRecords } from '../dist/record.js';

describe('store records', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.string(),
        fc.option(fc.jsonValue(), { nil: undefined }),
        (sequence, key, value) => {
          const json = value === undefined ? undefined : JSON.stringify(value);
          const record = decodeRecord(encodeRecord(sequence, key, json));
          expect(record?.sequence).to.equal(sequence);
          expect(record?.key).to.equal(key);
          expect(JSON.stringify(record?.value)).to.equal(json);
        },
      ),
    );
  });

  it('are refused with any one bit wrong', () => {
    const record = encodeRecord(7, 'key', '{"a":1}');
    for (let bit = 0; bit < record.length * 8; bit++) {
      const damaged = Buffer.from(record);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeRecord(damaged), `bit ${String(bit)}`).to.equal(undefined);
    }
  });

  it('are found between other bytes, the newest of each key', () => {
    const bytes = Buffer.concat([
      Buffer.from('noise CKV1 noise'),
      encodeRecord(5, 'a', '"newest"'),
      Buffer.from('CKV'),
      encodeRecord(3, 'a', '"older"'),
      encodeRecord(6, 'b', '1'),
      encodeRecord(8, 'b', undefined),
      encodeRecord(9, 'c', '2').subarray(0, -1),
    ]);
    const records = salvageRecords(bytes);
    expect([...records.keys()]).to.deep.equal(['a', 'b']);
    expect(records.get('a')?.value).to.equal('newest');
    expect(records.get('b')?.value).to.equal(undefined);
  });
});
