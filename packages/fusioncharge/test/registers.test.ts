// SPDX-License-Identifier: Apache-2.0
import {
  addressOf,
  bytes,
  ERROR_REGISTERS,
  f32,
  f64,
  FusionChargeError,
  nameOf,
  string,
  u16,
  u32,
  VALUE_REGISTERS,
  WorkingStatus,
} from '@carabiner/fusioncharge';
import { expect } from 'chai';
import fc from 'fast-check';

describe('register map', () => {
  it('gives every value a place of its own, for all four connectors', () => {
    const taken = new Map<number, string>();
    const all = [...VALUE_REGISTERS, ...ERROR_REGISTERS.map((error) => error.register)];
    for (const register of all) {
      for (let connector = 1; connector <= (register.perConnector ? 4 : 1); connector++) {
        const first = addressOf(register, connector);
        for (let address = first; address < first + register.type.count; address++) {
          expect(taken.get(address), `0x${address.toString(16)} of ${register.name}`).to.equal(undefined);
          taken.set(address, register.name);
        }
      }
    }
    expect(taken.size).to.be.greaterThan(400);
  });

  it('puts the second to fourth connector at offsets 0xC00, 0xD00 and 0xE00', () => {
    const key = VALUE_REGISTERS.find((register) => register.name === 'hmacKey')!;
    expect([1, 2, 3, 4].map((connector) => addressOf(key, connector))).to.deep.equal([
      0x2115, 0x2d15, 0x2e15, 0x2f15,
    ]);
    expect(() => addressOf(key, 5)).to.throw(RangeError);
  });
});

describe('register types', () => {
  it('keep every value through encoding and decoding', () => {
    fc.assert(fc.property(fc.nat(0xffff), (value) => u16.decode(u16.encode(value)) === value));
    fc.assert(fc.property(fc.nat(0xffffffff), (value) => u32.decode(u32.encode(value)) === value));
    fc.assert(fc.property(fc.float(), (value) => Object.is(f32.decode(f32.encode(value)), value)));
    fc.assert(fc.property(fc.double(), (value) => Object.is(f64.decode(f64.encode(value)), value)));
    fc.assert(
      fc.property(
        fc.string({ maxLength: 12 }).filter((text) => /^[\x01-\x7f]*$/.test(text)),
        (text) => string(12).decode(string(12).encode(text)) === text,
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (data) =>
        bytes(6)
          .decode(bytes(6).encode(Buffer.from(data)))
          .equals(data),
      ),
    );
  });

  it('cut text that is too long, and have no terminator when full', () => {
    expect(string(4).encode('abcdef').toString()).to.equal('abcd');
    expect(string(4).decode(Buffer.from('abcd'))).to.equal('abcd');
    expect(string(4).decode(Buffer.from('a\0cd'))).to.equal('a');
  });

  it('refuse what does not fit, and never quote bytes, which may be a key', () => {
    for (const encode of [
      () => u16.encode(-1),
      () => u16.encode(65536),
      () => u16.encode(1.5),
      () => u32.encode(2 ** 32),
      () => f32.encode(1e39),
    ])
      expect(encode).to.throw(FusionChargeError).with.property('code', 'FUSIONCHARGE_VALUE');
    expect(() => bytes(48).encode(Buffer.from('5ec2e7', 'hex'))).to.throw(/expected 48 bytes, got 3$/);
  });

  it('name enumeration values', () => {
    expect(nameOf(WorkingStatus, 8)).to.equal('CHARGING_STARTING');
    expect(nameOf(WorkingStatus, 2)).to.equal(undefined);
  });
});
