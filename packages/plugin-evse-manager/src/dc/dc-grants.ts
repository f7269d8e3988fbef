// SPDX-License-Identifier: Apache-2.0
import type { Capabilities, ExternalDerating } from '../interface-types.js';
import type { Kernel } from '../kernel/kernel.js';
import { dcLimits, grantDiffers, MEANINGFUL_V, type DcGrant } from './limits.js';
import { limitsWithoutGrant, type EvseLimits } from './set-point.js';

const ENERGY_TO_BE_DELIVERED_WH = 10_000;

/** What the DC output may deliver: grants of the energy tree, capabilities of the power supply, derating. */
export class DcGrants {
  #grant: (DcGrant & { currentA: number }) | undefined;

  constructor(private readonly kernel: Kernel) {}

  /** True when power may flow: enough was granted in either direction. */
  get power(): boolean {
    const { limits } = this.kernel.output;
    if (limits.maximumCurrentA > 0 && limits.maximumPowerW > 0) return true;
    return limits.feedback && (limits.dischargeCurrentA ?? 0) > 0 && (limits.dischargePowerW ?? 0) > 0;
  }

  /** Energy is to flow out of the EV: granted, possible in this session, and the EV told a voltage. */
  get discharging(): boolean {
    const { output, evInfo } = this.kernel;
    return output.limits.feedback && (evInfo.info.target_voltage ?? 0) > MEANINGFUL_V;
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

  /** A grant of the energy tree. Both power and current have to be there. */
  granted(powerW: number | undefined, currentA: number | undefined, validForS: number): void {
    if (powerW === undefined || currentA === undefined || validForS <= 0) return;
    const { kernel } = this;
    const info = kernel.evInfo.info;
    const grant = {
      powerW,
      feedbackPossible: kernel.feedbackMode !== 'none',
      currentA,
      targetVoltageV: info.target_voltage ?? 0,
      presentVoltageV: info.present_voltage ?? 0,
      capabilities: kernel.output.capabilities,
    };
    if (this.#grant !== undefined && !grantDiffers(this.#grant, grant)) return;
    if (powerW < 0 && !grant.feedbackPossible)
      kernel.log.error('energy is to be fed back, which this session cannot; no power flows', { powerW });
    this.#grant = grant;
    this.#applyLimits(dcLimits(grant));
  }

  /** No grant came in time. */
  withdraw(): void {
    this.#grant = undefined;
    this.#applyLimits(limitsWithoutGrant(this.kernel.output.capabilities));
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
}
