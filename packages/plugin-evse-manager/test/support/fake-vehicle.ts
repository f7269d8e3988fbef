// SPDX-License-Identifier: Apache-2.0
import type { ChargerBench } from './charger-bench.js';

/** A DC vehicle with the communication stack in front of it, as in the recordings. */
export class FakeVehicle {
  /** Every session has a number; what an ended one had in mind does not happen any more. */
  #session = 0;
  #phase: 'none' | 'matching' | 'authorising' | 'preparing' | 'loop' | 'ended' = 'none';
  #invited = false;

  constructor(private readonly bench: ChargerBench) {}

  get phase(): string {
    return this.#phase;
  }

  /** 5 % appeared on the control pilot. */
  invited(): void {
    const { bench } = this;
    this.#invited = true;
    if (bench.cp !== 'B' || !bench.has('slac')) return;
    if (this.#phase !== 'none' && this.#phase !== 'ended') return;
    this.#begin();
  }

  /** X1 or F appeared. */
  uninvited(): void {
    this.#invited = false;
    if (this.#phase === 'matching' || this.#phase === 'authorising') this.#forget('ended');
  }

  unplugged(): void {
    this.#forget('none');
  }

  linkReady(): void {
    if (!this.bench.behaviour.vehicle) return;
    this.#in(50, () => this.bench.publish('hlc', 'evcc_id', 'AA:BB:CC:DD:EE:FF'));
    this.#in(150, () => {
      this.#phase = 'authorising';
      if (!this.bench.behaviour.requestsAuth) return;
      if (this.bench.behaviour.contract) {
        this.bench.publish('hlc', 'require_auth_pnc', {
          id_token: { value: 'DEEMA123456789', type: 'eMAID' },
          authorization_type: 'PlugAndCharge',
        });
      } else {
        this.bench.publish('hlc', 'require_auth_eim', null);
      }
    });
  }

  authorised(accepted: boolean): void {
    const { bench } = this;
    if (!accepted || !bench.behaviour.vehicle || !bench.behaviour.startsAfterAuth) return;
    this.#in(100, () => {
      this.#phase = 'preparing';
      const { voltage, current, power } = bench.behaviour.evMaximum;
      bench.publish('hlc', 'dc_ev_maximum_limits', {
        dc_ev_maximum_current_limit: current,
        dc_ev_maximum_power_limit: power,
        ...(voltage === undefined ? {} : { dc_ev_maximum_voltage_limit: voltage }),
      });
      bench.publish('hlc', 'dc_ev_status', {
        dc_ev_ready: true,
        dc_ev_error_code: 'NO_ERROR',
        dc_ev_ress_soc: 50,
      });
    });
    this.#in(150, () => bench.setCp('C'));
    this.#in(200, () => bench.publish('hlc', 'start_cable_check', null));
  }

  cableChecked(ok: boolean): void {
    const { bench } = this;
    if (this.#phase !== 'preparing') return;
    if (!ok) {
      if (bench.behaviour.endsAfterFailure) this.#in(300, () => this.#end('dlink_error'));
      return;
    }
    this.#in(50, () => bench.publish('hlc', 'start_pre_charge', null));
    this.#in(80, () => this.target(...bench.behaviour.targets.precharge));
    this.#in(480, () => this.#precharged());
  }

  /** EVSE or stack ask for the end of the session. */
  stopRequested(): void {
    if (!this.bench.behaviour.obeysStop || this.#phase === 'none' || this.#phase === 'ended') return;
    this.#in(200, () => this.#end(this.bench.behaviour.linkEnd));
  }

  /** The vehicle ends the session by itself. */
  stops(end: 'dlink_terminate' | 'dlink_error' | 'dlink_pause' = 'dlink_terminate'): void {
    this.#end(end);
  }

  target(voltage: number, current: number): void {
    this.bench.publish('hlc', 'dc_ev_target_voltage_current', {
      dc_ev_target_voltage: voltage,
      dc_ev_target_current: current,
    });
  }

  #begin(): void {
    const { bench } = this;
    this.#forget('matching');
    this.#in(100, () => bench.publish('slac', 'state', 'MATCHING'));
    this.#in(200, () => bench.publish('slac', 'state', 'MATCHED'));
    this.#in(250, () => bench.publish('slac', 'dlink_ready', true));
  }

  #precharged(): void {
    const { bench } = this;
    const [wanted] = bench.behaviour.targets.precharge;
    if (Math.abs(bench.supplyVoltage - wanted) > 20) {
      this.#in(100, () => this.#precharged());
      return;
    }
    this.#phase = 'loop';
    bench.publish('hlc', 'v2g_setup_finished', null);
    bench.publish('hlc', 'current_demand_started', null);
    this.#in(100, () => this.target(...bench.behaviour.targets.charge));
  }

  #end(end: 'dlink_terminate' | 'dlink_error' | 'dlink_pause'): void {
    const { bench } = this;
    const inLoop = this.#phase === 'loop';
    this.#forget('ended');
    if (inLoop) bench.publish('hlc', 'current_demand_finished', null);
    this.#in(100, () => {
      if (inLoop) bench.publish('hlc', 'dc_open_contactor', null);
    });
    this.#in(200, () => {
      if (bench.cp !== 'A') bench.setCp('B');
    });
    this.#in(350, () => {
      bench.publish('hlc', end, null);
      if (this.#invited) this.invited();
    });
  }

  #forget(phase: 'none' | 'matching' | 'ended'): void {
    this.#session += 1;
    this.#phase = phase;
  }

  #in(ms: number, task: () => void): void {
    const session = this.#session;
    this.bench.after(ms, () => {
      if (session === this.#session) task();
    });
  }
}
