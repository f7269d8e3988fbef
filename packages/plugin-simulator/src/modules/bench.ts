// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@carabiner/core';
import type { Clock } from '@carabiner/clock';
import type { Output } from '@carabiner/interfaces/types/dc_power_output';
import type { Mode, VoltageCurrent } from '@carabiner/interfaces/types/power_supply_DC';
import type { BenchSimulatorConfig, BenchSimulatorProvides } from '../generated/BenchSimulator.js';
import { IsolationMonitor } from '../devices/isolation-monitor.js';
import { OverVoltageMonitor } from '../devices/over-voltage-monitor.js';
import { PlainMeter } from '../devices/plain-meter.js';
import { Battery } from '../plant/battery.js';
import { ControlPilot, type PilotOutput, type PilotState } from '../plant/control-pilot.js';
import { DcPlant, type PlantLoad } from '../plant/dc-plant.js';
import { EnergyCounter } from '../plant/energy-counter.js';
import { OutputRelays } from '../plant/output-relays.js';
import { Condition } from '../vehicle/condition.js';
import type { HlcInputs } from '../vehicle/dc-session.js';
import { ScriptRunner } from '../vehicle/script-runner.js';
import { SlacLink } from '../vehicle/slac-link.js';
import { Vehicle } from '../vehicle/vehicle.js';
import { hlcReports } from './bench-communication.js';

/** DC residual current above which the monitor trips, mA (IEC 62955). */
const RCD_LIMIT_MA = 6;

/** All devices of one simulated connector, joined by one plant. */
export class Bench {
  readonly condition: Condition;
  readonly plant: DcPlant;
  readonly pilot: ControlPilot;
  readonly relays: OutputRelays;
  readonly slac: SlacLink;
  readonly vehicle: Vehicle;
  readonly runner: ScriptRunner;
  readonly imd: IsolationMonitor;
  readonly ovm: OverVoltageMonitor;
  readonly meter: PlainMeter;
  readonly inputs: HlcInputs = {
    authorized: 'pending',
    cableCheck: 'pending',
    offer: { maximumVoltageV: 0, maximumCurrentA: 0, maximumPowerW: 0 },
    presentVoltageV: 0,
    presentCurrentA: 0,
    stop: false,
    pause: false,
    emergency: false,
  };
  /** Phases that an AC session may use. */
  acPhases = 3;
  locked = false;
  readonly #acEnergy: EnergyCounter;
  readonly #supplies = new Map<string, { mode: Mode; value: VoltageCurrent }>();
  #activeSource: string | undefined;

  constructor(
    private readonly config: BenchSimulatorConfig,
    readonly clock: Clock,
    readonly log: Logger,
    readonly provides: BenchSimulatorProvides,
    onLoad: (load: PlantLoad) => void,
  ) {
    const { publish } = provides.board_support;
    this.condition = new Condition(clock);
    this.#acEnergy = new EnergyCounter(clock.monotonic());
    this.plant = new DcPlant(
      clock,
      new Battery({
        capacityWh: config.battery_capacity_Wh,
        socPercent: config.battery_soc_percent,
        nominalVoltageV: config.battery_voltage_V,
        internalResistanceOhm: config.battery_resistance_Ohm,
      }),
      onLoad,
    );
    this.relays = new OutputRelays(
      clock,
      (closed) => this.#onRelays(closed),
      () =>
        provides.board_support.errors.raise({
          type: 'evse_board_support/MREC17EVSEContactorFault',
          message: 'the output contactors did not open',
          severity: 'High',
        }),
    );
    this.pilot = new ControlPilot(
      clock,
      (state) => this.#onPilotState(state),
      (output) => this.#onPilotOutput(output),
    );
    this.slac = new SlacLink(
      clock,
      {
        state: (state) => provides.slac.publish.state(state),
        dlinkReady: (ready) => {
          provides.slac.publish.dlink_ready(ready);
          if (!ready) this.vehicle.onLink(false);
        },
        evMacAddress: (mac) => provides.slac.publish.ev_mac_address(mac),
      },
      config.ev_mac,
    );
    this.vehicle = this.#createVehicle();
    this.imd = new IsolationMonitor(
      clock,
      () => this.plant.sourceVoltageV,
      config.imd_self_test_ms,
      config.isolation_resistance_Ohm,
      {
        measurement: (resistance, voltage) =>
          provides.imd.publish.isolation_measurement({ resistance_F_Ohm: resistance, voltage_V: voltage }),
        selfTestResult: (passed) => provides.imd.publish.self_test_result(passed),
      },
    );
    this.ovm = new OverVoltageMonitor(clock, () => this.plant.sourceVoltageV, {
      voltage: (voltage) => provides.ovm.publish.voltage_measurement_V(voltage),
      overVoltage: (severity, voltage, limit) =>
        provides.ovm.errors.raise({
          type: 'over_voltage_monitor/MREC5OverVoltage',
          message: `${voltage.toFixed(1)} V is above ${limit.toFixed(1)} V`,
          severity,
        }),
      cleared: () => provides.ovm.errors.clear('over_voltage_monitor/MREC5OverVoltage'),
    });
    this.meter = new PlainMeter(`bench-${config.ev_mac.slice(-2)}`);
    this.runner = new ScriptRunner(clock, this.condition, this.vehicle, this.pilot, this.slac, this.plant, {
      emergencyStop: (pressed) => this.#emergencyStop(pressed),
      isolation: (resistance) => {
        this.imd.resistanceOhm = resistance ?? config.isolation_resistance_Ohm;
      },
      weldRelays: (welded) => {
        this.relays.welded = welded;
        if (!welded) publishRepaired(provides);
      },
      rcdCurrent: (current) => this.#rcd(current),
      diodeFault: () =>
        provides.board_support.errors.raise({
          type: 'evse_board_support/DiodeFault',
          message: 'the diode of the control pilot is missing',
          severity: 'High',
        }),
    });
    publish.ac_nr_of_phases_available(3);
  }

  /** Voltage and current at the vehicle side of the relays. */
  get output(): Output {
    return {
      voltage_V: this.plant.terminalVoltageV,
      current_A: this.plant.currentA,
      enabled: this.relays.closed,
    };
  }

  publishCapabilities(): void {
    this.provides.board_support.publish.capabilities({
      max_current_A_import: this.config.max_current_A_import,
      min_current_A_import: 6,
      max_phase_count_import: 3,
      min_phase_count_import: 1,
      max_current_A_export: 0,
      min_current_A_export: 0,
      max_phase_count_export: 3,
      min_phase_count_export: 1,
      supports_changing_phases_during_charging: false,
      supports_cp_state_E: true,
      connector_type: 'IEC62196Type2Cable',
    });
  }

  /** The power unit's output has changed. Of several units, the one that is switched on counts. */
  onSource(unit: string, output: Output): void {
    if (output.enabled) this.#activeSource = unit;
    else if (this.#activeSource !== undefined && this.#activeSource !== unit) return;
    this.#setSource(output.voltage_V, output.current_A);
  }

  onSupplyMode(supply: string, mode: Mode): void {
    const known = this.#supplies.get(supply);
    this.#supplies.set(supply, { mode, value: known?.value ?? { voltage_V: 0, current_A: 0 } });
  }

  /** A supply that cannot be asked for its load says what it delivers. */
  onSupply(supply: string, value: VoltageCurrent): void {
    const mode = this.#supplies.get(supply)?.mode ?? 'Off';
    this.#supplies.set(supply, { mode, value });
    this.onSource(supply, { ...value, enabled: mode === 'Export' });
  }

  /** Lets time pass for the battery and publishes the output. */
  tick(): void {
    this.plant.tick();
    this.#updateAc();
    this.provides.output.publish.output(this.output);
  }

  publishMeter(): void {
    const { currentA, phases } = this.vehicle.acDraw;
    const ac = this.relays.closed && phases > 0;
    const nowMs = this.clock.monotonic();
    const reading = this.meter.reading(
      {
        energyWh: this.plant.deliveredWh + this.#acEnergy.energyWh(nowMs),
        voltageV: this.plant.terminalVoltageV,
        currentA: this.plant.currentA,
      },
      this.clock.now(),
    );
    if (!ac) {
      this.provides.powermeter.publish.powermeter(reading);
      return;
    }
    const voltage = this.config.ac_nominal_voltage_V;
    const on = (phase: number): number => (phase <= phases ? currentA : 0);
    this.provides.powermeter.publish.powermeter({
      ...reading,
      power_W: { total: currentA * phases * voltage },
      voltage_V: { L1: voltage, L2: voltage, L3: voltage },
      current_A: { L1: on(1), L2: on(2), L3: on(3) },
    });
  }

  stop(): void {
    this.imd.stop();
    this.ovm.stop();
    this.slac.end();
  }

  #createVehicle(): Vehicle {
    const { config } = this;
    return new Vehicle(
      this.clock,
      this.condition,
      this.plant,
      this.pilot,
      this.slac,
      this.inputs,
      hlcReports(this),
      {
        mac: config.ev_mac,
        limits: {
          maximumVoltageV: config.ev_max_voltage_V,
          maximumCurrentA: config.ev_max_current_A,
          maximumPowerW: config.ev_max_power_W,
        },
        stopAtSocPercent: config.ev_stop_soc_percent,
        cutOffCurrentA: config.ev_cut_off_current_A,
        authorizationTimeoutMs: config.authorization_timeout_ms,
        cableCheckTimeoutMs: config.cable_check_timeout_ms,
        preChargeTimeoutMs: config.precharge_timeout_ms,
      },
      (error) => this.log.error('the vehicle session failed', { error }),
    );
  }

  #setSource(voltageV: number, currentA: number): void {
    this.plant.setSource(voltageV, currentA);
    this.ovm.update();
    this.provides.output.publish.output(this.output);
    this.condition.notify();
  }

  #onPilotState(state: PilotState): void {
    this.provides.board_support.publish.event({ event: state });
    this.#updateRelays();
  }

  #onPilotOutput(output: PilotOutput): void {
    this.vehicle.onPilotOutput(output);
    this.#updateRelays();
  }

  #updateRelays(): void {
    const { pilot } = this;
    const asks = pilot.state === 'C' || pilot.state === 'D';
    this.relays.setWanted(pilot.enabled && asks && pilot.output.kind === 'PWM');
  }

  #onRelays(closed: boolean): void {
    this.plant.setRelays(closed);
    this.#updateAc();
    this.provides.board_support.publish.event({ event: closed ? 'PowerOn' : 'PowerOff' });
    this.provides.output.publish.output(this.output);
    this.condition.notify();
  }

  #updateAc(): void {
    const { currentA, phases } = this.vehicle.acDraw;
    const powerW = this.relays.closed ? currentA * phases * this.config.ac_nominal_voltage_V : 0;
    this.#acEnergy.setPower(powerW, this.clock.monotonic());
  }

  #emergencyStop(pressed: boolean): void {
    const { errors } = this.provides.board_support;
    if (pressed) {
      errors.raise({
        type: 'evse_board_support/MREC8EmergencyStop',
        message: 'the emergency stop button is pressed',
        severity: 'High',
      });
    } else {
      errors.clear('evse_board_support/MREC8EmergencyStop');
    }
  }

  #rcd(currentMa: number): void {
    this.provides.rcd.publish.rcd_current_mA(currentMa);
    if (currentMa > RCD_LIMIT_MA) {
      this.provides.rcd.errors.raise({
        type: 'ac_rcd/DC',
        message: `DC residual current of ${currentMa} mA`,
        severity: 'High',
      });
    } else {
      this.provides.rcd.errors.clear('ac_rcd/DC');
    }
  }
}

function publishRepaired(provides: BenchSimulatorProvides): void {
  provides.board_support.errors.clear('evse_board_support/MREC17EVSEContactorFault');
}
