// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { GooseKey } from '@carabiner/goose';

describe('the HMAC of a key', () => {
  it('is the one of node:crypto for keys and messages of any length, in any order', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 200 }).filter((bytes) => bytes.some((byte) => byte !== 0)),
        fc.array(fc.uint8Array({ maxLength: 2000 }), { minLength: 1, maxLength: 4 }),
        (bytes, messages) => {
          const key = new GooseKey(bytes);
          for (const message of messages) {
            const expected = createHmac('sha256', bytes).update(message).digest();
            expect(key.sign(message)).to.deep.equal(expected);
            expect(key.verify(message, expected)).to.equal(true);
            expected[31]! ^= 1;
            expect(key.verify(message, expected)).to.equal(false);
            expect(key.verify(message, expected.subarray(1))).to.equal(false);
          }
        },
      ),
    );
  });
});
