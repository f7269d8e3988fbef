// SPDX-License-Identifier: Apache-2.0
import type { Timer } from '@carabiner/clock';
import type {
  Capabilities,
  ExternalDerating,
  IsolationMeasurement,
  VoltageCurrent,
} from '../interface-types.js';
import type { Kernel } from '../kernel/kernel.js';
import {
  beginCableCheck,
  runCableCheck,
  takeIsolationSample,
  takeSelfTest,
  type CableCheck,
  type CableCheckConfig,
  type CableCheckEffect,
} from './cable-check.js';
import { isolationLimitOhm, isVoltageToEarthTooHigh, VoltageToEarthWatch } from './isolation.js';
import { dcLimits, grantDiffers, type DcGrant } from './limits.js';
import { overVoltageLimits, OverVoltageMonitor, type OverVoltage } from './over-voltage.js';
import { limitsWithoutGrant, type EvseLimits } from './set-point.js';
import { VoltagePlausibility, type Implausible, type VoltageSource } from './voltage-plausibility.js';

/** Reasons for which an end of the cable check is no fault. */
const DELIBERATE_STOPS: ReadonlySet<string> = new Set(['DeAuthorized', 'Local', 'Remote', 'EVSEDisabled']);
/** Power above which the isolation monitor runs again when it was paused for precharge, in W. */
const IMD_RESUME_W = 1000;
const ENERGY_TO_BE_DELIVERED_WH = 10_000;

/** The DC procedures of one session: cable check, precharge, charge loop and their supervision. */
export class DcSession {
  readonly #isolationLimit: number;
  readonly #overVoltage: OverVoltageMonitor;
  readonly #plausibility: VoltagePlausibility;
  readonly #toEarth = new VoltageToEarthWatch();
  readonly #config: CableCheckConfig;
  #check: CableCheck | undefined;
  #grant: (DcGrant & { currentA: number }) | undefined;
  #watch: Timer | undefined;
  #imdPaused = false;
  /** The cable check of this preparation passed. */
  #checked = false;

  constructor(private readonly kernel: Kernel) {
    const { config } = kernel;
    this.#isolationLimit = isolationLimitOhm(config.connector_type === 'cMCS');
    this.#overVoltage = new OverVoltageMonitor(config.internal_over_voltage_duration_ms);
    this.#plausibility = new VoltagePlausibility(
      config.voltage_plausibility_max_spread_threshold_V,
      config.voltage_plausibility_fault_duration_ms,
    );
    this.#config = {
      isolationLimitOhm: this.#isolationLimit,
      fixedVoltageV: config.dc_isolation_voltage_V,
      samples: config.cable_check_wait_number_of_imd_measurements,
      selfTest: config.cable_check_enable_imd_self_test,
      earlySelfTest: config.cable_check_enable_imd_self_test_relays_open,
      earlyVoltageV: config.cable_check_relays_open_voltage_V,
      relaysTimeoutMs: config.cable_check_relays_closed_timeout_s * 1000,
      dischargeBeforeEnd: config.cable_check_wait_below_60V_before_finish,
      pauseMonitorAfterwards: config.hack_pause_imd_during_precharge,
    };
  }

  /** True when power may flow: enough was granted in either direction. */
  get power(): boolean {
    const { limits } = this.kernel.output;
    if (limits.maximumCurrentA > 0 && limits.maximumPowerW > 0) return true;
    return limits.feedback && (limits.dischargeCurrentA ?? 0) > 0 && (limits.dischargePowerW ?? 0) > 0;
  }

  /** The power supply told what it can do. */
  capabilities(capabilities: Capabilities): void {
    const { kernel } = this;
    const { output, ports } = kernel;
    const changed = JSON.stringify(output.reported) !== JSON.stringify(capabilities);
    output.reported = capabilities;
    if (this.#grant === undefined) output.limits = limitsWithoutGrant(output.capabilities);
    if (kernel.hlc.present && changed) ports.send('hlc', 'set_powersupply_capabilities', { capabilities });
    this.sendParameters();
    kernel.publishTransferModes(false);
    output.refresh();
  }

  /** Replaces the derating from outside; it counts at once. */
  setDerating(derating: ExternalDerating): void {
    this.kernel.output.setDerating(derating);
    this.kernel.output.refresh();
  }

  /** Tells the stack accuracy and lowest values of the power supply. */
  sendParameters(): void {
    const { kernel } = this;
    if (!kernel.hlc.present) return;
    const c = kernel.output.capabilities;
    kernel.ports.send('hlc', 'set_charging_parameters', {
      physical_values: {
        dc_current_regulation_tolerance: c.current_regulation_tolerance_A,
        dc_peak_current_ripple: c.peak_current_ripple_A,
        dc_energy_to_be_delivered: ENERGY_TO_BE_DELIVERED_WH,
      },
    });
    this.#sendMinimum(limitsWithoutGrant(c), false);
  }

  sendPresent(value: VoltageCurrent): void {
    const { kernel } = this;
    if (!kernel.hlc.present) return;
    const offset = kernel.config.hack_present_current_offset;
    const current = Math.abs(value.current_A) + offset;
    kernel.ports.send('hlc', 'update_dc_present_values', {
      present_voltage_current: {
        evse_present_voltage: Math.max(0, value.voltage_V),
        evse_present_current: Math.max(0, current),
      },
    });
  }

  measured(value: VoltageCurrent): void {
    const { kernel } = this;
    kernel.output.measured(value);
    kernel.evInfo.note({ present_voltage: value.voltage_V, present_current: value.current_A });
    this.sendPresent(value);
    this.voltage('powerSupply', value.voltage_V);
    if (this.#imdPaused && value.voltage_V * Math.abs(value.current_A) > IMD_RESUME_W) {
      this.#imdPaused = false;
      this.#monitor(true);
    }
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

  evLimitsChanged(): void {
    const { kernel } = this;
    const limits = overVoltageLimits(
      kernel.output.ev.maximumVoltageV,
      kernel.output.capabilities.max_export_voltage_V,
    );
    this.#overVoltage.setLimits(limits);
    if (kernel.connected.over_voltage_monitor) {
      kernel.ports.send('over_voltage_monitor', 'set_limits', {
        emergency_over_voltage_limit_V: limits.emergencyV,
        error_over_voltage_limit_V: limits.errorV,
      });
    }
    kernel.output.refresh();
  }

  /** A new attempt to charge begins: what was tested before does not count any more. */
  beginPreparation(): void {
    this.#checked = false;
    this.kernel.charger.memory.chargeLoop = false;
  }

  /** The EV asks for the cable check. */
  startCableCheck(): void {
    const { kernel } = this;
    if (kernel.charger.state !== 'PrepareCharging') {
      this.#finished(false);
      return;
    }
    if (this.#check !== undefined && this.#check.step !== 'failing') {
      kernel.log.warn('the stack asks for a cable check while one is running');
      return;
    }
    if (!kernel.connected.imd) {
      kernel.log.warn('no isolation monitor: the cable check does not test the isolation');
      kernel.charger.memory.hlcAllowsPower = true;
      if (kernel.hlc.present)
        kernel.ports.send('hlc', 'update_isolation_status', { isolation_status: 'No_IMD' });
      this.#finished(true);
      return;
    }
    kernel.output.enterPhase('CableCheck');
    this.#check = beginCableCheck(this.#config, kernel.clock.monotonic());
  }

  /** Goes on with the cable check as far as possible. */
  advance(): void {
    for (;;) {
      if (this.#check === undefined) return;
      const { kernel } = this;
      const progress = runCableCheck(this.#check, this.#config, {
        nowMs: kernel.clock.monotonic(),
        voltageV: kernel.output.present?.voltage_V,
        measuredMs: kernel.output.measuredMs,
        relaysClosed: kernel.pilot.state.relaysClosed,
        evMaximumV: kernel.output.ev.maximumVoltageV,
        supplyMaximumV: kernel.output.capabilities.max_export_voltage_V,
        wanted: kernel.charger.state === 'PrepareCharging',
      });
      this.#check = progress.state;
      for (const effect of progress.effects) this.#perform(effect);
      if (progress.effects.length === 0) return;
    }
  }

  selfTestResult(ok: boolean): void {
    if (this.#check !== undefined) this.#check = takeSelfTest(this.#check, ok);
  }

  isolation(sample: IsolationMeasurement): void {
    const { kernel } = this;
    const nowMs = kernel.clock.monotonic();
    if (sample.voltage_V !== undefined) this.voltage('isolationMonitor', sample.voltage_V);
    if (this.#check !== undefined) {
      this.#check = takeIsolationSample(this.#check, sample.resistance_F_Ohm, nowMs);
    }
    if (kernel.charger.state !== 'Charging') return;
    this.#judge(sample.resistance_F_Ohm >= this.#isolationLimit, sample.resistance_F_Ohm);
    const tooHigh = isVoltageToEarthTooHigh(sample, kernel.output.capabilities);
    if (!this.#toEarth.sample(tooHigh, nowMs)) return;
    kernel.errors.raise({
      name: 'MREC22ResistanceFault',
      subType: 'VoltageToEarth',
      severity: 'Medium',
      message: `voltage to earth out of range: ${sample.voltage_to_earth_l1e_V ?? 0} V and ${sample.voltage_to_earth_l2e_V ?? 0} V`,
    });
  }

  startPreCharge(): void {
    if (this.#unexpected('precharge')) return;
    this.kernel.output.enterPhase('PreCharge');
  }

  /** The charge loop begins. */
  currentDemandStarted(): void {
    const { kernel } = this;
    if (this.#unexpected('charge loop') || !this.#wasChecked()) return;
    kernel.charger.memory.chargeLoop = true;
    kernel.output.enterPhase('Charging');
    if (kernel.connected.over_voltage_monitor) kernel.ports.send('over_voltage_monitor', 'start', {});
    this.#overVoltage.start();
    this.#plausibility.start();
    this.#toEarth.reset();
  }

  /** The charge loop ends: supervision stops, then the power supply. */
  currentDemandFinished(): void {
    const { kernel } = this;
    kernel.charger.memory.chargeLoop = false;
    this.stopSupervision();
    kernel.output.off();
  }

  /** The EV ended power delivery: nothing flows, the relays have to open. */
  openContactor(): void {
    const { kernel } = this;
    kernel.charger.memory.chargeLoop = false;
    kernel.charger.memory.hlcAllowsPower = false;
    this.supplyOff();
    if (kernel.pilot.state.permitted) kernel.pilot.step({ type: 'forbid' });
  }

  /** Power supply off, isolation monitor off. */
  supplyOff(): void {
    this.kernel.output.off();
    this.kernel.charger.memory.chargeLoop = false;
    this.#imdPaused = false;
    this.#monitor(false);
  }

  stopSupervision(): void {
    if (this.kernel.connected.over_voltage_monitor)
      this.kernel.ports.send('over_voltage_monitor', 'stop', {});
    this.#overVoltage.stop();
    this.#plausibility.stop();
    this.#armWatch();
  }

  /** Unplugged: faults of this session are over. */
  resetSupervision(): void {
    if (this.kernel.connected.over_voltage_monitor) {
      this.kernel.ports.send('over_voltage_monitor', 'reset_over_voltage_error', {});
    }
    this.stopSupervision();
    this.#overVoltage.reset();
    this.#plausibility.reset();
  }

  /** A grant of the energy tree. Both power and current have to be there. */
  granted(powerW: number | undefined, currentA: number | undefined, validForS: number): void {
    if (powerW === undefined || currentA === undefined || validForS <= 0) return;
    const { kernel } = this;
    const info = kernel.evInfo.info;
    const grant = {
      powerW,
      currentA,
      targetVoltageV: info.target_voltage ?? 0,
      presentVoltageV: info.present_voltage ?? 0,
      capabilities: kernel.output.capabilities,
    };
    if (this.#grant !== undefined && !grantDiffers(this.#grant, grant)) return;
    this.#grant = grant;
    this.#applyLimits(dcLimits(grant));
  }

  /** No grant came in time. */
  withdrawGrant(): void {
    this.#grant = undefined;
    this.#applyLimits(limitsWithoutGrant(this.kernel.output.capabilities));
  }

  #wasChecked(): boolean {
    if (this.#checked) return true;
    this.kernel.log.error('the stack begins the charge loop without a cable check; no power is delivered');
    return false;
  }

  /** The stack begins something that this session is not ready for. */
  #unexpected(what: string): boolean {
    const { state } = this.kernel.charger;
    if (state === 'PrepareCharging' || state === 'Charging') return false;
    this.kernel.log.warn('the stack begins a phase outside a session', { what, state });
    return true;
  }

  #applyLimits(limits: EvseLimits): void {
    const { kernel } = this;
    kernel.output.limits = limits;
    if (kernel.hlc.present) {
      const { feedbackMode } = kernel;
      // Without discharge fields in the protocol, the charge fields carry the limits; SAE tells them apart by sign.
      const mirrored = limits.feedback && (feedbackMode === 'iso2' || feedbackMode === 'sae');
      const sign = feedbackMode === 'sae' ? -1 : 1;
      const { dischargeCurrentA, dischargePowerW } = limits;
      kernel.ports.send('hlc', 'update_dc_maximum_limits', {
        maximum_limits: {
          evse_maximum_current_limit: mirrored ? sign * (dischargeCurrentA ?? 0) : limits.maximumCurrentA,
          evse_maximum_power_limit: mirrored ? sign * (dischargePowerW ?? 0) : limits.maximumPowerW,
          evse_maximum_voltage_limit: limits.maximumVoltageV,
          ...(dischargeCurrentA === undefined
            ? {}
            : { evse_maximum_discharge_current_limit: dischargeCurrentA }),
          ...(dischargePowerW === undefined ? {} : { evse_maximum_discharge_power_limit: dischargePowerW }),
        },
      });
      this.#sendMinimum(limits, true);
    }
    kernel.output.refresh();
  }

  #sendMinimum(limits: EvseLimits, withDischarge: boolean): void {
    const { kernel } = this;
    kernel.ports.send('hlc', 'update_dc_minimum_limits', {
      minimum_limits: {
        evse_minimum_current_limit: limits.minimumCurrentA,
        evse_minimum_power_limit: limits.minimumPowerW,
        evse_minimum_voltage_limit: limits.minimumVoltageV,
        ...(withDischarge ? { evse_minimum_discharge_power_limit: 0 } : {}),
        ...(withDischarge && limits.dischargeCurrentA !== undefined
          ? { evse_minimum_discharge_current_limit: kernel.output.capabilities.min_import_current_A ?? 0 }
          : {}),
      },
    });
  }

  #perform(effect: CableCheckEffect): void {
    const { kernel } = this;
    switch (effect.type) {
      case 'allowRelays':
        kernel.charger.memory.hlcAllowsPower = true;
        break;
      case 'supply':
        kernel.output.supply.enterPhase('CableCheck');
        kernel.output.test({ voltage: effect.voltageV, current: effect.currentA });
        break;
      case 'supplyOff':
        if (!effect.keepPhase) {
          kernel.charger.memory.hlcAllowsPower = false;
          kernel.output.supply.leavePhase();
        }
        kernel.output.off();
        break;
      case 'startSelfTest':
        kernel.ports.send('imd', 'start_self_test', { test_voltage_V: effect.voltageV });
        break;
      case 'monitor':
        this.#monitor(effect.on);
        this.#imdPaused = !effect.on && this.#config.pauseMonitorAfterwards;
        break;
      case 'isolation':
        this.#judge(effect.ok, effect.resistanceOhm ?? 0);
        break;
      case 'finished':
        this.#finished(effect.ok);
        break;
      case 'failed':
        this.#failed(effect.reason);
        break;
    }
  }

  #failed(reason: string): void {
    const { kernel } = this;
    const { state } = kernel.charger;
    if (state === 'Idle' || state === 'Finished') return;
    const { stopReason, cancelled } = kernel.session;
    if (cancelled && stopReason !== undefined && DELIBERATE_STOPS.has(stopReason)) return;
    kernel.errors.raise({
      name: 'MREC11CableCheckFault',
      subType: 'Self test failed',
      severity: 'Medium',
      message: `cable check failed: ${reason}`,
    });
  }

  #finished(ok: boolean): void {
    this.#checked = ok;
    if (this.kernel.hlc.present) this.kernel.ports.send('hlc', 'cable_check_finished', { status: ok });
  }

  #judge(ok: boolean, resistanceOhm: number): void {
    const { kernel } = this;
    if (kernel.hlc.present) {
      kernel.ports.send('hlc', 'update_isolation_status', { isolation_status: ok ? 'Valid' : 'Fault' });
    }
    if (ok) return;
    kernel.errors.raise({
      name: 'MREC22ResistanceFault',
      subType: 'Resistance',
      severity: 'Medium',
      message: `isolation resistance too low: ${resistanceOhm} Ohm, at least ${this.#isolationLimit} Ohm expected`,
    });
  }

  #monitor(on: boolean): void {
    if (this.kernel.connected.imd) this.kernel.ports.send('imd', on ? 'start' : 'stop', {});
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
