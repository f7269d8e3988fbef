// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import type { ControlPilot } from '../plant/control-pilot.js';
import type { DcPlant } from '../plant/dc-plant.js';
import type { Condition } from './condition.js';
import { numberArgument, ScriptError, type ScriptStep } from './script.js';
import type { SlacLink } from './slac-link.js';
import type { Vehicle } from './vehicle.js';

/** Faults of the charger side that a script can make. */
export interface BenchFaults {
  emergencyStop(pressed: boolean): void;
  /** Resistance to earth in Ohm; undefined is the healthy value. */
  isolation(resistanceOhm: number | undefined): void;
  weldRelays(welded: boolean): void;
  rcdCurrent(currentMa: number): void;
  diodeFault(): void;
}

type Run = (step: ScriptStep, signal: AbortSignal) => Promise<void> | void;

/** Executes vehicle scripts step by step. */
export class ScriptRunner {
  readonly #run: Readonly<Record<string, Run>>;

  constructor(
    private readonly clock: Clock,
    private readonly condition: Condition,
    private readonly vehicle: Vehicle,
    pilot: ControlPilot,
    slac: SlacLink,
    plant: DcPlant,
    faults: BenchFaults,
  ) {
    const duty = (): number => (pilot.output.kind === 'PWM' ? pilot.output.dutyPercent : 0);
    const until = (holds: () => boolean, what: string, signal: AbortSignal): Promise<void> =>
      condition.until(holds, what, undefined, signal);
    this.#run = {
      sleep: (step, signal) => clock.sleep(numberArgument(step, 0) * 1000, signal),
      plugin: () => vehicle.plugIn(),
      unplug: () => vehicle.unplug(),
      pause: () => {
        vehicle.drawAc(undefined);
        pilot.setVehicle('B');
      },
      error_e: () => pilot.setVehicle('E'),
      diode_fail: () => faults.diodeFault(),
      rcd_current: (step) => faults.rcdCurrent(numberArgument(step, 0)),
      iec_wait_pwr_ready: (_step, signal) => until(() => duty() >= 7 && duty() <= 97, 'nominal PWM', signal),
      draw_power_regulated: (step) =>
        vehicle.drawAc({ currentA: numberArgument(step, 0), phases: numberArgument(step, 1), fixed: false }),
      draw_power_fixed: (step) =>
        vehicle.drawAc({ currentA: numberArgument(step, 0), phases: numberArgument(step, 1), fixed: true }),
      iso_wait_pwm_is_running: (_step, signal) => until(() => duty() > 4, 'PWM', signal),
      iso_wait_slac_matched: (_step, signal) => until(() => slac.ready, 'the SLAC match', signal),
      iso_start_v2g_session: (step) => this.#startSession(step),
      iso_wait_pwr_ready: (_step, signal) => until(() => vehicle.charging, 'the charge loop', signal),
      iso_dc_power_on: (_step, signal) => until(() => vehicle.charging, 'the charge loop', signal),
      iso_wait_for_stop: (step, signal) => this.#chargeFor(numberArgument(step, 0), signal),
      iso_stop_charging: () => vehicle.stopSession(),
      iso_pause_charging: () => vehicle.pauseSession(),
      iso_wait_for_resume: (_step, signal) => until(() => vehicle.charging, 'the charge loop', signal),
      iso_wait_v2g_session_stopped: (_step, signal) =>
        until(() => !vehicle.inSession, 'the end of the session', signal),
      iso_start_bcb_toggle: (step, signal) => vehicle.wake(numberArgument(step, 0), signal),
      set_soc: (step) => {
        plant.battery.socPercent = numberArgument(step, 0);
      },
      wait_until_full: (step, signal) =>
        this.#chargeFor(step.args.length > 0 ? numberArgument(step, 0) : undefined, signal),
      emergency_stop: () => faults.emergencyStop(true),
      release_emergency_stop: () => faults.emergencyStop(false),
      isolation_fault: (step) => faults.isolation(numberArgument(step, 0)),
      clear_isolation_fault: () => faults.isolation(undefined),
      weld_relays: () => faults.weldRelays(true),
      repair_relays: () => faults.weldRelays(false),
    };
  }

  /**
   * Runs all steps.
   *
   * @throws ScriptError for a bad argument, the signal's reason when aborted
   */
  async run(steps: readonly ScriptStep[], signal: AbortSignal): Promise<void> {
    for (const step of steps) {
      signal.throwIfAborted();
      const run = this.#run[step.command];
      if (run === undefined) throw new ScriptError(`unknown command '${step.command}'`);
      await run(step, signal);
    }
  }

  #startSession(step: ScriptStep): void {
    const mode = step.args[0];
    if (mode !== 'DC') {
      throw new ScriptError(
        `'iso_start_v2g_session': only DC is simulated, got '${mode ?? ''}'; for AC use draw_power_regulated`,
      );
    }
    this.vehicle.startSession();
  }

  /** Charges until the session ends by itself, at most `limitS` seconds; then the vehicle stops it. */
  async #chargeFor(limitS: number | undefined, signal: AbortSignal): Promise<void> {
    const startMs = this.clock.monotonic();
    const due =
      limitS === undefined ? undefined : this.clock.setTimeout(() => this.condition.notify(), limitS * 1000);
    const over = (): boolean => limitS !== undefined && this.clock.monotonic() - startMs >= limitS * 1000;
    try {
      await this.condition.until(
        () => !this.vehicle.inSession || over(),
        'the end of charging',
        undefined,
        signal,
      );
    } finally {
      due?.cancel();
    }
    this.vehicle.stopSession();
    await this.condition.until(() => !this.vehicle.inSession, 'the end of the session', undefined, signal);
  }
}
