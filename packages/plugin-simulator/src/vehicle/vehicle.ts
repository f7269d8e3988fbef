// SPDX-License-Identifier: Apache-2.0
import type { Clock } from '@carabiner/clock';
import { currentOfDutyCycle, type ControlPilot, type PilotOutput } from '../plant/control-pilot.js';
import type { DcPlant } from '../plant/dc-plant.js';
import type { Condition } from './condition.js';
import {
  DcSession,
  type DcSessionOptions,
  type HlcInputs,
  type HlcReports,
  type SessionEnd,
} from './dc-session.js';
import type { SlacLink } from './slac-link.js';

/** Length of one pulse, and of the gap after it, when the vehicle wakes the charger (BCB toggle, ISO 15118-3). */
const BCB_PULSE_MS = 300;

/** What the vehicle draws from an AC outlet. */
export interface AcDemand {
  readonly currentA: number;
  readonly phases: number;
  /** Draws regardless of what the pilot allows. */
  readonly fixed: boolean;
}

/** A vehicle at the plug: pilot resistors, power line modem, V2G session, AC charger. */
export class Vehicle {
  #wantsSession = false;
  #session: { readonly session: DcSession; readonly abort: AbortController } | undefined;
  #acDemand: AcDemand | undefined;
  #lastEnd: SessionEnd | undefined;

  /** @param onSessionFault - told of an error in the session's own code, which must never happen */
  constructor(
    private readonly clock: Clock,
    private readonly condition: Condition,
    private readonly plant: DcPlant,
    private readonly pilot: ControlPilot,
    private readonly slac: SlacLink,
    private readonly inputs: HlcInputs,
    private readonly reports: HlcReports,
    private readonly sessionOptions: DcSessionOptions,
    private readonly onSessionFault: (error: unknown) => void,
  ) {}

  get plugged(): boolean {
    return this.pilot.vehicleState !== 'A';
  }

  /** True from the first message of a V2G session to its end. */
  get inSession(): boolean {
    return this.#session !== undefined;
  }

  /** True while DC energy may flow. */
  get charging(): boolean {
    return this.#session?.session.charging === true;
  }

  /** How the last V2G session ended. */
  get lastEnd(): SessionEnd | undefined {
    return this.#lastEnd;
  }

  /** Current per phase that the vehicle draws from an AC outlet when the relays are closed, and on how many phases. */
  get acDraw(): { readonly currentA: number; readonly phases: number } {
    const demand = this.#acDemand;
    if (demand === undefined || this.pilot.vehicleState !== 'C') return { currentA: 0, phases: 0 };
    if (demand.fixed) return demand;
    return { currentA: Math.min(demand.currentA, this.offeredAcCurrentA), phases: demand.phases };
  }

  /** What the pilot's duty cycle allows, A. */
  get offeredAcCurrentA(): number {
    const output = this.pilot.output;
    return output.kind === 'PWM' ? currentOfDutyCycle(output.dutyPercent) : 0;
  }

  plugIn(): void {
    this.pilot.setVehicle('B');
    this.#onOutput(this.pilot.output);
  }

  unplug(): void {
    this.#wantsSession = false;
    this.#acDemand = undefined;
    this.#abort('unplugged');
    this.pilot.setVehicle('A');
    this.slac.end();
    this.condition.notify();
  }

  /** Wants DC energy: a V2G session is begun now, and again whenever the link comes back. */
  startSession(): void {
    this.#wantsSession = true;
    this.#startIfLinked();
  }

  stopSession(): void {
    this.#wantsSession = false;
    if (this.#session !== undefined) this.#session.session.stopRequested = true;
    this.condition.notify();
  }

  pauseSession(): void {
    this.#wantsSession = false;
    if (this.#session !== undefined) this.#session.session.pauseRequested = true;
    this.condition.notify();
  }

  /** Wakes the charger with `count` pulses and wants energy again. */
  async wake(count: number, signal: AbortSignal): Promise<void> {
    this.#wantsSession = true;
    for (let i = 0; i < count; i++) {
      this.pilot.setVehicle('C');
      await this.clock.sleep(BCB_PULSE_MS, signal);
      this.pilot.setVehicle('B');
      await this.clock.sleep(BCB_PULSE_MS, signal);
    }
  }

  /** Draws AC power; with `fixed` false only as much as the pilot allows, and not at all while it allows nothing. */
  drawAc(demand: AcDemand | undefined): void {
    this.#acDemand = demand;
    this.#applyAcDemand();
  }

  /** The charger changed the pilot's output. */
  onPilotOutput(output: PilotOutput): void {
    this.#onOutput(output);
    this.#applyAcDemand();
    this.condition.notify();
  }

  /** The power line modems have matched, or lost each other. */
  onLink(ready: boolean): void {
    if (ready) this.#startIfLinked();
    this.condition.notify();
  }

  #onOutput(output: PilotOutput): void {
    if (!this.plugged) return;
    if (output.kind === 'PWM') {
      if (output.dutyPercent > 3 && output.dutyPercent < 7) this.slac.begin();
      return;
    }
    // Without oscillator the vehicle leaves a session that carries no energy yet (ISO 15118-3).
    if (this.#session !== undefined && !this.charging) this.#abort('control pilot lost');
    if (this.#session === undefined) this.slac.end();
  }

  #applyAcDemand(): void {
    const demand = this.#acDemand;
    if (demand === undefined || !this.plugged) return;
    const draw = demand.fixed || this.offeredAcCurrentA > 0;
    this.pilot.setVehicle(draw ? 'C' : 'B');
  }

  #startIfLinked(): void {
    if (!this.#wantsSession || this.#session !== undefined || !this.slac.ready || !this.plugged) return;
    const abort = new AbortController();
    Object.assign(this.inputs, { cableCheck: 'pending', stop: false, pause: false, emergency: false });
    const session = new DcSession(
      this.clock,
      this.condition,
      this.plant,
      this.inputs,
      this.reports,
      (state) => this.pilot.setVehicle(state),
      this.sessionOptions,
    );
    this.#session = { session, abort };
    session
      .run(abort.signal)
      .then(
        (end) => {
          this.#lastEnd = end;
          this.#ended(session);
          if (end === 'terminate' && session.stopRequested) this.#wantsSession = false;
        },
        (error: unknown) => {
          this.#ended(session);
          if (!abort.signal.aborted) this.onSessionFault(error);
        },
      )
      .catch(this.onSessionFault);
  }

  #ended(session: DcSession): void {
    if (this.#session?.session !== session) return;
    this.#session = undefined;
    this.slac.end();
    this.condition.notify();
  }

  #abort(reason: string): void {
    const current = this.#session;
    if (current === undefined) return;
    this.#session = undefined;
    current.abort.abort(new Error(reason));
    if (this.plant.contactorClosed) this.plant.setContactor(false);
    if (this.plugged && this.pilot.vehicleState !== 'B') this.pilot.setVehicle('B');
  }
}
