// SPDX-License-Identifier: Apache-2.0
import type { ErrorReport } from '@carabiner/core';
import type {
  PowerSupplyDCErrorType,
  PowerSupplyDCProvided,
} from '@carabiner/interfaces/interfaces/power_supply_DC';

type Fault = ErrorReport<PowerSupplyDCErrorType>;

/** Faults that this module itself finds, as opposed to those the power unit reports. */
export const FAULTS = {
  communication: {
    type: 'power_supply_DC/CommunicationFault',
    message: 'Communication error',
    severity: 'High',
  },
  notRunning: {
    type: 'power_supply_DC/HardwareFault',
    subType: 'psu_not_running',
    message: '',
    severity: 'High',
  },
  noCapabilities: {
    type: 'power_supply_DC/HardwareFault',
    subType: 'capabilities_not_received',
    message: '',
    severity: 'High',
  },
  portNotAvailable: {
    type: 'power_supply_DC/HardwareFault',
    subType: 'port_not_available',
    message: 'The power unit has taken this output port out of service',
    severity: 'High',
  },
  allocationFailed: {
    type: 'power_supply_DC/VendorWarning',
    subType: 'module_placeholder_allocation_failed',
    message: '',
    severity: 'High',
  },
  keyMissing: {
    type: 'power_supply_DC/VendorWarning',
    subType: 'hmac_key_not_received',
    message: 'The power unit has handed out no key for signing',
    severity: 'High',
  },
} as const satisfies Record<string, Fault>;

/** Raises or clears a fault of a connector; telling the same twice does nothing. */
export function setFault(provided: PowerSupplyDCProvided, fault: Fault, present: boolean): void {
  if (present) provided.errors.raise(fault);
  else provided.errors.clear(fault.type, fault.subType);
}
