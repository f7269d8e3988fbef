// SPDX-License-Identifier: Apache-2.0
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import { ExpectationError, type Charger } from '../charger.js';
import type { Composition } from '../composition.js';
import type { Narrator } from '../narrator.js';

/** What a scenario has to work with. */
export interface Stage {
  readonly charger: Charger;
  readonly composition: Composition;
  readonly narrator: Narrator;
  /** Seconds of undisturbed charging, in the charger's own time; undefined leaves it to the scenario. */
  readonly chargeForS: number | undefined;
}

/** A story with an expected end. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** File below `compositions/`. */
  readonly composition: string;
  /** True when the start itself is part of the story. */
  readonly fromStart?: boolean;
  /** Plays the story. Throws {@link ExpectationError} when something else happens. */
  play(stage: Stage): Promise<void>;
}

/** A session may take this long in the charger's own time before the scenario counts as failed. */
export const SESSION_LIMIT_MS = 3_600_000;
/** A token is presented, accepted, and the meter started within this time. */
export const AUTHORISATION_LIMIT_MS = 120_000;
/** Reactions of the charger itself come within this time. */
export const REACTION_LIMIT_MS = 30_000;

/** Vehicle script of an ordinary DC session up to charging, which goes on until the battery has enough or `limitS`. */
export function chargingScript(limitS?: number): string {
  const charge = limitS === undefined ? 'wait_until_full' : `wait_until_full ${limitS}`;
  return `plugin;iso_wait_slac_matched;iso_start_v2g_session DC;iso_wait_pwr_ready;${charge};iso_wait_v2g_session_stopped`;
}

/** End of a session: waits for the relays to open, then pulls the plug. */
export const UNPLUG_SCRIPT = 'sleep 2;unplug';

/**
 * Checks that the given events occurred in the given order, others may lie between.
 *
 * @throws ExpectationError with the event that is missing and what was seen
 */
export function expectOrder(
  charger: Charger,
  evse: string,
  expected: readonly SessionEvent['event'][],
): void {
  const seen = charger.sessionEvents(evse).map(({ event }) => event);
  let from = 0;
  for (const event of expected) {
    const at = seen.indexOf(event, from);
    if (at < 0)
      throw new ExpectationError(
        `${evse}: ${event} is missing after ${seen.slice(0, from).join(' > ')}; seen: ${seen.join(' > ')}`,
      );
    from = at + 1;
  }
}

/**
 * Checks how often an event occurred.
 *
 * @throws ExpectationError when that differs
 */
export function expectCount(
  charger: Charger,
  evse: string,
  event: SessionEvent['event'],
  count: number,
): void {
  const seen = charger.sessionEvents(evse).filter((one) => one.event === event).length;
  if (seen !== count)
    throw new ExpectationError(`${evse}: ${event} occurred ${seen} times, expected ${count}`);
}

/** The only EVSE of a composition with one connector. */
export function onlyEvse(charger: Charger): string {
  const [evse] = charger.evses;
  if (evse === undefined) throw new ExpectationError('the composition has no EvseManager');
  return evse;
}

/** True while an error of this type is active at any module. */
export function isActive(charger: Charger, type: string): boolean {
  const last = charger.observations.findLast((seen) => seen.kind === 'error' && seen.error.type === type);
  return last?.kind === 'error' && last.error.state === 'Active';
}
