// SPDX-License-Identifier: Apache-2.0
import { ChargingEvent, ConnectionStatus, WorkingStatus } from './registers.js';

/** Where a connector stands in a charging session. */
export type ConnectorState =
  /** No car. */
  | 'CarDisconnected'
  /** A car, and the power unit has still to write the HMAC key of this session. */
  | 'NoKeyYet'
  /** The key is there; power modules are being asked for. */
  | 'ConnectedNoAllocation'
  /** Modules are allocated (or the power unit refused, which shows in the alarm and not here). */
  | 'Running'
  /** The charge has ended, the car is still there. */
  | 'Completed';

/** What the charger wants of the connector. */
export type ConnectorPhase =
  'Off' | 'ExportCableCheck' | 'OffCableCheck' | 'ExportPrecharge' | 'ExportCharging';

/** What can happen to a connector, apart from a new phase. */
export type ConnectorEvent =
  | 'carConnected'
  | 'carDisconnected'
  | 'keyWritten'
  | 'allocationEnded'
  /** The connection with the power unit was set up anew: keys and allocations of the former one are void. */
  | 'reconnected';

/** State and phase together decide what the power unit is told. */
export interface ConnectorSituation {
  readonly state: ConnectorState;
  readonly phase: ConnectorPhase;
}

/** Before anything has happened. */
export const INITIAL_SITUATION: ConnectorSituation = { state: 'CarDisconnected', phase: 'Off' };

type Input = ConnectorEvent | 'off' | 'export';

/** State after each input; an input that is not listed changes nothing. */
const TRANSITIONS: Readonly<Record<ConnectorState, Readonly<Partial<Record<Input, ConnectorState>>>>> = {
  CarDisconnected: { carConnected: 'NoKeyYet' },
  NoKeyYet: { keyWritten: 'ConnectedNoAllocation', carDisconnected: 'CarDisconnected' },
  ConnectedNoAllocation: {
    allocationEnded: 'Running',
    carDisconnected: 'CarDisconnected',
    reconnected: 'NoKeyYet',
  },
  Running: { off: 'Completed', carDisconnected: 'CarDisconnected', reconnected: 'NoKeyYet' },
  Completed: { export: 'NoKeyYet', carDisconnected: 'CarDisconnected' },
};

/**
 * The situation after an event.
 *
 * ```text
 *                       car connected                key written
 *   ┌─────────────────┐ ───────────▶ ┌──────────┐ ───────────▶ ┌───────────────────────┐
 *   │ CarDisconnected │              │ NoKeyYet │              │ ConnectedNoAllocation │
 *   └─────────────────┘ ◀─┐          └──────────┘              └───────────────────────┘
 *                         │               ▲                        │ reply, refusal
 *       car disconnected, │               │ any Export…            ▼ or timeout
 *       from every state  │          ┌───────────┐     Off     ┌─────────┐
 *                         └───────── │ Completed │ ◀────────── │ Running │
 *                                    └───────────┘             └─────────┘
 * ```
 *
 * A new connection takes `ConnectedNoAllocation` and `Running` back to `NoKeyYet`, with the phase that was wanted.
 * Leaving a car takes the phase back to `Off`: what one session wanted never reaches the next.
 */
export function afterEvent(now: ConnectorSituation, event: ConnectorEvent): ConnectorSituation {
  const state = TRANSITIONS[now.state][event];
  if (state === undefined) return now;
  return { state, phase: state === 'CarDisconnected' ? 'Off' : now.phase };
}

/** The situation after the charger has asked for a phase. It is remembered in every state and acted upon in some. */
export function afterPhase(now: ConnectorSituation, phase: ConnectorPhase): ConnectorSituation {
  const input = phase === 'Off' ? 'off' : phase === 'OffCableCheck' ? undefined : 'export';
  const state = (input === undefined ? undefined : TRANSITIONS[now.state][input]) ?? now.state;
  return state === now.state && phase === now.phase ? now : { state, phase };
}

/** What the power unit is asked for by GOOSE: to stop, or one of the requirement types of a power request. */
export type PowerDemand =
  | 'Stop'
  | 'ModulePlaceholder'
  | 'InsulationDetectionOutput'
  | 'InsulationDetectionStop'
  | 'Precharge'
  | 'Charging';

const RUNNING_DEMANDS: Readonly<Record<ConnectorPhase, PowerDemand>> = {
  Off: 'ModulePlaceholder',
  ExportCableCheck: 'InsulationDetectionOutput',
  OffCableCheck: 'InsulationDetectionStop',
  ExportPrecharge: 'Precharge',
  ExportCharging: 'Charging',
};

/** The demand that belongs to a situation. */
export function demandOf({ state, phase }: ConnectorSituation): PowerDemand {
  switch (state) {
    case 'CarDisconnected':
    case 'NoKeyYet':
    case 'Completed':
      return 'Stop';
    case 'ConnectedNoAllocation':
      return 'ModulePlaceholder';
    case 'Running':
      return RUNNING_DEMANDS[phase];
  }
}

/** The working status (register 0x110B) that belongs to a situation. */
export function workingStatusOf({ state, phase }: ConnectorSituation): number {
  switch (state) {
    case 'CarDisconnected':
      return WorkingStatus.STANDBY;
    case 'NoKeyYet':
      return WorkingStatus.STANDBY_WITH_CONNECTOR_INSERTED;
    case 'ConnectedNoAllocation':
      return WorkingStatus.CHARGING_STARTING;
    case 'Running':
      return phase === 'ExportCharging' ? WorkingStatus.CHARGING : WorkingStatus.CHARGING_STARTING;
    case 'Completed':
      return WorkingStatus.CHARGING_COMPLETE;
  }
}

/** The connection status (0x110D) that belongs to a state. */
export function connectionStatusOf(state: ConnectorState): number {
  return state === 'CarDisconnected' ? ConnectionStatus.NOT_CONNECTED : ConnectionStatus.FULLY_CONNECTED;
}

/** The charging event (0x117E) on entering a state. */
export function chargingEventOf(state: ConnectorState): number {
  return state === 'Running' ? ChargingEvent.STOP_TO_START : ChargingEvent.START_TO_STOP;
}
