// SPDX-License-Identifier: Apache-2.0
import { u16, u32 } from './register-types.js';
import type { Register } from './registers.js';

/** Categories in their order of precedence. */
export const ERROR_CATEGORIES = [
  'PowerUnit',
  'ChargingPowerUnit',
  'AcBranch',
  'AcDcRectifier',
  'DcDcChargingModule',
  'CoolingSection',
  'PowerDistributionModule',
] as const;

/** Category of a power unit error. */
export type ErrorCategory = (typeof ERROR_CATEGORIES)[number];

/** A register by which the power unit reports an error; any value but 0 means that it is raised. */
export interface ErrorRegister {
  readonly category: ErrorCategory;
  readonly subcategory: string;
  /** `alarm`: 0 or 1. `flags`: bits whose meaning is the manufacturer's. */
  readonly kind: 'alarm' | 'flags';
  readonly register: Register<number>;
}

function entry(
  category: ErrorCategory,
  subcategory: string,
  address: number,
  kind: ErrorRegister['kind'],
  type: typeof u16,
): ErrorRegister {
  return {
    category,
    subcategory,
    kind,
    register: {
      name: `${category}/${subcategory}`,
      address,
      type,
      setBy: 'powerUnit',
      report: 'never',
      perConnector: false,
      peerWrite: 'held',
    },
  };
}

/** Single-register alarms at consecutive addresses. */
function alarms(category: ErrorCategory, firstAddress: number, names: readonly string[]): ErrorRegister[] {
  return names.map((name, index) => entry(category, name, firstAddress + index, 'alarm', u16));
}

/** 32-bit flag words at consecutive addresses. */
function flagWords(
  category: ErrorCategory,
  firstAddress: number,
  prefix: string,
  count: number,
): ErrorRegister[] {
  return Array.from({ length: count }, (_, index) =>
    entry(category, `${prefix}${index + 1}`, firstAddress + 2 * index, 'flags', u32),
  );
}

/** Every error register, in order of precedence. Two names are misspelt in the protocol and stay so. */
export const ERROR_REGISTERS: readonly ErrorRegister[] = [
  ...alarms('PowerUnit', 0x4000, [
    'HighVoltageDoorStatusSensor',
    'DoorStatusSensor',
    'Water',
    'Smoke',
    'Epo',
  ]),
  ...alarms('ChargingPowerUnit', 0x4005, [
    'UnknownSystemType',
    'PowerDetectionException',
    'SyncrhonizationCableStatusFaultOfEnergyRoutingBoard',
    'SoftStartFault',
    'SoftStartModuleCommunicationFailure',
    'SoftStartModuleOverloaded',
    'SoftStartModuleFault',
    'SoftStartModuleOvertemperature',
    'SoftStartModuleUndertemperature',
    'SoftStartModuleDisconnectionFailure',
    'PhaseSequenceAbornmalAlarm',
    'PowerDistributionModuleCommunicationFailure',
    'FaultOfInsulationResistanceToGround',
  ]),
  entry('ChargingPowerUnit', 'ModbusTcpCertificate', 0x4012, 'flags', u16),
  ...flagWords('AcBranch', 0x4020, 'AcBranch', 2),
  ...flagWords('AcDcRectifier', 0x4040, 'rectifier_', 6),
  ...flagWords('DcDcChargingModule', 0x4070, 'DcDcModule', 12),
  ...flagWords('CoolingSection', 0x40d0, 'CoolingUnit', 1),
  ...flagWords('PowerDistributionModule', 0x40e0, 'PowerDistributionModule', 5),
];

/** Stable identification of an error: `<Category>/<Subcategory>`. */
export function errorSubtype(error: ErrorRegister): string {
  return `${error.category}/${error.subcategory}`;
}

const ALARM_STATES = ['NORMAL', 'ALARM'] as const;

/** The text that describes an error register with the given raw value. */
export function describeError(error: ErrorRegister, value: number): string {
  // The protocol's own name of this category differs in this text alone.
  const category =
    error.category === 'PowerDistributionModule' ? 'ErrorSubcategoryPowerDistributionModule' : error.category;
  const payload =
    error.kind === 'alarm'
      ? `AlarmState: ${ALARM_STATES[value] ?? 'UNKNOWN'}`
      : `Flags: 0x${value.toString(16).padStart(4 * error.register.type.count, '0')}`;
  return `Category: ${category}; Subcategory: ${error.subcategory}; ${payload}`;
}
