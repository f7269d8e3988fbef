// SPDX-License-Identifier: Apache-2.0
import { dynamicRequest } from '../dc/dynamic-mode.js';
import type {
  AcEvPowerLimits,
  AcEvPresentPowerValues,
  DcChargeDynamicModeValues,
  DcEvMaximumLimits,
  DcEvRemainingTime,
  DcEvStatus,
  DcEvTargetValues,
  EVInfo,
  HlcSessionFailedReasonEnum,
  ProvidedIdToken,
  SelectedServiceParameters,
  V2gMessages,
} from '../interface-types.js';
import { carManufacturer, newAutochargeToken } from '../session/autocharge.js';
import type { Kernel } from './kernel.js';

/** What the stack of high level communication reports. */
export class HlcInputs {
  constructor(private readonly kernel: Kernel) {}

  requireExternal(): void {
    const { kernel } = this;
    kernel.handle(() => {
      kernel.hlc.require('eim');
      const { enable_autocharge, autocharge_use_slac_instead_of_hlc, connector_id } = kernel.config;
      if (!enable_autocharge || autocharge_use_slac_instead_of_hlc || kernel.session.authorised) return;
      const { evcc_id } = kernel.evInfo.info;
      if (evcc_id === undefined) return;
      kernel.ports.publish('token_provider', 'provided_token', newAutochargeToken(evcc_id, connector_id));
    });
  }

  requireContract(token: ProvidedIdToken): void {
    const { kernel } = this;
    kernel.handle(() => {
      kernel.hlc.require('pnc');
      if (kernel.session.authorised && kernel.session.plugAndCharge) return;
      kernel.ports.publish('token_provider', 'provided_token', {
        ...token,
        connectors: [kernel.config.connector_id],
      });
    });
  }

  evccId(address: string): void {
    const { kernel } = this;
    kernel.handle(() => {
      if (kernel.config.autocharge_use_slac_instead_of_hlc) return;
      kernel.ports.publish('evse', 'car_manufacturer', carManufacturer(address));
      kernel.evInfo.update({ evcc_id: address });
    });
  }

  startCableCheck(): void {
    this.kernel.handle(() => this.kernel.dcSession.startCableCheck());
  }

  startPreCharge(): void {
    this.kernel.handle(() => this.kernel.dcSession.startPreCharge());
  }

  setUpFinished(): void {
    const { memory } = this.kernel.charger;
    this.kernel.handle(() => {
      memory.hlcActive = true;
      memory.v2gSetUp = true;
    });
  }

  currentDemandStarted(): void {
    this.kernel.handle(() => this.kernel.dcSession.currentDemandStarted());
  }

  currentDemandFinished(): void {
    this.kernel.handle(() => this.kernel.dcSession.currentDemandFinished());
  }

  dcOpenContactor(): void {
    this.kernel.handle(() => this.kernel.dcSession.openContactor());
  }

  acCloseContactor(): void {
    this.kernel.handle(() => {
      this.kernel.charger.memory.hlcAllowsPower = true;
    });
  }

  acOpenContactor(): void {
    this.kernel.handle(() => {
      this.kernel.charger.memory.hlcAllowsPower = false;
    });
  }

  target(values: DcEvTargetValues): void {
    this.#request({ voltage: values.dc_ev_target_voltage, current: values.dc_ev_target_current });
  }

  dynamicMode(values: DcChargeDynamicModeValues): void {
    const { output } = this.kernel;
    const request = dynamicRequest(
      values,
      output.limits,
      output.present?.voltage_V,
      this.kernel.output.limits.feedback,
    );
    if (request === undefined) {
      this.kernel.log.error('the vehicle asks for more power at least than at most; ignored', { ...values });
      return;
    }
    this.#request(request);
  }

  maximumLimits(limits: DcEvMaximumLimits): void {
    const { kernel } = this;
    kernel.handle(() => {
      const current = limits.dc_ev_maximum_current_limit;
      const voltage = limits.dc_ev_maximum_voltage_limit;
      const power = limits.dc_ev_maximum_power_limit;
      kernel.output.ev = {
        ...kernel.output.ev,
        maximumCurrentA: current ?? kernel.output.ev.maximumCurrentA,
        maximumVoltageV: voltage ?? kernel.output.ev.maximumVoltageV,
      };
      kernel.evInfo.update({
        ...(current === undefined ? {} : { maximum_current_limit: current }),
        ...(power === undefined ? {} : { maximum_power_limit: power }),
        ...(voltage === undefined ? {} : { maximum_voltage_limit: voltage }),
      });
      kernel.dcSession.supervision.evLimitsChanged();
      kernel.output.refresh();
    });
  }

  status(status: DcEvStatus): void {
    this.info({ soc: status.dc_ev_ress_soc });
  }

  remainingTime(time: DcEvRemainingTime): void {
    this.info({
      ...(time.ev_remaining_time_to_full_soc === undefined
        ? {}
        : { estimated_time_full: time.ev_remaining_time_to_full_soc }),
      ...(time.ev_remaining_time_to_full_bulk_soc === undefined
        ? {}
        : { estimated_time_bulk: time.ev_remaining_time_to_full_bulk_soc }),
    });
  }

  acPowerLimits(limits: AcEvPowerLimits): void {
    const { max_charge_power, min_charge_power, max_discharge_power, min_discharge_power } = limits;
    this.info({
      ...(max_charge_power === undefined ? {} : { ac_max_charge_power: max_charge_power.total }),
      ...(min_charge_power === undefined ? {} : { ac_min_charge_power: min_charge_power.total }),
      ...(max_discharge_power === undefined ? {} : { ac_max_discharge_power: max_discharge_power.total }),
      ...(min_discharge_power === undefined ? {} : { ac_min_discharge_power: min_discharge_power.total }),
    });
  }

  acPresentPowers(powers: AcEvPresentPowerValues): void {
    this.info({
      ac_present_active_power: powers.present_active_power.total,
      ...(powers.present_reactive_power === undefined
        ? {}
        : { ac_present_reactive_power: powers.present_reactive_power.total }),
    });
  }

  /** A message between vehicle and stack, for the session log. */
  message(message: V2gMessages): void {
    this.kernel.sessionLog.note('hlc', 'vehicle', message.id, message.xml ?? message.v2g_json);
  }

  /** Something about the vehicle. */
  info(change: Partial<EVInfo>): void {
    this.kernel.handle(() => this.kernel.evInfo.update(change));
  }

  saeActive(): void {
    this.kernel.handle(() => {
      this.kernel.saeActive = true;
    });
  }

  selectedService(service: SelectedServiceParameters): void {
    const { kernel } = this;
    kernel.handle(() => {
      kernel.charger.memory.d20 = true;
      kernel.selectedService = service.energy_transfer;
    });
  }

  selectedProtocol(protocol: string): void {
    this.kernel.handle(() => {
      if (this.kernel.session.active) this.kernel.session.protocol = protocol;
    });
  }

  sessionFailed(reason: HlcSessionFailedReasonEnum): void {
    const { kernel } = this;
    kernel.handle(() =>
      kernel.ports.publish('evse', 'hlc_session_failed', { uuid: kernel.session.id, reason }),
    );
  }

  linkTerminated(): void {
    this.kernel.handle(() => {
      this.#linkEnds('terminate');
      this.kernel.charger.memory.d20 = false;
      this.kernel.selectedService = undefined;
      this.kernel.ports.send('slac', 'dlink_terminate', {});
    });
  }

  linkPaused(): void {
    this.kernel.handle(() => {
      this.#linkEnds('pause');
      this.kernel.ports.send('slac', 'dlink_pause', {});
    });
  }

  /** The link to the vehicle broke: begin again with a step on the control pilot, or stay where nothing can begin. */
  linkFailed(): void {
    const { kernel } = this;
    kernel.handle(() => {
      const { memory, state } = kernel.charger;
      memory.hlcAllowsPower = false;
      if (this.#restarts()) {
        if (kernel.dc) kernel.dcSession.supplyOff();
        kernel.pilot.step({ type: 'forbid' });
        kernel.charger.step('StepX1', [
          { to: 'WaitingForAuthentication', signal: 'X1' },
          { to: 'StepEF', signal: 'X1' },
        ]);
      } else if (state === 'Finished' || state === 'StoppingCharging' || state === 'ChargingPausedEVSE') {
        if (memory.signal === 'five') kernel.signalX1();
        if (kernel.dc) kernel.dcSession.supplyOff();
        kernel.pilot.step({ type: 'forbid' });
      }
      kernel.ports.send('slac', 'dlink_error', {});
    });
  }

  /** True when the session can begin again after a broken link. */
  #restarts(): boolean {
    const { kernel } = this;
    const { memory, state } = kernel.charger;
    if (memory.signal !== 'five') return false;
    // Behind a blocking error nothing begins again; a stop that goes on keeps its transaction.
    if (kernel.fatal && state === 'StoppingCharging') return false;
    if (state === 'Finished' || state === 'Idle' || state === 'Disabled' || state === 'ChargingPausedEVSE')
      return false;
    if (state !== 'StoppingCharging') return true;
    const { session } = kernel;
    return session.transaction === 'active' && session.authorised && !memory.disableRequested;
  }

  #linkEnds(end: 'pause' | 'terminate'): void {
    const { kernel } = this;
    const { memory } = kernel.charger;
    memory.hlcAllowsPower = false;
    memory.linkEnd = end;
    // Stacks tell nothing more of a session that ends in precharge or before.
    if (kernel.dc) {
      kernel.dcSession.cancelCableCheck();
      if (kernel.output.supply.isOn) kernel.dcSession.supplyOff();
      if (kernel.pilot.state.permitted) kernel.pilot.step({ type: 'forbid' });
    }
    kernel.signalX1();
  }

  #request(raw: { voltage: number; current: number }): void {
    this.kernel.handle(() => this.kernel.output.request(raw));
  }
}
