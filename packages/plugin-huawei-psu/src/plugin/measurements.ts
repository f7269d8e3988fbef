// SPDX-License-Identifier: Apache-2.0
import type { IsolationMonitorClient } from '@carabiner/interfaces/interfaces/isolation_monitor';
import type { OverVoltageMonitorClient } from '@carabiner/interfaces/interfaces/over_voltage_monitor';
import type { PowerSupplyDCProvided } from '@carabiner/interfaces/interfaces/power_supply_DC';
import type { PowermeterClient } from '@carabiner/interfaces/interfaces/powermeter';
import type { Dispenser } from '../device/dispenser.js';
import type { ConnectorOutput } from './connector-output.js';
import type { ToPowerUnitTopic } from './telemetry-topics.js';

/** A connector in use with what belongs to it, for those who feed it with measurements. */
export interface MeasuredConnector {
  /** Local number. */
  readonly number: number;
  readonly dispenser: Dispenser;
  readonly output: ConnectorOutput;
  readonly provided: PowerSupplyDCProvided;
  readonly telemetry: ToPowerUnitTopic;
  /** During cable check the over-voltage monitor stands in for the meter. */
  readonly monitorDuringCableCheck: boolean;
}

const monitorStandsIn = ({ monitorDuringCableCheck, output }: MeasuredConnector): boolean =>
  monitorDuringCableCheck && output.last.phase === 'CableCheck';

/** Voltage, current and energy on the car side of the contactor. */
export function followMeter(meter: PowermeterClient, connector: MeasuredConnector): void {
  const { number, dispenser, output, provided, telemetry } = connector;
  meter.subscribe.powermeter(({ voltage_V, current_A, energy_Wh_import }) => {
    const voltage = Math.fround(voltage_V?.DC ?? 0);
    const current = Math.fround(current_A?.DC ?? 0);
    dispenser.setOutput(number, voltage, current, energy_Wh_import.total);
    output.measured(current);
    if (monitorStandsIn(connector)) return;
    provided.publish.voltage_current({ voltage_V: voltage, current_A: current });
    telemetry.set({ output_voltage: voltage, output_current: current });
  });
}

/** Voltage on the power unit's side, from the over-voltage monitor, and its use during cable check. */
export function followOverVoltageMonitor(
  monitor: OverVoltageMonitorClient,
  connector: MeasuredConnector,
  upstream: boolean,
): void {
  const { number, dispenser, provided, telemetry } = connector;
  monitor.subscribe.voltage_measurement_V((measured) => {
    const voltage = Math.fround(measured);
    if (upstream) {
      dispenser.setUpstreamVoltage(number, voltage);
      telemetry.set({ upstream_voltage: voltage });
    }
    if (monitorStandsIn(connector)) provided.publish.voltage_current({ voltage_V: voltage, current_A: 0 });
  });
}

/** Voltage on the power unit's side, from the insulation monitor. */
export function followInsulationMonitor(monitor: IsolationMonitorClient, connector: MeasuredConnector): void {
  const { number, dispenser, telemetry } = connector;
  monitor.subscribe.isolation_measurement(({ voltage_V }) => {
    const voltage = Math.fround(voltage_V ?? 0);
    dispenser.setUpstreamVoltage(number, voltage);
    telemetry.set({ upstream_voltage: voltage });
  });
}
