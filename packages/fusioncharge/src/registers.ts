// SPDX-License-Identifier: Apache-2.0
import { bytes, enumeration, f32, f64, string, u16, u32, type RegisterType } from './register-types.js';

/** Working status of a connector (register 0x110B). */
export const WorkingStatus = {
  STANDBY: 0,
  STANDBY_WITH_CONNECTOR_INSERTED: 1,
  CHARGING: 3,
  CHARGING_COMPLETE: 4,
  FAULT: 5,
  DISPENSER_UPGRADE: 7,
  CHARGING_STARTING: 8,
} as const;

/** Connection status of a connector (0x110D). SEMI_CONNECTED does not occur with CCS2. */
export const ConnectionStatus = { NOT_CONNECTED: 0, SEMI_CONNECTED: 1, FULLY_CONNECTED: 2 } as const;

/** Charging event of a connector (0x117E). */
export const ChargingEvent = { START_TO_STOP: 0, STOP_TO_START: 1 } as const;

/** Kind of connector (0x1104). */
export const ConnectorType = { CCS1: 1, CCS2: 2, CHADEMO: 3, GB: 4 } as const;

/** DC contactor status (0x1154). */
export const ContactorStatus = { OFF: 0, ON: 1 } as const;

/** Electronic lock (0x1156). */
export const ElectronicLock = { UNLOCKED: 0, LOCKED: 1 } as const;

/** Running mode of the power unit (0x2006). */
export const RunningMode = { STARTING_UP: 0, RUNNING: 1, FAULTY: 2, SLEEPING: 3, UPGRADING: 4 } as const;

/** Availability of an output port of the power unit (0x212F). */
export const PortAvailability = { NOT_AVAILABLE: 0, AVAILABLE: 1 } as const;

/** A value in the register map. */
export interface Register<T = unknown> {
  /** Name used in messages. */
  readonly name: string;
  /** Address of the first register, for local connector 1 where {@link perConnector} is set. */
  readonly address: number;
  readonly type: RegisterType<T>;
  readonly unit?: string;
  /** Who sets the value. */
  readonly setBy: 'dispenser' | 'powerUnit';
  /** Part of every unsolicited report, of the one after an event, or of none. */
  readonly report: 'always' | 'event' | 'never';
  /** Repeated for each connector at {@link CONNECTOR_OFFSETS}. */
  readonly perConnector: boolean;
  /**
   * What a write by the power unit does: `held` values are replaced (nothing is write protected), `ignored` ones are
   * computed by the dispenser, so the write is answered and has no effect.
   */
  readonly peerWrite: 'held' | 'ignored';
}

/** Address offset of local connectors 1 to 4. */
export const CONNECTOR_OFFSETS = [0x0000, 0x0c00, 0x0d00, 0x0e00] as const;

/** Most connectors one dispenser can have. */
export const MAX_CONNECTORS = CONNECTOR_OFFSETS.length;

type Extra = Partial<Pick<Register, 'unit' | 'report' | 'perConnector' | 'peerWrite'>>;

function define<T>(
  setBy: Register['setBy'],
  name: string,
  address: number,
  type: RegisterType<T>,
  extra: Extra = {},
): Register<T> {
  return { name, address, type, setBy, report: 'never', perConnector: false, peerWrite: 'held', ...extra };
}

const dispenser = <T>(name: string, address: number, type: RegisterType<T>, extra?: Extra): Register<T> =>
  define('dispenser', name, address, type, extra);
const powerUnit = <T>(name: string, address: number, type: RegisterType<T>, extra?: Extra): Register<T> =>
  define('powerUnit', name, address, type, extra);

const perConnector = { perConnector: true } as const;
const reported = { report: 'always' } as const;
const computed = { peerWrite: 'ignored' } as const;

/** Values of the dispenser as a whole. */
export const dispenserRegisters = {
  manufacturer: dispenser('manufacturer', 0x0000, u16),
  model: dispenser('model', 0x0001, u16),
  protocolVersion: dispenser('protocolVersion', 0x0002, u16),
  hardwareVersion: dispenser('hardwareVersion', 0x0004, u16),
  softwareVersion: dispenser('softwareVersion', 0x0013, string(48)),
  connectorCount: dispenser('connectorCount', 0x1015, u16),
  esn: dispenser('esn', 0x1016, string(22)),
  unixTime: dispenser('unixTime', 0x1024, u32, { unit: 's', ...reported, ...computed }),
  doorStatusAlarm: dispenser('doorStatusAlarm', 0x3001, u16, { ...reported, ...computed }),
  waterAlarm: dispenser('waterAlarm', 0x3002, u16, { ...reported, ...computed }),
  epoAlarm: dispenser('epoAlarm', 0x3003, u16, { ...reported, ...computed }),
  tiltAlarm: dispenser('tiltAlarm', 0x3004, u16, { ...reported, ...computed }),
} as const;

/** Values of one connector that the dispenser sets. */
export const connectorRegisters = {
  totalEnergy: dispenser('totalEnergy', 0x1100, f64, { unit: 'kWh', ...perConnector, ...computed }),
  connectorType: dispenser('connectorType', 0x1104, enumeration(ConnectorType), perConnector),
  maxChargeCurrent: dispenser('maxChargeCurrent', 0x1105, f32, { unit: 'A', ...perConnector }),
  outputVoltage: dispenser('outputVoltage', 0x1107, f32, { unit: 'V', ...perConnector, ...computed }),
  outputCurrent: dispenser('outputCurrent', 0x1109, f32, { unit: 'A', ...perConnector, ...computed }),
  workingStatus: dispenser('workingStatus', 0x110b, enumeration(WorkingStatus), {
    ...perConnector,
    ...reported,
  }),
  connectionStatus: dispenser('connectionStatus', 0x110d, enumeration(ConnectionStatus), {
    ...perConnector,
    ...reported,
  }),
  globalConnectorNumber: dispenser('globalConnectorNumber', 0x110e, u16, perConnector),
  upstreamVoltage: dispenser('upstreamVoltage', 0x1113, f32, { unit: 'V', ...perConnector, ...computed }),
  dispenserMac: dispenser('dispenserMac', 0x114d, bytes(6), perConnector),
  contactorStatus: dispenser('contactorStatus', 0x1154, enumeration(ContactorStatus), {
    ...perConnector,
    ...reported,
    ...computed,
  }),
  electronicLock: dispenser('electronicLock', 0x1156, enumeration(ElectronicLock), {
    ...perConnector,
    ...reported,
    ...computed,
  }),
  chargingEvent: dispenser('chargingEvent', 0x117e, enumeration(ChargingEvent), {
    ...perConnector,
    report: 'event',
  }),
  contactorFaultAlarm: dispenser('contactorFaultAlarm', 0x3105, u16, {
    ...perConnector,
    ...reported,
    ...computed,
  }),
  inverseConnectionAlarm: dispenser('inverseConnectionAlarm', 0x3115, u16, { ...perConnector, ...reported }),
  /** Lies among the port's values, yet the dispenser sets it. */
  connectorRatedPower: dispenser('connectorRatedPower', 0x2109, f32, { unit: 'kW', ...perConnector }),
} as const;

/** Values of the power unit as a whole. */
export const powerUnitRegisters = {
  manufacturer: powerUnit('psuManufacturer', 0x0100, u16),
  protocolVersion: powerUnit('psuProtocolVersion', 0x0101, u16),
  hardwareVersion: powerUnit('psuHardwareVersion', 0x0102, u16),
  softwareVersion: powerUnit('psuSoftwareVersion', 0x0103, string(48)),
  controlBoardEsn: powerUnit('psuControlBoardEsn', 0x011b, string(32)),
  runningMode: powerUnit('runningMode', 0x2006, enumeration(RunningMode)),
  acInputVoltageA: powerUnit('acInputVoltageA', 0x2007, f32, { unit: 'V' }),
  acInputVoltageB: powerUnit('acInputVoltageB', 0x2009, f32, { unit: 'V' }),
  acInputVoltageC: powerUnit('acInputVoltageC', 0x200b, f32, { unit: 'V' }),
  acInputCurrentA: powerUnit('acInputCurrentA', 0x200d, f32, { unit: 'A' }),
  acInputCurrentB: powerUnit('acInputCurrentB', 0x200f, f32, { unit: 'A' }),
  acInputCurrentC: powerUnit('acInputCurrentC', 0x2011, f32, { unit: 'A' }),
  totalAcInputEnergy: powerUnit('totalAcInputEnergy', 0x2013, f64, { unit: 'kWh' }),
  /** Destination of all GOOSE frames of the dispenser; one for all connectors. */
  psuMac: powerUnit('psuMac', 0x2111, bytes(6)),
} as const;

/** Values of one output port that the power unit sets. */
export const portRegisters = {
  maxVoltage: powerUnit('maxVoltage', 0x2100, f32, { unit: 'V', ...perConnector }),
  maxCurrent: powerUnit('maxCurrent', 0x2102, f32, { unit: 'A', ...perConnector }),
  minVoltage: powerUnit('minVoltage', 0x2105, f32, { unit: 'V', ...perConnector }),
  minCurrent: powerUnit('minCurrent', 0x2107, f32, { unit: 'A', ...perConnector }),
  hmacKey: powerUnit('hmacKey', 0x2115, bytes(48), perConnector),
  ratedPower: powerUnit('ratedPower', 0x212d, f32, { unit: 'kW', ...perConnector }),
  available: powerUnit('available', 0x212f, enumeration(PortAvailability), perConnector),
} as const;

/** Every register but the error registers, which are in {@link ERROR_REGISTERS}. */
export const VALUE_REGISTERS: readonly Register[] = [
  ...Object.values(dispenserRegisters),
  ...Object.values(connectorRegisters),
  ...Object.values(powerUnitRegisters),
  ...Object.values(portRegisters),
];

/**
 * Address of a register for a connector.
 *
 * @param connector - local number, 1 to 4; ignored for values of the dispenser or power unit as a whole
 */
export function addressOf(register: Register, connector: number): number {
  if (!register.perConnector) return register.address;
  const offset = CONNECTOR_OFFSETS[connector - 1];
  if (offset === undefined) throw new RangeError(`connector ${connector} is not in 1..${MAX_CONNECTORS}`);
  return register.address + offset;
}
