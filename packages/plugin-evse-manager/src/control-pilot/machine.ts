// SPDX-License-Identifier: Apache-2.0
import type { CpState, PowerOnReason } from '../interface-types.js';

/** Abstract events of the control pilot, as the charger machine sees them. */
export type PilotEvent =
  | 'CarPluggedIn'
  | 'CarRequestedPower'
  | 'CarRequestedStopPower'
  | 'CarUnplugged'
  | 'BCDtoEF'
  | 'BCDtoE'
  | 'EFtoBCD';

/** What the pilot machine asks for. */
export type PilotOutput =
  | { readonly type: 'pwm'; readonly percent: number }
  | { readonly type: 'x1' }
  | { readonly type: 'f' }
  | { readonly type: 'relayPermission'; readonly on: boolean; readonly reason: PowerOnReason }
  | { readonly type: 'lock' }
  | { readonly type: 'unlock' }
  | { readonly type: 'event'; readonly event: PilotEvent };

/** What happens to the pilot machine. */
export type PilotInput =
  | { readonly type: 'enable' }
  | { readonly type: 'disable' }
  | { readonly type: 'level'; readonly level: CpState | 'Disconnected' }
  | { readonly type: 'relays'; readonly closed: boolean }
  | { readonly type: 'pwm'; readonly percent: number }
  | { readonly type: 'x1' }
  | { readonly type: 'f' }
  | { readonly type: 'permit'; readonly reason: PowerOnReason }
  | { readonly type: 'forbid' }
  | { readonly type: 'authorised'; readonly value: boolean }
  | { readonly type: 'forceUnlock' }
  | { readonly type: 'time' };

/** Options of the pilot machine. */
export interface PilotConfig {
  readonly hasVentilation: boolean;
  readonly lockInStateB: boolean;
  readonly unlockWhenDeauthorised: boolean;
}

/** All that the pilot machine remembers. */
export interface PilotState {
  readonly enabled: boolean;
  /** Level seen last; `Disabled` before the first one and after a history was forgotten. */
  readonly level: CpState | 'Disabled';
  readonly carKnown: boolean;
  /** The EV went from A to C without a stop in B. */
  readonly simplified: boolean;
  readonly pwmRunning: boolean;
  readonly permitted: boolean;
  readonly reason: PowerOnReason;
  readonly relaysClosed: boolean;
  readonly lockWanted: boolean;
  readonly forceUnlocked: boolean;
  readonly authorised: boolean;
  readonly locked: boolean;
  /** When relays are opened under load because PWM stays off in state C, in ms of the monotonic clock. */
  readonly c1DeadlineMs: number | undefined;
  /** That time is over; the relays stay open until PWM runs again. */
  readonly c1Elapsed: boolean;
  /** When the connector is released in state F. */
  readonly unlockDeadlineMs: number | undefined;
}

/** PWM may be off in state C for so long before the relays open under load (IEC 61851-1 sequence 10.2). */
export const C1_TIMEOUT_MS = 6000;
/** Time in state F before the connector is released. */
export const F_UNLOCK_MS = 5000;

export const INITIAL_PILOT_STATE: PilotState = {
  enabled: false,
  level: 'Disabled',
  carKnown: false,
  simplified: false,
  pwmRunning: false,
  permitted: false,
  reason: 'PowerOff',
  relaysClosed: false,
  lockWanted: false,
  forceUnlocked: false,
  authorised: false,
  locked: false,
  c1DeadlineMs: undefined,
  c1Elapsed: false,
  unlockDeadlineMs: undefined,
};

/** Result of one step. */
export interface PilotStep {
  readonly state: PilotState;
  readonly outputs: readonly PilotOutput[];
}

type Draft = { -readonly [K in keyof PilotState]: PilotState[K] };

class Step {
  readonly next: Draft;
  readonly outputs: PilotOutput[] = [];

  constructor(
    readonly before: PilotState,
    readonly config: PilotConfig,
    readonly nowMs: number,
  ) {
    this.next = { ...before };
  }

  emit(event: PilotEvent): void {
    this.outputs.push({ type: 'event', event });
  }

  x1(): void {
    this.next.pwmRunning = false;
    this.outputs.push({ type: 'x1' });
  }

  forbid(): void {
    this.next.permitted = false;
    this.next.reason = 'PowerOff';
    this.outputs.push({ type: 'relayPermission', on: false, reason: 'PowerOff' });
  }

  grant(): void {
    this.outputs.push({ type: 'relayPermission', on: true, reason: this.next.reason });
  }

  stopC1Timer(): void {
    this.next.c1DeadlineMs = undefined;
    this.next.c1Elapsed = false;
  }

  release(): void {
    this.next.lockWanted = false;
    this.next.forceUnlocked = false;
  }

  carArrives(): void {
    this.next.carKnown = true;
    this.emit('CarPluggedIn');
  }
}

/** The level with "D is not served" told apart from "D is served like C". */
function powerLevel(level: PilotState['level'], config: PilotConfig): 'C' | 'other' {
  return level === 'C' || (level === 'D' && config.hasVentilation) ? 'C' : 'other';
}

/** True when the EV asks for power: C, or D where ventilation is served. */
export function requestsPower(state: PilotState, config: PilotConfig): boolean {
  return state.enabled && powerLevel(state.level, config) === 'C';
}

function isConnected(level: PilotState['level']): boolean {
  return level === 'B' || level === 'C' || level === 'D';
}

const byLevel: Record<PilotState['level'], (step: Step, changed: boolean) => void> = {
  Disabled(step) {
    step.x1();
    step.forbid();
    step.release();
    step.stopC1Timer();
  },
  A(step, changed) {
    if (!changed) return;
    step.x1();
    step.next.carKnown = false;
    step.next.simplified = false;
    step.forbid();
    step.stopC1Timer();
    step.release();
    if (step.before.level !== 'Disabled') step.emit('CarUnplugged');
  },
  B(step, changed) {
    step.next.lockWanted = step.config.lockInStateB;
    if (!changed) return;
    const from = step.before.level;
    if (from !== 'A') {
      step.forbid();
      step.stopC1Timer();
      step.emit('CarRequestedStopPower');
    }
    if (from === 'A' || from === 'Disabled' || (from === 'F' && !step.before.carKnown)) step.carArrives();
    if (from === 'E' || from === 'F') step.emit('EFtoBCD');
  },
  C(step, changed) {
    step.next.lockWanted = true;
    const { before, next } = step;
    const from = before.level;
    const fromB = changed && from === 'B';
    if (changed && (from === 'A' || from === 'Disabled' || (from === 'F' && !before.carKnown))) {
      next.simplified = true;
      step.carArrives();
    }
    if (fromB) step.emit('CarRequestedPower');
    const pwmOn = next.pwmRunning && !before.pwmRunning;
    if (next.c1Elapsed) step.forbid();
    if (!next.pwmRunning && before.pwmRunning) next.c1DeadlineMs = step.nowMs + C1_TIMEOUT_MS;
    if (pwmOn) step.stopC1Timer();
    const granted = next.permitted && (!before.permitted || fromB || pwmOn);
    if (granted && next.pwmRunning) step.grant();
    if (next.simplified && pwmOn) step.emit('CarRequestedPower');
  },
  D(step, changed) {
    if (powerLevel('D', step.config) === 'C') {
      byLevel.C(step, changed);
      return;
    }
    step.next.lockWanted = true;
    step.forbid();
    step.stopC1Timer();
  },
  E(step, changed) {
    step.release();
    if (!changed) return;
    step.forbid();
    step.x1();
    if (!isConnected(step.before.level)) return;
    step.emit('BCDtoEF');
    step.emit('BCDtoE');
  },
  F(step, changed) {
    step.forbid();
    step.stopC1Timer();
    if (changed) {
      step.next.unlockDeadlineMs = step.nowMs + F_UNLOCK_MS;
      if (isConnected(step.before.level)) step.emit('BCDtoEF');
    }
    if (step.next.unlockDeadlineMs !== undefined && step.nowMs >= step.next.unlockDeadlineMs) {
      step.next.unlockDeadlineMs = undefined;
      step.release();
    }
  },
};

function applyLock(step: Step): void {
  const { next, config } = step;
  const authorised = !config.unlockWhenDeauthorised || next.authorised;
  const locked = next.relaysClosed || (next.lockWanted && !next.forceUnlocked && authorised);
  if (locked === next.locked) return;
  next.locked = locked;
  step.outputs.push({ type: locked ? 'lock' : 'unlock' });
}

function evaluate(step: Step): void {
  if (!step.next.enabled) return;
  const changed = step.next.level !== step.before.level;
  if (changed) step.next.unlockDeadlineMs = undefined;
  byLevel[step.next.level](step, changed);
}

function setOutput(step: Step, input: PilotInput & { type: 'pwm' | 'x1' | 'f' }): void {
  if (input.type === 'pwm') {
    step.next.pwmRunning = input.percent > 0 && input.percent < 100;
    step.outputs.push({ type: 'pwm', percent: input.percent });
  } else {
    step.next.pwmRunning = false;
    step.outputs.push({ type: input.type });
  }
  if (step.next.level !== 'Disabled') evaluate(step);
}

function forceUnlock(step: Step): void {
  const { next } = step;
  if (isConnected(next.level)) next.forceUnlocked = true;
  else next.lockWanted = false;
  if (!next.relaysClosed) {
    next.locked = false;
    step.outputs.push({ type: 'unlock' });
  }
}

function passTime(step: Step): void {
  const { next, nowMs } = step;
  const c1 = next.c1DeadlineMs !== undefined && nowMs >= next.c1DeadlineMs;
  if (c1) {
    next.c1DeadlineMs = undefined;
    next.c1Elapsed = true;
  }
  const unlock = next.unlockDeadlineMs !== undefined && nowMs >= next.unlockDeadlineMs;
  if (c1 || unlock) evaluate(step);
}

/**
 * One step of the control pilot machine of IEC 61851-1. Pure: the same state and input always give the same outputs.
 *
 * @param nowMs - monotonic time
 */
export function stepPilot(
  state: PilotState,
  input: PilotInput,
  config: PilotConfig,
  nowMs: number,
): PilotStep {
  const step = new Step(state, config, nowMs);
  const { next } = step;
  switch (input.type) {
    case 'enable':
      next.enabled = true;
      break;
    case 'disable':
      next.enabled = false;
      // What happens now is not seen; a vehicle that is there when the EVSE is enabled again counts as new.
      if (next.level !== 'A') next.level = 'Disabled';
      next.carKnown = false;
      next.simplified = false;
      next.permitted = false;
      next.reason = 'PowerOff';
      step.stopC1Timer();
      next.unlockDeadlineMs = undefined;
      break;
    case 'level':
      if (!next.enabled) break;
      next.level = input.level === 'Disconnected' ? 'Disabled' : input.level;
      evaluate(step);
      break;
    case 'relays':
      next.relaysClosed = input.closed;
      break;
    case 'pwm':
    case 'x1':
    case 'f':
      setOutput(step, input);
      break;
    case 'permit':
      next.permitted = true;
      next.reason = input.reason;
      if (next.level !== 'Disabled') evaluate(step);
      break;
    case 'forbid':
      step.forbid();
      break;
    case 'authorised':
      next.authorised = input.value;
      break;
    case 'forceUnlock':
      forceUnlock(step);
      break;
    case 'time':
      passTime(step);
      break;
  }
  applyLock(step);
  return { state: next, outputs: step.outputs };
}
