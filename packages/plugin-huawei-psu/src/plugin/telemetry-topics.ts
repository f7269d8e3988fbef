// SPDX-License-Identifier: Apache-2.0
import {
  dispenserRegisters,
  nameOf,
  PortAvailability,
  portRegisters,
  powerUnitRegisters,
  RunningMode,
  type Register,
  type RegisterBank,
} from '@carabiner/fusioncharge';
import type { Telemetry, TelemetryTopic, TelemetryValue } from './telemetry.js';

const TO_POWER_UNIT = {
  bsp_event: null,
  dc_output_contactor_fault_alarm: false,
  everest_mode: null,
  everest_phase: null,
  export_current: null,
  export_voltage: null,
  output_current: null,
  output_voltage: null,
  upstream_voltage: null,
} as const;

/** What a connector tells the power unit. */
export type ToPowerUnitTopic = TelemetryTopic<keyof typeof TO_POWER_UNIT>;

/** The topic of what connector `globalNumber` tells the power unit. */
export function toPowerUnitTopic(telemetry: Telemetry, globalNumber: number): ToPowerUnitTopic {
  return telemetry.topic(`connector/${globalNumber}/dispenser_to_psu`, TO_POWER_UNIT);
}

/** A key, its register, and how the value is shown. */
type Source = readonly [key: string, register: Register<number>, show?: (value: number) => TelemetryValue];

const thousandfold = (value: number): number => value * 1000;

/** Of single precision, as in the capabilities: 12.3 kW are 12300 W. */
const inWatts = (kilowatts: number): number => Math.fround(thousandfold(kilowatts));

const PORT_SOURCES: readonly Source[] = [
  ['max_rated_psu_current', portRegisters.maxCurrent],
  ['min_rated_psu_current', portRegisters.minCurrent],
  ['max_rated_psu_voltage', portRegisters.maxVoltage],
  ['min_rated_psu_voltage', portRegisters.minVoltage],
  ['rated_output_power_psu', portRegisters.ratedPower, inWatts],
  ['psu_port_available', portRegisters.available, (value) => nameOf(PortAvailability, value) ?? 'UNKNOWN'],
];

const POWER_UNIT_SOURCES: readonly Source[] = [
  ['ac_input_current_a', powerUnitRegisters.acInputCurrentA],
  ['ac_input_current_b', powerUnitRegisters.acInputCurrentB],
  ['ac_input_current_c', powerUnitRegisters.acInputCurrentC],
  ['ac_input_voltage_a', powerUnitRegisters.acInputVoltageA],
  ['ac_input_voltage_b', powerUnitRegisters.acInputVoltageB],
  ['ac_input_voltage_c', powerUnitRegisters.acInputVoltageC],
  ['psu_running_mode', powerUnitRegisters.runningMode, (value) => nameOf(RunningMode, value) ?? 'UNKNOWN'],
  ['total_historic_input_energy', powerUnitRegisters.totalAcInputEnergy, thousandfold],
];

const ALARM_SOURCES: readonly Source[] = [
  ['door_status_alarm', dispenserRegisters.doorStatusAlarm, Boolean],
  ['epo_alarm', dispenserRegisters.epoAlarm, Boolean],
  ['tilt_alarm', dispenserRegisters.tiltAlarm, Boolean],
  ['water_alarm', dispenserRegisters.waterAlarm, Boolean],
];

const nulls = (sources: readonly Source[]): Record<string, TelemetryValue> =>
  Object.fromEntries(sources.map(([key]) => [key, null]));

/** Topics that come into being with the first connection and follow the registers from then on. */
export class RegisterTopics {
  readonly #ports: readonly TelemetryTopic<string>[];
  readonly #powerUnit: TelemetryTopic<string>;
  readonly #alarms: TelemetryTopic<string>;

  constructor(telemetry: Telemetry, globalNumbers: readonly number[], bank: RegisterBank) {
    this.#ports = globalNumbers.map((number) => telemetry.topic(`connector/${number}`, nulls(PORT_SOURCES)));
    this.#powerUnit = telemetry.topic('psu', nulls(POWER_UNIT_SOURCES));
    this.#alarms = telemetry.topic('dispenser/published_alarms', nulls(ALARM_SOURCES));
    this.update(bank);
  }

  /** Takes over what has been written. What a new connection has not brought yet keeps its last value. */
  update(bank: RegisterBank): void {
    const read = (
      sources: readonly Source[],
      connector: number,
      all: boolean,
    ): Record<string, TelemetryValue> =>
      Object.fromEntries(
        sources
          .filter(([, register]) => all || bank.written(register, connector))
          .map(([key, register, show]) => {
            const value = bank.get(register, connector);
            return [key, show === undefined ? value : show(value)];
          }),
      );
    this.#ports.forEach((topic, index) => topic.set(read(PORT_SOURCES, index + 1, false)));
    this.#powerUnit.set(read(POWER_UNIT_SOURCES, 1, false));
    this.#alarms.set(read(ALARM_SOURCES, 1, true));
  }
}
