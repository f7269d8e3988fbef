// SPDX-License-Identifier: Apache-2.0
import { NO_BCB_TOGGLE, bcbPulseBegins, bcbPulseEnds } from '../control-pilot/bcb-toggle.js';
import {
  INITIAL_PILOT_STATE,
  requestsPower,
  stepPilot,
  type PilotConfig,
  type PilotEvent,
  type PilotInput,
  type PilotOutput,
  type PilotState,
} from '../control-pilot/machine.js';
import type { CpState } from '../interface-types.js';
import type { Kernel } from './kernel.js';

/** Runs the control pilot machine and does what it asks for. */
export class PilotDriver {
  readonly config: PilotConfig;
  #state: PilotState = INITIAL_PILOT_STATE;

  constructor(private readonly kernel: Kernel) {
    this.config = {
      hasVentilation: kernel.config.has_ventilation,
      lockInStateB: kernel.config.lock_connector_in_state_b,
      unlockWhenDeauthorised: kernel.config.unlock_when_deauthorized,
    };
  }

  get state(): PilotState {
    return this.#state;
  }

  /** One input, and what follows from it. */
  step(input: PilotInput): void {
    const { state, outputs } = stepPilot(this.#state, input, this.config, this.kernel.clock.monotonic());
    this.#state = state;
    for (const output of outputs) this.#perform(output);
  }

  /** Board support reports a level of the control pilot. */
  level(level: CpState | 'Disconnected'): void {
    const { kernel } = this;
    const wanted = requestsPower(this.#state, this.config);
    const wants = level === 'C' || (level === 'D' && this.config.hasVentilation);
    if (kernel.dc && wanted && !wants && kernel.output.supply.isOn) kernel.dcSession.supplyOff();
    this.step({ type: 'level', level });
  }

  /** Board support confirms the relays. */
  relays(closed: boolean): void {
    const { kernel } = this;
    const opened = !closed && this.#state.relaysClosed;
    const unexpected = opened && this.#state.permitted;
    this.step({ type: 'relays', closed });
    if (kernel.dc && !closed) {
      kernel.dcSession.supervision.stop();
      if (opened && kernel.output.supply.isOn) kernel.dcSession.supplyOff();
      kernel.output.forget();
    }
    if (kernel.hlc.present) kernel.ports.send('hlc', 'ac_contactor_closed', { status: closed });
    if (closed) kernel.output.refresh();
    const { state } = kernel.charger;
    if (!unexpected) return;
    if (state === 'Charging' || state === 'PrepareCharging')
      kernel.errors.raise({
        name: 'Internal',
        subType: 'ContactorFault',
        severity: 'Medium',
        message: 'relays opened although they were permitted to be closed',
      });
    else if (kernel.dc) this.step({ type: 'forbid' });
  }

  #perform(output: PilotOutput): void {
    const { ports, connected } = this.kernel;
    switch (output.type) {
      case 'pwm':
        ports.send('bsp', 'pwm_on', { value: output.percent });
        break;
      case 'x1':
        this.kernel.charger.memory.signal = 'X1';
        ports.send('bsp', 'cp_state_X1', {});
        break;
      case 'f':
        ports.send('bsp', 'cp_state_F', {});
        break;
      case 'relayPermission':
        ports.send('bsp', 'allow_power_on', { value: { allow_power_on: output.on, reason: output.reason } });
        break;
      case 'lock':
      case 'unlock':
        if (connected.connector_lock) ports.send('connector_lock', output.type, {});
        break;
      case 'event':
        this.#event(output.event);
        break;
    }
  }

  #event(event: PilotEvent): void {
    this.#slac(event);
    if (this.kernel.dc && event === 'CarUnplugged') this.kernel.dcSession.supervision.reset();
    this.#charger(event);
    this.#hlc(event);
  }

  #slac(event: PilotEvent): void {
    const { kernel } = this;
    if (!kernel.slacActive) return;
    if (event === 'CarPluggedIn' || event === 'EFtoBCD') kernel.ports.send('slac', 'enter_bcd', {});
    if (event === 'BCDtoEF') kernel.ports.send('slac', 'leave_bcd', {});
    if (event !== 'CarUnplugged') return;
    kernel.ports.send('slac', 'leave_bcd', {});
    if (kernel.slacState !== 'UNMATCHED') kernel.ports.send('slac', 'reset', { enable: false });
  }

  #charger(event: PilotEvent): void {
    const { kernel } = this;
    const { memory, state } = kernel.charger;
    const nowMs = kernel.clock.monotonic();
    const callable = memory.hlcActive && memory.signal === 'X1';
    const resting = state === 'ChargingPausedEV' || state === 'StoppingCharging';
    switch (event) {
      case 'CarPluggedIn':
        memory.plugged = true;
        break;
      case 'CarUnplugged':
        memory.plugged = false;
        // Without a session there is nobody to leave: the end of a state F while idle must not hide the next vehicle.
        memory.carLeft = state !== 'Idle' && state !== 'Disabled';
        break;
      case 'CarRequestedPower':
        if (resting && callable) kernel.bcb = bcbPulseBegins(kernel.bcb, nowMs);
        break;
      case 'CarRequestedStopPower':
        if (resting && callable) kernel.bcb = bcbPulseEnds(kernel.bcb, nowMs);
        if (state === 'PrepareCharging') this.#evLeavesPreparation();
        break;
      case 'BCDtoE':
      case 'BCDtoEF':
      case 'EFtoBCD':
        break;
    }
  }

  /** The EV went back to B: begin again. */
  #evLeavesPreparation(): void {
    const { kernel } = this;
    kernel.bcb = NO_BCB_TOGGLE;
    if (kernel.dc) kernel.dcSession.supplyOff();
    kernel.charger.memory.hlcAllowsPower = false;
    kernel.charger.enter('ChargingPausedEVSE');
  }

  #hlc(event: PilotEvent): void {
    const { kernel } = this;
    if (event === 'CarUnplugged') kernel.hlc.forgetRequest();
    if (event !== 'CarPluggedIn') return;
    kernel.output.forget();
    if (!kernel.hlc.present) return;
    kernel.ports.send('hlc', 'reset_error', {});
    kernel.ports.send('hlc', 'ac_contactor_closed', { status: false });
    kernel.ports.send('hlc', 'stop_charging', { stop: false });
  }
}
