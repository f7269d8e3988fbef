// SPDX-License-Identifier: Apache-2.0
import type { IsolationMonitorProvider } from '@carabiner/interfaces/interfaces/isolation_monitor';
import type { OverVoltageMonitorProvider } from '@carabiner/interfaces/interfaces/over_voltage_monitor';
import type { PowermeterProvider } from '@carabiner/interfaces/interfaces/powermeter';
import type { Bench } from './bench.js';

/** Isolation monitor. */
export function isolationMonitor(bench: Bench): IsolationMonitorProvider {
  return {
    start: () => bench.imd.start(),
    stop: () => bench.imd.stop(),
    start_self_test: ({ test_voltage_V }) => bench.imd.startSelfTest(test_voltage_V),
  };
}

/** Over-voltage monitor. */
export function overVoltageMonitor(bench: Bench): OverVoltageMonitorProvider {
  return {
    set_limits: ({ emergency_over_voltage_limit_V, error_over_voltage_limit_V }) =>
      bench.ovm.setLimits(emergency_over_voltage_limit_V, error_over_voltage_limit_V),
    start: () => bench.ovm.start(),
    stop: () => bench.ovm.stop(),
    reset_over_voltage_error: () => bench.ovm.reset(),
  };
}

/** Meter without signatures. */
export function plainMeter(bench: Bench): PowermeterProvider {
  return {
    start_transaction: ({ value }) => {
      bench.meter.startTransaction(value.transaction_id);
      return { status: 'OK' };
    },
    stop_transaction: ({ transaction_id }) => bench.meter.stopTransaction(transaction_id),
  };
}
