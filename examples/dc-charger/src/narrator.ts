// SPDX-License-Identifier: Apache-2.0
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import type { Powermeter } from '@carabiner/interfaces/types/powermeter';
import type { Charger } from './charger.js';
import { SESSION_STEPS, type Observation } from './observation.js';
import { PhaseClock } from './view/phases.js';
import type { View } from './view/view.js';

/** Phase that a session event begins. */
const EVENT_PHASES: Readonly<Partial<Record<SessionEvent['event'], string>>> = {
  AuthRequired: 'waiting for authorisation',
  PrepareCharging: 'preparing',
  ChargingStarted: 'charging',
  StoppingCharging: 'stopping',
  ChargingPausedEV: 'paused by the vehicle',
  ChargingPausedEVSE: 'paused by the charger',
  ChargingFinished: 'waiting for unplug',
};

/** Phase that a step of the vehicle's session begins. */
const STEP_PHASES: Readonly<Record<string, string>> = {
  start_cable_check: 'cable check',
  start_pre_charge: 'pre-charge',
};

/** Turns what a charger says into a story, and measures its phases. */
export class Narrator {
  readonly phases = new Map<string, PhaseClock>();
  readonly #soc = new Map<string, number>();
  readonly #energyAtStartWh = new Map<string, number>();
  readonly #startMs: number;
  readonly #stopListening: () => void;

  constructor(
    private readonly charger: Charger,
    private readonly view: View,
  ) {
    this.#startMs = charger.clock.monotonic();
    this.#stopListening = charger.listen((observation) => this.#tell(observation));
  }

  /** Tells what the scenario itself does. */
  action(text: string): void {
    this.view.happened({
      atMs: this.#nowMs,
      evse: undefined,
      kind: 'action',
      name: text,
      text: '',
      uuid: undefined,
    });
  }

  /** Tells nothing any more, for example while the charger is being stopped. */
  fallSilent(): void {
    this.#stopListening();
  }

  get #nowMs(): number {
    return this.charger.clock.monotonic() - this.#startMs;
  }

  #tell(observation: Observation): void {
    const atMs = this.#nowMs;
    switch (observation.kind) {
      case 'session':
        this.#session(observation.evse, observation.event, atMs);
        break;
      case 'step': {
        const phase = STEP_PHASES[observation.name];
        if (phase !== undefined) this.#phaseClock(observation.evse).enter(phase, atMs);
        this.view.happened({
          atMs,
          evse: observation.evse,
          kind: 'step',
          name: SESSION_STEPS[observation.name] ?? observation.name,
          text: '',
          uuid: undefined,
        });
        break;
      }
      case 'meter':
        this.#meter(observation.evse, observation.value, atMs);
        break;
      case 'soc':
        this.#soc.set(observation.evse, observation.percent);
        break;
      case 'error':
        this.view.happened({
          atMs,
          evse: observation.error.origin.module_id,
          kind: observation.error.state === 'Active' ? 'error' : 'cleared',
          name: observation.error.type,
          text: observation.error.message,
          uuid: undefined,
        });
        break;
      case 'module':
        if (observation.state === 'failed') {
          this.view.happened({
            atMs,
            evse: observation.moduleId,
            kind: 'error',
            name: `module ${observation.state}`,
            text: observation.reason ?? '',
            uuid: undefined,
          });
        }
        break;
    }
  }

  #session(evse: string, event: SessionEvent, atMs: number): void {
    const phases = this.#phaseClock(evse);
    const phase = EVENT_PHASES[event.event];
    if (phase !== undefined) phases.enter(phase, atMs);
    if (event.event === 'SessionFinished') phases.end(atMs);
    if (event.event === 'SessionStarted') this.#energyAtStartWh.delete(evse);
    this.view.happened({
      atMs,
      evse,
      kind: 'event',
      name: event.event,
      text: detail(event),
      uuid: event.uuid,
    });
  }

  #meter(evse: string, value: Powermeter, atMs: number): void {
    const totalWh = value.energy_Wh_import.total;
    const startWh = this.#energyAtStartWh.get(evse) ?? totalWh;
    this.#energyAtStartWh.set(evse, startWh);
    this.view.reading(evse, atMs, {
      voltageV: value.voltage_V?.DC ?? 0,
      currentA: value.current_A?.DC ?? 0,
      energyKwh: (totalWh - startWh) / 1000,
      socPercent: this.#soc.get(evse),
    });
  }

  #phaseClock(evse: string): PhaseClock {
    let clock = this.phases.get(evse);
    if (clock === undefined) {
      clock = new PhaseClock();
      this.phases.set(evse, clock);
    }
    return clock;
  }
}

function detail(event: SessionEvent): string {
  if (event.transaction_finished?.reason !== undefined) return event.transaction_finished.reason;
  if (event.session_started !== undefined) return event.session_started.reason;
  if (event.charging_paused_evse !== undefined) return event.charging_paused_evse.reasons.join(', ');
  if (event.transaction_started !== undefined)
    return `token ${event.transaction_started.id_tag.id_token.value}`;
  return '';
}
