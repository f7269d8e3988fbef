// SPDX-License-Identifier: Apache-2.0
import type { Timer } from '@carabiner/clock';
import type { IsolationMeasurement } from '../interface-types.js';
import type { Kernel } from '../kernel/kernel.js';
import { isolationLimitOhm, isVoltageToEarthTooHigh, VoltageToEarthWatch } from './isolation.js';
import { overVoltageLimits, OverVoltageMonitor, type OverVoltage } from './over-voltage.js';
import { VoltagePlausibility, type Implausible, type VoltageSource } from './voltage-plausibility.js';

/** Watches isolation and voltages of the output, and raises what they find. */
export class Supervision {
  readonly isolationLimitOhm: number;
  readonly #overVoltage: OverVoltageMonitor;
  readonly #plausibility: VoltagePlausibility;
  readonly #toEarth = new VoltageToEarthWatch();
  #watch: Timer | undefined;

  constructor(private readonly kernel: Kernel) {
    const { config } = kernel;
    this.isolationLimitOhm = isolationLimitOhm(config.connector_type === 'cMCS');
    this.#overVoltage = new OverVoltageMonitor(config.internal_over_voltage_duration_ms);
    this.#plausibility = new VoltagePlausibility(
      config.voltage_plausibility_max_spread_threshold_V,
      config.voltage_plausibility_fault_duration_ms,
    );
  }

  /** A voltage of the output that any device measured. */
  voltage(source: VoltageSource, voltageV: number): void {
    const nowMs = this.kernel.clock.monotonic();
    this.#reportImplausible(this.#plausibility.measure(source, voltageV, nowMs));
    if (source === 'powerSupply' || source === 'overVoltageMonitor') {
      this.#reportOverVoltage(this.#overVoltage.measure(voltageV, nowMs));
    }
    this.#armWatch();
  }

  /** The EV told its limits: they decide what over-voltage is. */
  evLimitsChanged(): void {
    const { kernel } = this;
    const limits = overVoltageLimits(
      kernel.output.ev.maximumVoltageV,
      kernel.output.capabilities.max_export_voltage_V,
    );
    this.#overVoltage.setLimits(limits);
    if (!kernel.connected.over_voltage_monitor) return;
    kernel.ports.send('over_voltage_monitor', 'set_limits', {
      emergency_over_voltage_limit_V: limits.emergencyV,
      error_over_voltage_limit_V: limits.errorV,
    });
  }

  /** A sample of the isolation monitor while charging. */
  isolation(sample: IsolationMeasurement): void {
    const { kernel } = this;
    this.judge(sample.resistance_F_Ohm >= this.isolationLimitOhm, sample.resistance_F_Ohm);
    const tooHigh = isVoltageToEarthTooHigh(sample, kernel.output.capabilities);
    if (!this.#toEarth.sample(tooHigh, kernel.clock.monotonic())) return;
    const { voltage_to_earth_l1e_V: l1 = 0, voltage_to_earth_l2e_V: l2 = 0 } = sample;
    kernel.errors.raise({
      name: 'MREC22ResistanceFault',
      subType: 'VoltageToEarth',
      severity: 'Medium',
      message: `voltage to earth out of range: ${l1} V and ${l2} V`,
    });
  }

  /** Tells the stack what was found about the isolation; too little is an error. */
  judge(ok: boolean, resistanceOhm: number): void {
    const { kernel } = this;
    if (kernel.hlc.present) {
      kernel.ports.send('hlc', 'update_isolation_status', { isolation_status: ok ? 'Valid' : 'Fault' });
    }
    if (ok) return;
    kernel.errors.raise({
      name: 'MREC22ResistanceFault',
      subType: 'Resistance',
      severity: 'Medium',
      message: `isolation resistance too low: ${resistanceOhm} Ohm, at least ${this.isolationLimitOhm} Ohm expected`,
    });
  }

  /** The charge loop begins. */
  start(): void {
    if (this.kernel.connected.over_voltage_monitor)
      this.kernel.ports.send('over_voltage_monitor', 'start', {});
    this.#overVoltage.start();
    this.#plausibility.start();
    this.#toEarth.reset();
  }

  /** The charge loop ends. */
  stop(): void {
    if (this.kernel.connected.over_voltage_monitor)
      this.kernel.ports.send('over_voltage_monitor', 'stop', {});
    this.#overVoltage.stop();
    this.#plausibility.stop();
    this.#armWatch();
  }

  /** Unplugged: faults of this session are over. */
  reset(): void {
    if (this.kernel.connected.over_voltage_monitor) {
      this.kernel.ports.send('over_voltage_monitor', 'reset_over_voltage_error', {});
    }
    this.stop();
    this.#overVoltage.reset();
    this.#plausibility.reset();
  }

  #reportOverVoltage(found: OverVoltage | undefined): void {
    if (found === undefined) return;
    this.kernel.errors.raise({
      name: 'MREC5OverVoltage',
      severity: found.emergency ? 'High' : 'Medium',
      message: `output voltage of ${found.voltageV.toFixed(2)} V exceeds the limit of ${found.limitV.toFixed(2)} V`,
    });
  }

  #reportImplausible(found: Implausible | undefined): void {
    if (found === undefined) return;
    this.kernel.errors.raise({
      name: 'VoltagePlausibilityFault',
      severity: 'High',
      message: `voltages of the output differ by ${found.spreadV.toFixed(1)} V between devices`,
    });
  }

  #armWatch(): void {
    this.#watch?.cancel();
    this.#watch = undefined;
    const { clock } = this.kernel;
    const deadlines = [this.#overVoltage.deadlineMs, this.#plausibility.deadlineMs].filter(
      (at) => at !== undefined,
    );
    if (deadlines.length === 0) return;
    const delayMs = Math.max(0, Math.min(...deadlines) - clock.monotonic());
    this.#watch = clock.setTimeout(() => {
      this.kernel.handle(() => {
        const nowMs = clock.monotonic();
        this.#watch = undefined;
        this.#reportOverVoltage(this.#overVoltage.check(nowMs));
        this.#reportImplausible(this.#plausibility.check(nowMs));
        if (nowMs < Math.max(...deadlines)) this.#armWatch();
      });
    }, delayMs);
  }
}
