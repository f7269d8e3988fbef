// SPDX-License-Identifier: Apache-2.0
import { CHARGER_TABLE, type ChargerEffect, type StepReturn } from './table.js';
import type { ChargerState, ChargerView, LinkEnd, PilotSignal } from './view.js';

/** What the charger machine remembers besides its state. */
export interface ChargerMemory {
  signal: PilotSignal;
  /** What was shown before a control pilot step. */
  signalBefore: PilotSignal;
  /** Stages that follow the control pilot step, next one last. */
  returns: StepReturn[];
  plugged: boolean;
  /** The vehicle was away since the session began; it has to end before another one begins. */
  carLeft: boolean;
  disableRequested: boolean;
  hlcActive: boolean;
  hlcAllowsPower: boolean;
  chargeLoop: boolean;
  v2gSetUp: boolean;
  d20: boolean;
  linkEnd: LinkEnd;
  wokenUp: boolean;
  settling: boolean;
}

/** How the machine is evaluated. */
export interface ChargerPorts {
  now(): number;
  view(): ChargerView;
  perform(effect: ChargerEffect): void;
  entered(state: ChargerState): void;
}

/** More steps than this in one evaluation can only be a loop in the table. */
const MOST_STEPS = 32;

/** Runs the charger table: entry effects on arrival, standing effects and transitions on each evaluation. */
export class Charger {
  readonly memory: ChargerMemory = {
    signal: 'X1',
    signalBefore: 'X1',
    returns: [],
    plugged: false,
    carLeft: false,
    disableRequested: false,
    hlcActive: false,
    hlcAllowsPower: false,
    chargeLoop: false,
    v2gSetUp: false,
    d20: false,
    linkEnd: 'unknown',
    wokenUp: false,
    settling: false,
  };
  #state: ChargerState = 'Idle';
  #enteredMs = 0;

  constructor(private readonly ports: ChargerPorts) {}

  get state(): ChargerState {
    return this.#state;
  }

  get inStateMs(): number {
    return this.ports.now() - this.#enteredMs;
  }

  /** Enters a state whatever the table says, with its entry effects. */
  enter(state: ChargerState): void {
    this.#state = state;
    this.#enteredMs = this.ports.now();
    this.ports.entered(state);
    for (const effect of CHARGER_TABLE[state].entry(this.ports.view())) this.ports.perform(effect);
  }

  /** Enters a control pilot step that is followed by `returns`, last stage first. */
  step(first: 'StepEF' | 'StepX1', returns: readonly StepReturn[]): void {
    const { memory } = this;
    const walking = this.#state === 'StepEF' || this.#state === 'StepX1';
    if (!walking) memory.signalBefore = memory.signal;
    memory.returns = [...returns];
    this.enter(first);
  }

  /** Goes through the table until nothing changes any more. */
  evaluate(): void {
    for (let steps = 0; steps < MOST_STEPS; steps += 1) {
      const definition = CHARGER_TABLE[this.#state];
      for (const effect of definition.always?.(this.ports.view()) ?? []) this.ports.perform(effect);
      const view = this.ports.view();
      const row = definition.transitions.find((transition) => transition.guard(view));
      if (row === undefined) return;
      if (row.to !== 'return') for (const effect of row.effects ?? []) this.ports.perform(effect);
      if (row.to === 'return')
        this.#leaveStep(row.effects ?? [], row.effects?.includes('restoreSignal') === true);
      else if (row.to === 'StepEF' || row.to === 'StepX1') this.step(row.to, row.returns ?? []);
      else this.enter(row.to);
    }
    throw new Error(`charger machine does not settle in ${this.#state}`);
  }

  /** A step that was abandoned goes straight to its last stage. */
  #leaveStep(effects: readonly ChargerEffect[], complete: boolean): void {
    const { returns } = this.memory;
    const next = complete ? returns.pop() : returns[0];
    if (!complete) this.memory.returns = [];
    if (next === undefined) {
      this.enter('WaitingForAuthentication');
      return;
    }
    if (complete && next.signal === 'X1') this.memory.signalBefore = 'X1';
    if (complete && next.signal === 'nominal') this.memory.signalBefore = 'nominal';
    for (const effect of effects) this.ports.perform(effect);
    this.enter(next.to);
  }
}
