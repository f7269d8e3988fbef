// SPDX-License-Identifier: Apache-2.0
import type { IsolationMeasurement, VoltageCurrent } from '../interface-types.js';
import type { Kernel } from '../kernel/kernel.js';
import {
  beginCableCheck,
  runCableCheck,
  takeIsolationSample,
  takeRefusal,
  takeSelfTest,
  HARMLESS_V,
  type CableCheck,
  type CableCheckConfig,
  type CableCheckEffect,
} from './cable-check.js';
import { switchOffUnseen } from '../kernel/shutdown.js';
import { DcGrants } from './dc-grants.js';
import { Supervision } from './supervision.js';

/** Reasons for which an end of the cable check is no fault. */
const DELIBERATE_STOPS: ReadonlySet<string> = new Set(['DeAuthorized', 'Local', 'Remote']);
/** Power above which the isolation monitor runs again when it was paused for precharge, in W. */
const IMD_RESUME_W = 1000;

/** The DC procedures of one session: cable check, precharge, charge loop. */
export class DcSession {
  readonly supervision: Supervision;
  readonly grants: DcGrants;
  readonly #config: CableCheckConfig;
  #check: CableCheck | undefined;
  /** Session that the cable check belongs to, and whether it still is what the EV waits for. */
  #checkSession = '';
  #checkWanted = false;
  #imdPaused = false;
  /** The cable check of this preparation passed. */
  #checked = false;

  constructor(private readonly kernel: Kernel) {
    const { config } = kernel;
    this.supervision = new Supervision(kernel);
    this.grants = new DcGrants(kernel);
    this.#config = {
      isolationLimitOhm: this.supervision.isolationLimitOhm,
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
    // An earlier process of this module may have been killed while it charged.
    if (kernel.output.present === undefined && value.voltage_V >= HARMLESS_V && !kernel.output.supply.isOn)
      switchOffUnseen(kernel);
    kernel.output.measured(value);
    kernel.evInfo.note({ present_voltage: value.voltage_V, present_current: value.current_A });
    this.sendPresent(value);
    this.supervision.voltage('powerSupply', value.voltage_V);
    if (this.#imdPaused && value.voltage_V * Math.abs(value.current_A) > IMD_RESUME_W) {
      this.#imdPaused = false;
      this.#monitor(true);
    }
  }

  /** A new attempt to charge begins: what was tested before does not count any more. */
  beginPreparation(): void {
    this.#checked = false;
    this.#checkWanted = false;
    this.kernel.charger.memory.chargeLoop = false;
  }

  /** The EV waits for no cable check any more; one that runs is cleaned up. */
  cancelCableCheck(): void {
    this.#checkWanted = false;
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
    this.#checkSession = kernel.session.id;
    this.#checkWanted = true;
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
        relaysPermitted: kernel.pilot.state.permitted,
        evMaximumV: kernel.output.ev.maximumVoltageV,
        supplyMaximumV: kernel.output.capabilities.max_export_voltage_V,
        wanted: kernel.charger.state === 'PrepareCharging' && this.#checkWanted,
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
    if (sample.voltage_V !== undefined) this.supervision.voltage('isolationMonitor', sample.voltage_V);
    if (this.#check !== undefined) {
      this.#check = takeIsolationSample(this.#check, sample.resistance_F_Ohm, kernel.clock.monotonic());
    }
    if (kernel.charger.state === 'Charging') this.supervision.isolation(sample);
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
    this.supervision.start();
  }

  /** The charge loop ends: supervision stops, then the power supply. */
  currentDemandFinished(): void {
    const { kernel } = this;
    kernel.charger.memory.chargeLoop = false;
    this.supervision.stop();
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

  #perform(effect: CableCheckEffect): void {
    const { kernel } = this;
    switch (effect.type) {
      case 'allowRelays':
        kernel.charger.memory.hlcAllowsPower = true;
        break;
      case 'supply':
        kernel.output.supply.enterPhase('CableCheck');
        if (
          !kernel.output.test({ voltage: effect.voltageV, current: effect.currentA }) &&
          this.#check !== undefined
        )
          this.#check = takeRefusal(this.#check);
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
        this.supervision.judge(effect.ok, effect.resistanceOhm ?? 0);
        break;
      case 'finished':
        if (this.#isOfThisSession()) this.#finished(effect.ok);
        break;
      case 'failed':
        this.#failed(effect.reason);
        break;
    }
  }

  #failed(reason: string): void {
    const { kernel } = this;
    const { state, memory } = kernel.charger;
    if (state === 'Idle' || state === 'Finished' || state === 'Disabled' || memory.disableRequested) return;
    const { stopReason, cancelled } = kernel.session;
    if (!this.#isOfThisSession()) return;
    if (cancelled && stopReason !== undefined && DELIBERATE_STOPS.has(stopReason)) return;
    kernel.errors.raise({
      name: 'MREC11CableCheckFault',
      subType: 'Self test failed',
      severity: 'Medium',
      message: `cable check failed: ${reason}`,
    });
  }

  /** What is left of the cable check of a session that is over is nothing to the one after it. */
  #isOfThisSession(): boolean {
    return this.#checkSession === this.kernel.session.id;
  }

  #finished(ok: boolean): void {
    this.#checked = ok;
    if (this.kernel.hlc.present) this.kernel.ports.send('hlc', 'cable_check_finished', { status: ok });
  }

  #monitor(on: boolean): void {
    if (this.kernel.connected.imd) this.kernel.ports.send('imd', on ? 'start' : 'stop', {});
  }
}
