// SPDX-License-Identifier: Apache-2.0

/** Devices whose errors count, in the order in which causes are listed. */
export const ERROR_SOURCES = [
  'evse',
  'bsp',
  'connector_lock',
  'ac_rcd',
  'imd',
  'powersupply_DC',
  'powermeter',
  'slac',
  'hlc',
  'over_voltage_monitor',
] as const;

export type ErrorSource = (typeof ERROR_SOURCES)[number];

/** An error as far as its effect goes. */
export interface ActiveError {
  readonly type: string;
  readonly subType: string;
  readonly severity: 'Low' | 'Medium' | 'High';
  readonly description: string;
  readonly vendorId: string;
}

const NOT_BLOCKING: { readonly [S in ErrorSource]: readonly string[] } = {
  evse: ['evse_manager/Inoperative'],
  bsp: [
    'evse_board_support/MREC3HighTemperature',
    'evse_board_support/MREC18CableOverTempDerate',
    'evse_board_support/VendorWarning',
  ],
  connector_lock: ['connector_lock/VendorWarning'],
  ac_rcd: ['ac_rcd/VendorWarning'],
  imd: ['isolation_monitor/VendorWarning'],
  powersupply_DC: ['power_supply_DC/VendorWarning'],
  powermeter: ['powermeter/VendorWarning', 'generic/VendorWarning'],
  slac: ['generic/VendorWarning'],
  hlc: ['generic/VendorWarning'],
  over_voltage_monitor: ['over_voltage_monitor/VendorWarning'],
};

/** True when `error` prevents charging. */
export function isBlocking(source: ErrorSource, error: ActiveError, failOnMeterErrors: boolean): boolean {
  if (source === 'powermeter' && !failOnMeterErrors) return false;
  return !NOT_BLOCKING[source].includes(error.type);
}

/** Name of a cause in the description of Inoperative: without the interface, with the sub type. */
export function causeName(error: ActiveError): string {
  const type = error.type.endsWith('/') ? error.type.slice(0, -1) : error.type;
  const slash = type.indexOf('/');
  const name = slash < 0 ? error.description : type.slice(slash + 1);
  return error.subType === '' ? name : `${name}/${error.subType}`;
}

/** How urgently power has to go. */
export type ShutdownKind = 'none' | 'error' | 'emergency';

export function shutdownKind(causes: readonly ActiveError[]): ShutdownKind {
  if (causes.length === 0) return 'none';
  return causes.some((cause) => cause.severity === 'High') ? 'emergency' : 'error';
}
