// SPDX-License-Identifier: Apache-2.0
import {
  connectorRegisters,
  dispenserRegisters,
  ERROR_REGISTERS,
  portRegisters,
  powerUnitRegisters,
  RegisterBank,
} from '@carabiner/fusioncharge';
import { expect } from 'chai';
import fc from 'fast-check';

describe('register bank', () => {
  it('reads gaps as zero and swallows writes to them', () => {
    const bank = new RegisterBank(1);
    bank.write(0x0500, Buffer.from('ffffffff', 'hex'));
    bank.write(0x1d0b, Buffer.from('0003', 'hex'));
    expect(bank.read(0x0500, 2).toString('hex')).to.equal('00000000');
    expect(bank.read(0x1d0b, 1).toString('hex'), 'a connector that is not in use').to.equal('0000');
    expect(bank.read(0xffff, 125)).to.have.lengthOf(250);
  });

  it('replaces just the bytes of a partial write and counts it as a write to the value', () => {
    const bank = new RegisterBank(1);
    const values: number[] = [];
    bank.onWrite(portRegisters.maxVoltage, (value) => values.push(value));
    bank.write(0x2101, Buffer.from('8000', 'hex'));
    bank.write(0x2100, Buffer.from('447a', 'hex'));
    expect(values).to.deep.equal([Buffer.from('00008000', 'hex').readFloatBE(), 1002]);
    expect(bank.read(0x2101, 1).toString('hex'), 'one register of a longer value').to.equal('8000');
  });

  it('lets the values of one write take effect in order of precedence, MAC before key', () => {
    const bank = new RegisterBank(2);
    const order: string[] = [];
    bank.onWrite(portRegisters.hmacKey, (_key, connector) => order.push(`key ${connector}`));
    bank.onWrite(powerUnitRegisters.psuMac, () => order.push('mac'));
    bank.onWrite(portRegisters.maxVoltage, (_value, connector) => order.push(`voltage ${connector}`));
    bank.onWrite(ERROR_REGISTERS[0]!.register, () => order.push('error'));
    bank.onWrite(connectorRegisters.workingStatus, (_value, connector) => order.push(`status ${connector}`));
    bank.write(0x2100, Buffer.alloc(2 * 0x30));
    expect(order).to.deep.equal(['mac', 'voltage 1', 'key 1']);
  });

  it('protects nothing but computed values', () => {
    const bank = new RegisterBank(1);
    bank.set(connectorRegisters.outputVoltage, 400);
    bank.set(dispenserRegisters.doorStatusAlarm, 1);
    bank.compute(dispenserRegisters.unixTime, () => 1_700_000_000);
    bank.write(0x1100, Buffer.alloc(2 * 0x60, 0x07));
    bank.write(0x3001, Buffer.alloc(8));
    bank.write(0x1024, Buffer.alloc(4));
    expect(bank.get(connectorRegisters.outputVoltage)).to.equal(400);
    expect(bank.get(dispenserRegisters.doorStatusAlarm)).to.equal(1);
    expect(bank.get(dispenserRegisters.unixTime)).to.equal(1_700_000_000);
    expect(bank.get(connectorRegisters.contactorStatus)).to.equal(0);
    expect(bank.get(connectorRegisters.workingStatus)).to.equal(0x0707);
    expect(bank.get(connectorRegisters.globalConnectorNumber)).to.equal(0x0707);
  });

  it('knows which values the power unit has written', () => {
    const bank = new RegisterBank(2);
    bank.write(0x2100, Buffer.alloc(2));
    expect(bank.written(portRegisters.maxVoltage)).to.equal(true);
    expect(bank.written(portRegisters.maxVoltage, 2)).to.equal(false);
    expect(bank.written(portRegisters.maxCurrent)).to.equal(false);
  });

  it('ends a written string at its first NUL', () => {
    const bank = new RegisterBank(1);
    bank.write(0x0103, Buffer.from('V100\0garbage!', 'latin1').subarray(0, 12));
    expect(bank.get(powerUnitRegisters.softwareVersion)).to.equal('V100');
    expect(
      bank
        .read(0x0103, 24)
        .subarray(4)
        .every((byte) => byte === 0),
    ).to.equal(true);
  });

  it('returns what was written to held values, whatever the split', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 96, maxLength: 96 }),
        fc.integer({ min: 1, max: 23 }),
        (key, cut) => {
          const bank = new RegisterBank(1);
          bank.write(0x2115 + cut, Buffer.from(key.subarray(2 * cut, 48)));
          bank.write(0x2115, Buffer.from(key.subarray(0, 2 * cut)));
          expect(bank.get(portRegisters.hmacKey).equals(Buffer.from(key.subarray(0, 48)))).to.equal(true);
        },
      ),
    );
  });
});
