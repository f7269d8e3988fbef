// SPDX-License-Identifier: Apache-2.0

/** States of the charger machine. */
export const CHARGER_STATES = [
  'Disabled',
  'Idle',
  'WaitingForAuthentication',
  'PrepareCharging',
  'Charging',
  'ChargingPausedEV',
  'ChargingPausedEVSE',
  'StoppingCharging',
  'Finished',
  'StepEF',
  'StepX1',
  'SwitchPhases',
] as const;

export type ChargerState = (typeof CHARGER_STATES)[number];

/** What the EVSE shows on the control pilot. */
export type PilotSignal = 'X1' | 'F' | 'five' | 'nominal';

/** Where the transaction stands: the meter is asked before it begins and before it is over. */
export type TransactionPhase = 'none' | 'starting' | 'active' | 'closing';

/** How the link to the EV ended last. */
export type LinkEnd = 'unknown' | 'pause' | 'terminate';

/** The facts on which the charger machine decides. Plain data: guards are functions of this and nothing else. */
export interface ChargerView {
  readonly dc: boolean;
  /** High level communication leads this session; PWM alone does otherwise. */
  readonly hlcActive: boolean;
  /** ISO 15118-20 was selected. */
  readonly d20: boolean;
  readonly authorised: boolean;
  readonly plugAndCharge: boolean;
  readonly transaction: TransactionPhase;
  readonly plugged: boolean;
  readonly disableRequested: boolean;
  /** At least one blocking error is active. */
  readonly fatal: boolean;
  /** Enough energy was granted. */
  readonly power: boolean;
  readonly userPause: boolean;
  /** The control pilot is in C, or in D where ventilation is served. */
  readonly evRequestsPower: boolean;
  /** High level communication allows the relays to close. */
  readonly hlcAllowsPower: boolean;
  readonly relaysClosed: boolean;
  readonly signal: PilotSignal;
  /** Sessions begin at 5 %: always in DC, in AC when high level communication is to be tried. */
  readonly digital: boolean;
  /** The pause before 5 % is still running. */
  readonly settling: boolean;
  readonly inStateMs: number;
  /** Since when power was available in this state without a pause, in ms; 0 without power. */
  readonly withPowerMs: number;
  /** Since when the charge loop lacks energy, in ms; 0 with power. */
  readonly withoutPowerMs: number;
  readonly withoutPowerLimitMs: number;
  readonly settleEnergyMs: number;
  readonly chargeLoop: boolean;
  readonly bcbComplete: boolean;
  readonly linkEnd: LinkEnd;
  readonly slacStarted: boolean;
  /** The EV confirmed the start of power delivery over high level communication. */
  readonly v2gSetUp: boolean;
  /** AC with high level communication. */
  readonly acHlc: boolean;
  /** Since the transaction became active while waiting, in ms. */
  readonly sinceTransactionMs: number;
  readonly cableRatingMissing: boolean;
  readonly enforceHlc: boolean;
  readonly wokenUp: boolean;
  /** The control pilot step has run its time. */
  readonly stepDone: boolean;
  readonly pauseReasons: readonly PauseReason[];
}

export type PauseReason = 'Error' | 'NoEnergy' | 'UserPause';
