// SPDX-License-Identifier: Apache-2.0
import type { ChargerState, ChargerView } from './view.js';

/** Session events without a payload of their own, and those whose payload the executor adds. */
export type TableEvent =
  | 'AuthRequired'
  | 'PrepareCharging'
  | 'ChargingStarted'
  | 'ChargingPausedEV'
  | 'StoppingCharging'
  | 'SwitchingPhases'
  | 'Disabled';

/** What a state asks for. Names, not functions: the executor gives them their meaning. */
export type ChargerEffect =
  | `event:${TableEvent}`
  | 'announcePause'
  | 'boardOff'
  | 'clearCableCheckError'
  | 'clearOwnErrors'
  | 'commitPhases'
  | 'contactorFault'
  | 'endReservation'
  | 'endSession'
  | 'faultPulse'
  | 'five'
  | 'followLimit'
  | 'forbidRelays'
  | 'forgetHlcPermission'
  | 'forgetLinkEnd'
  | 'forgetPauseReasons'
  | 'forgetWakeUp'
  | 'hardStop'
  | 'hlcPause'
  | 'hlcStop'
  | 'idleSignal'
  | 'markWokenUp'
  | 'noEnergyPause'
  | 'noEnergyPauseOnce'
  | 'nominal'
  | 'overCurrentCheck'
  | 'permitCableCheck'
  | 'permitFullPower'
  | 'phaseSwitchSignal'
  | 'priorityEnergyRequest'
  | 'resetBcb'
  | 'resetSession'
  | 'restoreSignal'
  | 'settleThenFive'
  | 'slacEnterBcd'
  | 'slacReset'
  | 'startSession'
  | 'startTransaction'
  | 'stepF'
  | 'stepTail'
  | 'stepX1'
  | 'stopTransaction'
  | 'supplyOff'
  | 'supplyOffIfOn'
  | 'x1';

/** Where a control pilot step returns to and what it leaves on the control pilot. */
export interface StepReturn {
  readonly to: ChargerState;
  readonly signal: 'nominal' | 'before' | 'X1';
}

/** One row of the table. The first row of a state whose guard holds is taken. */
export interface Transition {
  /** Words for the diagram. */
  readonly when: string;
  readonly guard: (v: ChargerView) => boolean;
  /** `return` is the state that the control pilot step was entered for. */
  readonly to: ChargerState | 'return';
  readonly effects?: readonly ChargerEffect[];
  /** For transitions into a control pilot step: where it goes, last stage first. */
  readonly returns?: readonly StepReturn[];
}

export interface StateDefinition {
  /** On arrival. */
  readonly entry: (v: ChargerView) => readonly ChargerEffect[];
  /** On every evaluation, before the transitions. */
  readonly always?: (v: ChargerView) => readonly ChargerEffect[];
  readonly transitions: readonly Transition[];
}

/** Times of the charger machine in ms. */
export const CHARGER_TIMES = {
  legacyWakeUp: 30_000,
  afterWakeUp: 10_000,
  hlcFallback: 10_000,
  hardStop: 20_000,
  /** For relays to open once their permission is taken away. */
  relaysOpen: 2000,
  stepF: 4000,
  stepTail: 750,
  stepX1: 3000,
} as const;

const sessionEnds = (v: ChargerView): boolean =>
  !v.authorised || v.transaction !== 'active' || !v.plugged || v.disableRequested;

const when = (effect: ChargerEffect, holds: boolean): readonly ChargerEffect[] => (holds ? [effect] : []);

const digitalNow = (v: ChargerView): boolean => v.dc || v.hlcActive || v.signal === 'five';

/** Everything is there to begin: authorised, meter running, energy waited for. */
const transactionPossible = (v: ChargerView): boolean =>
  v.authorised &&
  !v.settling &&
  !(!v.dc && v.cableRatingMissing) &&
  (!v.dc || v.power || v.inStateMs >= v.settleEnergyMs);

const begun = (v: ChargerView): boolean => transactionPossible(v) && v.transaction === 'active';

const lacksEnergy = (v: ChargerView): boolean => {
  if (v.power) return false;
  return digitalNow(v) ? v.withoutPowerMs >= v.withoutPowerLimitMs : true;
};

const abandonStep = (v: ChargerView): boolean => v.fatal || !v.plugged || v.disableRequested;

const acPrepare = (
  when: string,
  guard: (v: ChargerView) => boolean,
  step?: 'StepEF' | 'StepX1',
): Transition => ({
  when,
  guard: (v) => !v.dc && begun(v) && guard(v),
  to: step ?? 'PrepareCharging',
  ...(step === undefined ? {} : { returns: [{ to: 'PrepareCharging', signal: 'nominal' }] }),
});

/** The charger machine. */
export const CHARGER_TABLE: { readonly [S in ChargerState]: StateDefinition } = {
  Disabled: {
    entry: () => ['stepF', 'boardOff', 'event:Disabled', 'endReservation'],
    transitions: [{ when: 'enabled', guard: (v) => !v.disableRequested, to: 'Idle' }],
  },

  Idle: {
    entry: () => ['resetSession', 'x1', 'clearOwnErrors'],
    always: () => ['idleSignal'],
    transitions: [
      { when: 'disabled', guard: (v) => v.disableRequested, to: 'Disabled', effects: ['endSession'] },
      { when: 'plugged in', guard: (v) => v.plugged, to: 'WaitingForAuthentication' },
    ],
  },

  WaitingForAuthentication: {
    entry: (v) => [
      'forbidRelays',
      'priorityEnergyRequest',
      'startSession',
      'event:AuthRequired',
      ...when('settleThenFive', v.digital),
    ],
    always: (v) => [
      ...when('startTransaction', transactionPossible(v) && v.transaction === 'none'),
      ...when('noEnergyPauseOnce', v.dc && !v.power && v.inStateMs >= v.settleEnergyMs),
    ],
    transitions: [
      { when: 'blocking error', guard: (v) => v.fatal, to: 'Finished', effects: ['slacReset'] },
      { when: 'unplugged', guard: (v) => !v.plugged, to: 'Finished' },
      { when: 'disabled', guard: (v) => v.disableRequested, to: 'Finished' },
      {
        when: 'live transaction lost its authorisation',
        guard: (v) => v.transaction === 'active' && !v.authorised,
        to: 'Finished',
      },
      { when: 'DC: authorised, meter started', guard: (v) => v.dc && begun(v), to: 'PrepareCharging' },
      acPrepare('AC: authorised, meter started', (v) => !v.acHlc),
      acPrepare('AC: charge loop entered', (v) => v.signal === 'five' && v.v2gSetUp),
      acPrepare(
        'AC: plug and charge without charge loop for 10 s',
        (v) => v.plugAndCharge && v.sinceTransactionMs >= CHARGER_TIMES.hlcFallback,
        'StepEF',
      ),
      acPrepare('AC: 5 % enforced', (v) => !v.plugAndCharge && v.enforceHlc),
      acPrepare(
        'AC: no SLAC at 5 %',
        (v) => !v.plugAndCharge && !v.slacStarted && v.signal === 'five',
        'StepEF',
      ),
      acPrepare('AC: at X1', (v) => !v.plugAndCharge && v.signal !== 'five'),
      acPrepare(
        'AC: no charge loop for 10 s',
        (v) => !v.plugAndCharge && v.slacStarted && v.sinceTransactionMs >= CHARGER_TIMES.hlcFallback,
        'StepX1',
      ),
    ],
  },

  PrepareCharging: {
    entry: (v) => ['event:PrepareCharging', 'resetBcb', ...when('noEnergyPause', v.dc && !v.power)],
    always: (v) => [
      ...when('permitCableCheck', v.dc && v.hlcAllowsPower && v.evRequestsPower),
      ...(v.plugged ? ([digitalNow(v) ? 'five' : 'nominal'] as const) : []),
    ],
    transitions: [
      {
        when: 'blocking error, end of session or pause',
        guard: (v) => v.fatal || v.userPause || sessionEnds(v),
        to: 'StoppingCharging',
      },
      {
        when: 'DC: charge loop entered',
        guard: (v) => v.dc && v.chargeLoop && v.relaysClosed,
        to: 'Charging',
      },
      {
        when: 'AC: EV requests power',
        guard: (v) => !v.dc && v.evRequestsPower && (v.signal === 'five' ? v.hlcAllowsPower : v.power),
        to: 'Charging',
      },
      {
        when: 'AC: EV asleep for 30 s',
        guard: (v) => !v.dc && !v.hlcActive && !v.wokenUp && v.withPowerMs > CHARGER_TIMES.legacyWakeUp,
        to: 'StepEF',
        effects: ['markWokenUp'],
        returns: [{ to: 'PrepareCharging', signal: 'nominal' }],
      },
      {
        when: 'AC: still asleep after 10 s',
        guard: (v) => !v.dc && !v.hlcActive && v.wokenUp && v.withPowerMs > CHARGER_TIMES.afterWakeUp,
        to: 'ChargingPausedEV',
      },
    ],
  },

  Charging: {
    entry: (v) => [
      'event:ChargingStarted',
      'forgetLinkEnd',
      ...when('permitFullPower', !v.dc),
      ...when('nominal', !digitalNow(v)),
    ],
    always: (v) => (v.dc || !v.plugged ? [] : ['overCurrentCheck', ...when('followLimit', !digitalNow(v))]),
    transitions: [
      {
        when: 'blocking error, end of session, pause or EV in B',
        guard: (v) => v.fatal || v.userPause || !v.evRequestsPower || sessionEnds(v),
        to: 'StoppingCharging',
      },
      { when: 'no energy', guard: lacksEnergy, to: 'StoppingCharging' },
      { when: 'DC: link ended', guard: (v) => v.dc && v.linkEnd !== 'unknown', to: 'StoppingCharging' },
    ],
  },

  StoppingCharging: {
    entry: (v) => [
      'event:StoppingCharging',
      'resetBcb',
      'forgetWakeUp',
      'forgetHlcPermission',
      ...when('supplyOffIfOn', !v.chargeLoop),
      v.hlcActive ? (v.d20 && v.userPause ? 'hlcPause' : 'hlcStop') : 'x1',
    ],
    always: (v) => [
      ...when('hardStop', v.inStateMs > CHARGER_TIMES.hardStop),
      ...when(
        'contactorFault',
        v.relaysClosed && v.inStateMs > CHARGER_TIMES.hardStop + CHARGER_TIMES.relaysOpen,
      ),
    ],
    transitions: [
      { when: 'relays open, session ends', guard: (v) => !v.relaysClosed && sessionEnds(v), to: 'Finished' },
      {
        when: 'relays open, EVSE cannot go on',
        guard: (v) => !v.relaysClosed && (!v.power || v.userPause || v.fatal),
        to: 'ChargingPausedEVSE',
      },
      { when: 'relays open', guard: (v) => !v.relaysClosed, to: 'ChargingPausedEV' },
    ],
  },

  ChargingPausedEV: {
    entry: () => ['event:ChargingPausedEV'],
    always: (v) => {
      if (v.hlcActive) return v.linkEnd !== 'unknown' && v.signal === 'five' ? ['x1'] : [];
      return v.dc || !v.plugged ? [] : ['overCurrentCheck', 'followLimit'];
    },
    transitions: [
      { when: 'session ends', guard: sessionEnds, to: 'StoppingCharging' },
      { when: 'EV calls (BCB toggle)', guard: (v) => v.hlcActive && v.bcbComplete, to: 'PrepareCharging' },
      { when: 'no energy', guard: (v) => !v.hlcActive && !v.power, to: 'ChargingPausedEVSE' },
      {
        when: 'AC: EV requests power',
        guard: (v) => !v.dc && !v.hlcActive && v.evRequestsPower,
        to: 'PrepareCharging',
      },
    ],
  },

  ChargingPausedEVSE: {
    entry: (v) => [
      ...when('x1', !(v.hlcActive && v.transaction === 'active')),
      'forgetPauseReasons',
      ...when('faultPulse', v.fatal && !digitalNow(v)),
    ],
    always: () => ['announcePause', 'clearCableCheckError'],
    transitions: [
      { when: 'session ends', guard: sessionEnds, to: 'StoppingCharging' },
      {
        when: 'no reason left',
        guard: (v) => v.pauseReasons.length === 0 && v.linkEnd !== 'pause',
        to: 'PrepareCharging',
        effects: ['slacEnterBcd'],
      },
      { when: 'no reason left, EV paused', guard: (v) => v.pauseReasons.length === 0, to: 'PrepareCharging' },
    ],
  },

  Finished: {
    entry: () => ['supplyOff', 'forbidRelays', 'priorityEnergyRequest'],
    always: (v) => [
      // The meter counts until the relays are open; a broken link leads here before they are.
      ...when('stopTransaction', v.transaction === 'active' && !v.relaysClosed),
      ...when('contactorFault', v.relaysClosed && v.inStateMs > CHARGER_TIMES.relaysOpen),
      // In F the board does not see whether the vehicle leaves.
      ...when('x1', v.signal === 'F' && !v.fatal),
    ],
    transitions: [
      {
        when: 'disabled, transaction closed',
        guard: (v) => v.disableRequested && v.transaction === 'none',
        to: 'Disabled',
        effects: ['endSession'],
      },
      {
        when: 'unplugged, transaction closed',
        guard: (v) => !v.plugged && v.transaction === 'none',
        to: 'Idle',
        effects: ['endSession'],
      },
    ],
  },

  StepEF: {
    entry: () => ['stepF'],
    always: (v) => (v.inStateMs >= CHARGER_TIMES.stepF ? ['stepTail'] : []),
    transitions: [
      {
        when: 'blocking error, unplugged or disabled',
        guard: abandonStep,
        to: 'return',
        effects: ['stepX1'],
      },
      {
        when: 'F for 4 s, X1 for 750 ms',
        guard: (v) => v.inStateMs >= CHARGER_TIMES.stepF + CHARGER_TIMES.stepTail,
        to: 'return',
        effects: ['restoreSignal'],
      },
    ],
  },

  StepX1: {
    entry: () => ['stepX1'],
    transitions: [
      {
        when: 'blocking error, unplugged or disabled',
        guard: abandonStep,
        to: 'return',
        effects: ['stepX1'],
      },
      {
        when: 'X1 for 3 s',
        guard: (v) => v.inStateMs >= CHARGER_TIMES.stepX1,
        to: 'return',
        effects: ['restoreSignal'],
      },
    ],
  },

  SwitchPhases: {
    entry: () => ['event:SwitchingPhases', 'phaseSwitchSignal'],
    transitions: [
      {
        when: 'blocking error, unplugged or disabled',
        guard: abandonStep,
        to: 'PrepareCharging',
        effects: ['stepX1', 'commitPhases'],
      },
      { when: 'delay over', guard: (v) => v.stepDone, to: 'PrepareCharging', effects: ['commitPhases'] },
    ],
  },
};
