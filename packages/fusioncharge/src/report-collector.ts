// SPDX-License-Identifier: Apache-2.0
import type { RegisterBank } from './register-bank.js';
import { addressOf, connectorRegisters, dispenserRegisters, type Register } from './registers.js';
import { mergeSegments, type ReportSegment, type UnsolicitedReport } from './report.js';

const DISPENSER_PART: readonly Register[] = Object.values(dispenserRegisters).filter(
  (register) => register.report === 'always',
);

/** In the order of address, which is the order of collection. */
const CONNECTOR_PART: readonly Register[] = Object.values(connectorRegisters)
  .filter((register) => register.report !== 'never')
  .sort((a, b) => a.address - b.address);

/**
 * What the dispenser reports now: every register that belongs into each report, changed or not, and the charging
 * events that happened since the last one.
 *
 * @param events - last charging event by local connector number, of those that had one
 */
export function collectReport(bank: RegisterBank, events: ReadonlyMap<number, number>): UnsolicitedReport {
  const segments: ReportSegment[] = [];
  const take = (register: Register, connector: number): void => {
    const address = addressOf(register, connector);
    segments.push({ address, data: Buffer.from(bank.read(address, register.type.count)) });
  };
  for (const register of DISPENSER_PART) take(register, 1);
  for (let connector = 1; connector <= bank.connectors; connector++) {
    for (const register of CONNECTOR_PART) {
      if (register.report === 'always') {
        take(register, connector);
        continue;
      }
      // The event itself, even if the power unit has written to its register meanwhile.
      const event = events.get(connector);
      if (event !== undefined)
        segments.push({
          address: addressOf(register, connector),
          data: connectorRegisters.chargingEvent.type.encode(event),
        });
    }
  }
  return { responseRequired: false, devices: [{ location: 0, segments: mergeSegments(segments) }] };
}
