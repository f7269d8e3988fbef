// SPDX-License-Identifier: Apache-2.0
import type { EnforcedLimits, HardwareCapabilities } from '../interface-types.js';
import type { Kernel } from '../kernel/kernel.js';
import { energyRequest } from './energy-request.js';
import { RandomDelay } from './random-delay.js';

/** Below this current AC charging is not possible. */
export const LEAST_AC_CURRENT_A = 5.9;
/** A grant counts for one second longer than it says. */
const GRACE_MS = 1000;

const GRID_FREQUENCY_HZ = 50;

const CABLE_RATING_A = { None: undefined, A_13: 13, A_20: 20, A_32: 32, A_63_3ph_70_1ph: 63 } as const;

/** What the energy tree grants, and what this leaf asks of it. */
export class EnergyControl {
  hardware: HardwareCapabilities | undefined;
  cableRatingA: number | undefined;
  /** Granted current per phase in A; its magnitude when energy is fed back. */
  currentA = 0;
  exporting = false;
  activePhases = 0;
  readonly randomDelay: RandomDelay;
  #validUntilMs = Number.NEGATIVE_INFINITY;
  #overCurrentLimitA: number | undefined;
  #known = false;
  #warnedOfPhases = false;
  #pendingPhases: number | undefined;

  constructor(private readonly kernel: Kernel) {
    const { config } = kernel;
    this.randomDelay = new RandomDelay(
      config.uk_smartcharging_random_delay_enable,
      config.uk_smartcharging_random_delay_max_duration,
      config.uk_smartcharging_random_delay_at_any_change,
    );
  }

  /** The limit that the EV may be told: the grant, the cable and the simplified mode. */
  get offeredA(): number {
    const { kernel } = this;
    const cable = this.cableRatingA ?? Number.POSITIVE_INFINITY;
    const simplified =
      kernel.config.hack_simplified_mode_limit_10A && kernel.pilot.state.simplified
        ? 10
        : Number.POSITIVE_INFINITY;
    return Math.min(this.currentA, cable, simplified);
  }

  get isSocket(): boolean {
    return this.hardware?.connector_type === 'IEC62196Type2Socket';
  }

  setHardware(hardware: HardwareCapabilities): void {
    this.hardware = hardware;
    const most = hardware.max_phase_count_import;
    this.activePhases = this.activePhases === 0 ? most : Math.min(this.activePhases, most);
    this.publishLimits();
    this.#tellAcLimits(hardware);
    this.kernel.ports.publish('evse', 'hw_capabilities', hardware);
    this.kernel.publishTransferModes(false);
  }

  setAmpacity(ampacity: keyof typeof CABLE_RATING_A): void {
    this.cableRatingA = CABLE_RATING_A[ampacity];
  }

  /** Asks the energy tree. */
  request(priority: boolean): void {
    const { kernel } = this;
    const meters = kernel.meters;
    kernel.ports.publish(
      'energy_grid',
      'energy_flow_request',
      energyRequest({
        uuid: kernel.moduleId,
        state: kernel.charger.state,
        running: kernel.running,
        dc: kernel.dc,
        priority,
        gridMeter: meters.grid,
        carMeter: meters.car,
        hardware: this.hardware,
        activePhases: this.activePhases,
        supply: kernel.output.capabilities,
        cableRatingA: this.cableRatingA,
        zeroPowerInIdle: kernel.config.request_zero_power_in_idle,
        exportPossible: kernel.exportPossible,
        pausedForOtherReason: kernel.pauseReasons().some((reason) => reason !== 'NoEnergy'),
        nowMs: kernel.clock.now(),
      }),
    );
  }

  /** A limit and how long it counts, in s. */
  setLimit(currentA: number, validForS: number): void {
    const { kernel } = this;
    if (validForS <= 0) return;
    this.#validUntilMs = kernel.clock.monotonic() + validForS * 1000;
    this.exporting = currentA < 0;
    const rating = this.isSocket && kernel.charger.state !== 'Idle' ? this.cableRatingA : undefined;
    this.currentA = Math.min(Math.abs(currentA), rating ?? Number.POSITIVE_INFINITY);
    this.#known = true;
    if (this.#overCurrentLimitA !== this.currentA) {
      this.#overCurrentLimitA = this.currentA;
      kernel.ports.send('bsp', 'ac_set_overcurrent_limit_A', { value: this.currentA });
    }
    this.#tellStack();
    this.publishLimits();
  }

  /** Takes a grant of the energy tree. */
  enforce(grant: EnforcedLimits): void {
    const { kernel } = this;
    if (grant.uuid !== kernel.moduleId) return;
    if (this.hardware === undefined) {
      if (!this.#warnedOfPhases) kernel.log.warn('grant before board support told its capabilities; ignored');
      this.#warnedOfPhases = true;
      return;
    }
    const root = grant.limits_root_side;
    this.#switchPhases(root.ac_max_phase_count?.value);
    const current = this.#delayed(
      this.#granted(root.ac_max_current_A?.value ?? 0, root.total_power_W?.value),
    );
    kernel.ports.publish('evse', 'enforced_limits', this.#enforced(grant, current));
    this.setLimit(current < 0 && !kernel.acExportActive ? 0 : current, grant.valid_for);
    this.publishLimits();
    if (kernel.dc) {
      kernel.dcSession.grants.granted(
        root.total_power_W?.value,
        root.ac_max_current_A?.value,
        grant.valid_for,
      );
    }
  }

  /** Takes power away when no grant came in time. */
  checkValidity(): void {
    const { kernel } = this;
    if (!this.#known || kernel.clock.monotonic() < this.#validUntilMs + GRACE_MS) return;
    this.#known = false;
    kernel.log.warn('no grant of the energy tree in time; power is withdrawn');
    this.currentA = 0;
    this.#tellStack();
    this.publishLimits();
    if (kernel.dc) kernel.dcSession.grants.withdraw();
  }

  /** Tells stack and listeners the present limit again. */
  repeat(): void {
    this.#tellStack();
    this.publishLimits();
  }

  publishLimits(): void {
    const { kernel } = this;
    const phases = Math.min(3, Math.max(1, this.activePhases));
    kernel.ports.publish('evse', 'limits', {
      max_current: this.exporting ? -this.currentA : this.currentA,
      nr_of_phases_available: phases,
      ...(kernel.limitSet ? { uuid: kernel.moduleId } : {}),
    });
  }

  /** Tells board support the number of phases that a pause was made for. */
  commitPhases(): void {
    if (this.#pendingPhases === undefined) return;
    this.kernel.ports.send('bsp', 'ac_switch_three_phases_while_charging', {
      value: this.#pendingPhases === 3,
    });
    this.#pendingPhases = undefined;
  }

  #granted(currentA: number, powerW: number | undefined): number {
    if (powerW === undefined) return currentA;
    const fromPower = powerW / this.kernel.config.ac_nominal_voltage / Math.max(1, this.activePhases);
    return currentA >= 0 ? Math.min(currentA, fromPower) : Math.max(currentA, fromPower);
  }

  #delayed(currentA: number): number {
    const { kernel } = this;
    const engaged =
      kernel.charger.state === 'PrepareCharging' ||
      kernel.charger.state === 'Charging' ||
      kernel.charger.state === 'WaitingForAuthentication';
    const delay = this.randomDelay.limit(currentA, engaged, kernel.clock.monotonic(), kernel.clock.now());
    if (delay.countdown !== undefined) kernel.ports.publish('random_delay', 'countdown', delay.countdown);
    return delay.currentA;
  }

  #enforced(grant: EnforcedLimits, currentA: number): EnforcedLimits {
    const given = grant.limits_root_side.ac_max_current_A;
    if (given === undefined || this.cableRatingA === undefined) return grant;
    const value = Math.min(currentA, this.cableRatingA);
    return {
      ...grant,
      limits_root_side: { ...grant.limits_root_side, ac_max_current_A: { ...given, value } },
    };
  }

  #switchPhases(wanted: number | undefined): void {
    const { kernel, hardware } = this;
    if (wanted === undefined || hardware === undefined || wanted === this.activePhases) return;
    const goal = wanted === 3 ? 3 : 1;
    if (goal === this.activePhases) return;
    if (!hardware.supports_changing_phases_during_charging || kernel.charger.memory.hlcActive) {
      kernel.log.warn('number of phases cannot be changed', { wanted, active: this.activePhases });
      return;
    }
    this.activePhases = goal;
    this.#pendingPhases = goal;
    if (kernel.charger.state === 'Charging') kernel.charger.enter('SwitchPhases');
    else if (kernel.charger.state !== 'SwitchPhases') this.commitPhases();
  }

  /** What ISO 15118-20 wants to know of an AC charger. */
  #tellAcLimits(hardware: HardwareCapabilities): void {
    const { kernel } = this;
    if (kernel.dc || !kernel.hlc.present) return;
    const { ac_nominal_voltage, ac_max_reactive_power, supported_iso_ac_bpt } = kernel.config;
    const power = (currentA: number, phases: number): { total: number } => ({
      total: currentA * ac_nominal_voltage * phases,
    });
    const { max_phase_count_import, min_phase_count_import, max_phase_count_export } = hardware;
    kernel.ports.send('hlc', 'update_ac_parameters', {
      ac_parameters: {
        nominal_frequency: GRID_FREQUENCY_HZ,
        nominal_voltage: ac_nominal_voltage,
        connectors: [max_phase_count_import === 1 ? 'SinglePhase' : 'ThreePhase'],
        ...(ac_max_reactive_power > 0 ? { evse_max_reactive_power: ac_max_reactive_power } : {}),
      },
    });
    kernel.ports.send('hlc', 'update_ac_maximum_limits', {
      maximum_limits: {
        charge_power: power(hardware.max_current_A_import, max_phase_count_import),
        ...(supported_iso_ac_bpt
          ? { discharge_power: power(hardware.max_current_A_export, max_phase_count_export) }
          : {}),
      },
    });
    kernel.ports.send('hlc', 'update_ac_minimum_limits', {
      minimum_limits: { charge_power: power(hardware.min_current_A_import, min_phase_count_import) },
    });
  }

  #tellStack(): void {
    const { kernel } = this;
    if (!kernel.hlc.present) return;
    if (kernel.charger.memory.d20 && !kernel.dc) {
      const phases = this.hardware?.max_phase_count_import ?? 1;
      const signed = this.exporting ? -this.currentA : this.currentA;
      kernel.ports.send('hlc', 'update_ac_target_values', {
        target_values: { target_active_power: { total: signed * kernel.config.ac_nominal_voltage * phases } },
      });
      return;
    }
    kernel.ports.send('hlc', 'update_ac_max_current', { max_current: this.currentA });
  }
}
