// SPDX-License-Identifier: Apache-2.0
import type { Clock, Timer } from '@carabiner/clock';
import {
  afterEvent,
  afterPhase,
  chargingEventOf,
  connectionStatusOf,
  demandOf,
  INITIAL_SITUATION,
  WorkingStatus,
  workingStatusOf,
  type ConnectorEvent,
  type ConnectorPhase,
  type ConnectorSituation,
  type PowerDemand,
} from '@carabiner/fusioncharge';
import { NO_POWER, type SetPoint } from './set-point.js';

/** How long the power unit may take to hand out a key. */
export const KEY_TIMEOUT_MS = 10_000;

/** How long the connector shows no car before it shows one again to ask for a key once more. */
const KEY_RETRY_PAUSE_MS = 1000;

/** How long key acquisition stays with the key before it stops the charge that may be left over. */
const ACQUISITION_HOLD_MS = 100;

/** What a connector brings about. Everything is done before the call returns. */
export interface ConnectorActions {
  /** Shows working and connection status to the power unit, at once. */
  showStatus(workingStatus: number, connectionStatus: number): void;
  /** Tells the power unit about a start or stop of charging. */
  chargingEvent(event: number): void;
  /** Demands power, or its end. `atUnplug` is set on a demand to stop because the car went during a charge. */
  demand(demand: PowerDemand, setPoint: SetPoint, atUnplug: boolean): void;
  /** The power unit has refused modules or did not answer, or that is over. */
  allocationFailed(failed: boolean): void;
  /** The power unit has kept the connector waiting for a key for {@link KEY_TIMEOUT_MS}, or that is over. */
  keyMissing(missing: boolean): void;
}

/** Settings of a connector. */
export interface ConnectorOptions {
  readonly clock: Clock;
  readonly allocationTimeoutMs: number;
}

/**
 * One connector of the dispenser: turns what the charger, the car and the power unit do into what the power unit is
 * told. Knows no sockets.
 */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #actions: ConnectorActions;
  #situation: ConnectorSituation = INITIAL_SITUATION;
  #setPoint: SetPoint = NO_POWER;
  #carPresent = false;
  #connected = false;
  #allocationFailed = false;
  #keyMissing = false;
  #closed = false;
  #allocationTimer: Timer | undefined;
  #keyTimer: Timer | undefined;
  /** Set while a car is pretended to get a key; holds the phase that was asked for meanwhile. */
  #acquisition: { phase: ConnectorPhase; timer: Timer; done: () => void } | undefined;
  /** A stop goes out with the first key, before anything else: a charge may be left over from a former process. */
  #stopWithKey = false;

  constructor(options: ConnectorOptions, actions: ConnectorActions) {
    this.#options = options;
    this.#actions = actions;
  }

  get situation(): ConnectorSituation {
    return this.#situation;
  }

  /** What is demanded now. */
  get setPoint(): SetPoint {
    return this.#setPoint;
  }

  /** A car is plugged in (what is pretended for a key does not count). */
  get carPresent(): boolean {
    return this.#carPresent;
  }

  /** What the charger has asked for is in force at the power unit, as far as it can be. */
  get settled(): boolean {
    const { state, phase } = this.#situation;
    if (this.#acquisition !== undefined) return false;
    return phase === 'Off' || (state !== 'NoKeyYet' && state !== 'ConnectedNoAllocation');
  }

  /** The car was plugged in or unplugged. Unplugging takes phase and set-point back: they end with the session. */
  plug(present: boolean): void {
    if (present === this.#carPresent) return;
    this.#carPresent = present;
    if (!present) this.#setPoint = NO_POWER;
    if (this.#acquisition === undefined) this.#happen(present ? 'carConnected' : 'carDisconnected');
    else if (!present) this.#acquisition.phase = 'Off';
  }

  /** The charger asks for a phase. */
  setPhase(phase: ConnectorPhase): void {
    if (this.#acquisition === undefined) this.#enter(afterPhase(this.#situation, phase));
    else this.#acquisition.phase = phase;
  }

  /** The charger asks for voltage and current. In a running charge each call is a new demand, also an unchanged one. */
  setSetPoint(setPoint: SetPoint): void {
    this.#setPoint = setPoint;
    if (this.#situation.state === 'Running') this.#demand();
  }

  /** The power unit has written a key. `replaced` tells whether it differs from the one before. */
  keyWritten(replaced: boolean): void {
    if (this.#closed) return;
    this.#reportKey(false);
    const waiting = this.#situation.state === 'ConnectedNoAllocation';
    if (this.#stopWithKey && this.#situation.state === 'NoKeyYet') {
      this.#stopWithKey = false;
      this.#actions.demand('Stop', NO_POWER, false);
    }
    if (waiting && replaced) {
      // The key came in pieces: what was asked with the first piece cannot have been understood.
      this.#startAllocation();
      this.#demand();
      return;
    }
    this.#happen('keyWritten');
    const acquisition = this.#acquisition;
    if (acquisition !== undefined && !waiting && this.#situation.state === 'ConnectedNoAllocation') {
      acquisition.timer.cancel();
      acquisition.timer = this.#options.clock.setTimeout(() => this.#endAcquisition(), ACQUISITION_HOLD_MS);
    }
  }

  /** The power unit has answered the request for modules. Answers nobody waits for are ignored. */
  reply(success: boolean): void {
    if (this.#closed || this.#situation.state !== 'ConnectedNoAllocation') return;
    if (this.#acquisition !== undefined) return;
    this.#allocationEnded(!success);
  }

  /** Makes the demand of the moment again: the power unit's address is new. */
  renew(): void {
    this.#demand();
  }

  /** The registers are new and empty: shows the state in them and, with a car, asks for a key and modules again. */
  connectionUp(): void {
    this.#connected = true;
    this.#reportAllocation(false);
    const before = this.#situation;
    this.#happen('reconnected');
    if (this.#situation === before) this.#showStatus();
    this.#watchKey();
  }

  /** The connection is lost. What is demanded goes on; nothing is waited for. */
  connectionDown(): void {
    this.#connected = false;
    this.#reportKey(false);
    this.#acquisition?.timer.cancel();
    if (this.#acquisition !== undefined) this.#endAcquisition();
    this.#cancelTimers();
  }

  /**
   * Gets a key so that a charge left over from before can be stopped by a signed request. Without a car one is
   * pretended for the time this takes; commands and plug events wait until then.
   *
   * @returns when it is over, with or without a key
   */
  async acquireKey(): Promise<void> {
    if (this.#situation.state === 'NoKeyYet') {
      this.#stopWithKey = true;
      return;
    }
    if (this.#situation.state !== 'CarDisconnected' || this.#acquisition !== undefined) return;
    await new Promise<void>((done) => {
      const timer = this.#options.clock.setTimeout(() => {
        this.#endAcquisition();
        this.#reportKey(true);
      }, KEY_TIMEOUT_MS);
      this.#acquisition = { phase: this.#situation.phase, timer, done };
      this.#situation = { state: 'CarDisconnected', phase: 'Off' };
      this.#happen('carConnected');
    });
  }

  /** Stops everything that waits. Nothing is demanded any more, whatever still arrives. */
  close(): void {
    this.#closed = true;
    this.#connected = false;
    this.#cancelTimers();
    this.#acquisition?.timer.cancel();
    this.#acquisition?.done();
    this.#acquisition = undefined;
  }

  #endAcquisition(): void {
    const acquisition = this.#acquisition;
    if (acquisition === undefined) return;
    this.#acquisition = undefined;
    if (this.#carPresent) {
      // A car came meanwhile: the key is good for it.
      if (this.#situation.state === 'ConnectedNoAllocation') {
        this.#actions.demand('Stop', NO_POWER, false);
        this.#startAllocation();
        this.#demand();
      }
      this.#watchKey();
    } else {
      this.#happen('carDisconnected');
    }
    this.#enter(afterPhase(this.#situation, acquisition.phase));
    acquisition.done();
  }

  #happen(event: ConnectorEvent): void {
    this.#enter(afterEvent(this.#situation, event));
  }

  #enter(next: ConnectorSituation): void {
    const before = this.#situation;
    if (this.#closed || next === before) return;
    this.#situation = next;
    if (next.state !== before.state) {
      this.#cancelTimers();
      if (next.state !== 'Running') this.#reportAllocation(false);
      if (before.state === 'NoKeyYet') this.#reportKey(false);
      if (next.state === 'ConnectedNoAllocation') this.#startAllocation();
      if (next.state === 'NoKeyYet') this.#watchKey();
      this.#actions.chargingEvent(chargingEventOf(next.state));
    }
    this.#showStatus();
    const atUnplug =
      next.state === 'CarDisconnected' && before.state === 'Running' && before.phase.startsWith('Export');
    this.#demand(atUnplug);
  }

  #showStatus(): void {
    this.#actions.showStatus(workingStatusOf(this.#situation), connectionStatusOf(this.#situation.state));
  }

  #demand(atUnplug = false): void {
    if (this.#closed) return;
    this.#actions.demand(demandOf(this.#situation), this.#setPoint, atUnplug);
  }

  #startAllocation(): void {
    this.#allocationTimer?.cancel();
    if (this.#acquisition !== undefined) return;
    this.#allocationTimer = this.#options.clock.setTimeout(
      () => this.#allocationEnded(true),
      this.#options.allocationTimeoutMs,
    );
  }

  #allocationEnded(failed: boolean): void {
    this.#reportAllocation(failed);
    this.#happen('allocationEnded');
  }

  #reportAllocation(failed: boolean): void {
    if (failed === this.#allocationFailed) return;
    this.#allocationFailed = failed;
    this.#actions.allocationFailed(failed);
  }

  #reportKey(missing: boolean): void {
    if (missing === this.#keyMissing) return;
    this.#keyMissing = missing;
    this.#actions.keyMissing(missing);
  }

  /** Shows for a moment that there is no car, then shows it again: power units hand out a key when a car appears. */
  #watchKey(): void {
    this.#keyTimer?.cancel();
    this.#keyTimer = undefined;
    if (this.#situation.state !== 'NoKeyYet' || !this.#connected || this.#acquisition !== undefined) return;
    const { clock } = this.#options;
    this.#keyTimer = clock.setTimeout(() => {
      this.#reportKey(true);
      this.#actions.showStatus(WorkingStatus.STANDBY, connectionStatusOf('NoKeyYet'));
      this.#keyTimer = clock.setTimeout(() => {
        this.#showStatus();
        this.#watchKey();
      }, KEY_RETRY_PAUSE_MS);
    }, KEY_TIMEOUT_MS);
  }

  #cancelTimers(): void {
    this.#allocationTimer?.cancel();
    this.#keyTimer?.cancel();
    this.#allocationTimer = undefined;
    this.#keyTimer = undefined;
  }
}
