// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import {
  connectorRegisters,
  ConnectorType,
  dispenserRegisters,
  ElectronicLock,
  RegisterBank,
} from '@carabiner/fusioncharge';

/** Model numbers by which power units know this kind of dispenser. */
const IDENTITY = { manufacturer: 0x0002, model: 0x0080, protocolVersion: 1, hardwareVersion: 3 } as const;

/** Name and version as the power unit shows them. */
const SOFTWARE_VERSION = 'carabiner';

/** A connector as configured. */
export interface ConnectorSettings {
  /** Number in the whole installation. */
  readonly globalNumber: number;
  /** A */
  readonly maxCurrent: number;
  /** W */
  readonly maxPower: number;
}

/** What the registers of a connection begin with. */
export interface DispenserIdentity {
  readonly esn: string;
  /** Address of the Ethernet link. */
  readonly mac: Buffer;
  readonly connectors: readonly ConnectorSettings[];
}

/** Values that are measured or watched; they outlive a connection. */
const LIVE_DISPENSER = [
  dispenserRegisters.doorStatusAlarm,
  dispenserRegisters.waterAlarm,
  dispenserRegisters.epoAlarm,
  dispenserRegisters.tiltAlarm,
];
const LIVE_CONNECTOR = [
  connectorRegisters.totalEnergy,
  connectorRegisters.outputVoltage,
  connectorRegisters.outputCurrent,
  connectorRegisters.upstreamVoltage,
  connectorRegisters.contactorStatus,
  connectorRegisters.contactorFaultAlarm,
];

/** Fresh registers for a connection: everything the power unit writes is zero, what is measured is taken over. */
export function createBank(identity: DispenserIdentity, clock: Clock, former?: RegisterBank): RegisterBank {
  const bank = new RegisterBank(identity.connectors.length);
  bank.set(dispenserRegisters.manufacturer, IDENTITY.manufacturer);
  bank.set(dispenserRegisters.model, IDENTITY.model);
  bank.set(dispenserRegisters.protocolVersion, IDENTITY.protocolVersion);
  bank.set(dispenserRegisters.hardwareVersion, IDENTITY.hardwareVersion);
  bank.set(dispenserRegisters.softwareVersion, SOFTWARE_VERSION);
  bank.set(dispenserRegisters.connectorCount, identity.connectors.length);
  bank.set(dispenserRegisters.esn, identity.esn);
  bank.compute(dispenserRegisters.unixTime, () => Math.floor(clock.now() / 1000) % 2 ** 32);
  if (former !== undefined) for (const register of LIVE_DISPENSER) bank.set(register, former.get(register));
  identity.connectors.forEach((settings, index) => {
    const connector = index + 1;
    bank.set(connectorRegisters.connectorType, ConnectorType.CCS2, connector);
    bank.set(connectorRegisters.maxChargeCurrent, settings.maxCurrent, connector);
    bank.set(connectorRegisters.globalConnectorNumber, settings.globalNumber, connector);
    bank.set(connectorRegisters.connectorRatedPower, settings.maxPower / 1000, connector);
    bank.set(connectorRegisters.dispenserMac, identity.mac, connector);
    // No requirement of the module knows the lock; power units expect a locked one.
    bank.set(connectorRegisters.electronicLock, ElectronicLock.LOCKED, connector);
    if (former !== undefined)
      for (const register of LIVE_CONNECTOR) bank.set(register, former.get(register, connector), connector);
  });
  return bank;
}
