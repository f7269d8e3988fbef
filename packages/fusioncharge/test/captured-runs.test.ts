// SPDX-License-Identifier: Apache-2.0
import {
  addressOf,
  collectReport,
  connectorRegisters,
  ConnectorType,
  decodeReport,
  dispenserRegisters,
  ElectronicLock,
  encodeAdu,
  encodeReport,
  RegisterBank,
  respond,
  VALUE_REGISTERS,
} from '@carabiner/fusioncharge';
import { expect } from 'chai';
import { capturedRun, type CapturedMessage } from './fixtures.js';

/** The dispenser of the captured runs. */
function capturedDispenser(): RegisterBank {
  const bank = new RegisterBank(2);
  bank.set(dispenserRegisters.manufacturer, 2);
  bank.set(dispenserRegisters.model, 128);
  bank.set(dispenserRegisters.protocolVersion, 1);
  bank.set(dispenserRegisters.hardwareVersion, 3);
  bank.set(dispenserRegisters.softwareVersion, 'v1.2.3+456');
  bank.set(dispenserRegisters.connectorCount, 2);
  bank.set(dispenserRegisters.esn, '01234567890ABCDEF');
  for (const connector of [1, 2]) {
    bank.set(connectorRegisters.connectorType, ConnectorType.CCS2, connector);
    bank.set(connectorRegisters.maxChargeCurrent, 100, connector);
    bank.set(connectorRegisters.globalConnectorNumber, 4 + connector, connector);
    bank.set(connectorRegisters.electronicLock, ElectronicLock.LOCKED, connector);
    bank.set(connectorRegisters.connectorRatedPower, 60, connector);
    bank.set(connectorRegisters.dispenserMac, Buffer.from('020000000001', 'hex'), connector);
  }
  return bank;
}

/** Makes the dispenser report what the captured one did, and returns the events of that report. */
function follow(bank: RegisterBank, report: CapturedMessage): Map<number, number> {
  const events = new Map<number, number>();
  for (const [start, hex] of Object.entries(report.devices![0]!.segments)) {
    const data = Buffer.from(hex, 'hex');
    for (let index = 0; index < data.length / 2;) {
      const address = Number.parseInt(start, 16) + index;
      const place = VALUE_REGISTERS.flatMap((register) =>
        (register.perConnector ? [1, 2] : [1]).map((connector) => ({ register, connector })),
      ).find(({ register, connector }) => addressOf(register, connector) === address)!;
      const { register, connector } = place;
      const value = register.type.decode(data.subarray(2 * index, 2 * (index + register.type.count)));
      if (register === connectorRegisters.chargingEvent) events.set(connector, value as number);
      bank.set(register, value, connector);
      index += register.type.count;
    }
  }
  return events;
}

/** Replays a run: every request is answered, and every report made, with the captured bytes. */
function replay(
  run: readonly CapturedMessage[],
  bank: RegisterBank,
  before: (message: CapturedMessage) => void,
): number {
  let compared = 0;
  let answer: Buffer | undefined;
  for (const message of run) {
    before(message);
    const adu = Buffer.from(message.hex, 'hex');
    if (message.dir === 'psu>dispenser') {
      answer = encodeAdu(message.tid, message.unit, respond(bank, adu.subarray(7)));
    } else if (message.devices !== undefined) {
      const events = follow(bank, message);
      const report = encodeReport(collectReport(bank, events));
      expect(encodeAdu(message.tid, 0, report).toString('hex')).to.equal(message.hex);
      expect(report.readUInt16BE(2)).to.equal(message.dataLen);
      expect(encodeReport(decodeReport(adu.subarray(7))).toString('hex')).to.equal(
        adu.subarray(7).toString('hex'),
      );
      compared += 1;
    } else {
      expect(answer?.toString('hex'), `at ${message.ms} ms`).to.equal(message.hex);
      answer = undefined;
      compared += 1;
    }
  }
  return compared;
}

describe('captured runs', () => {
  it('with the reference simulator: every answer and report has the captured bytes', () => {
    const bank = capturedDispenser();
    expect(replay(capturedRun('modbus-run-mock'), bank, () => undefined)).to.be.greaterThan(100);
  });

  it('with a power unit driven by hand: every answer, exception and report has the captured bytes', () => {
    const bank = capturedDispenser();
    const compared = replay(capturedRun('modbus-run-registers'), bank, (message) => {
      // The clock ran on between the last report and this read of the time.
      if (message.tid === 5 && message.fc === 3) bank.set(dispenserRegisters.unixTime, 0x6b00b1f3);
      // The meter and the insulation monitor spoke before the last read.
      if (message.tid === 55) {
        bank.set(connectorRegisters.outputVoltage, 398.5);
        bank.set(connectorRegisters.outputCurrent, 12.25);
        bank.set(connectorRegisters.upstreamVoltage, 399.75);
      }
    });
    expect(compared).to.be.greaterThan(60);
  });
});
