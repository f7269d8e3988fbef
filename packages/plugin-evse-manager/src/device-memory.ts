// SPDX-License-Identifier: Apache-2.0
import type { PeerName } from './ports.js';

/** A command that was sent. */
export interface SentCommand {
  readonly command: string;
  readonly args: unknown;
}

/** Errors with these sub types stand for a device that was out of reach. */
const LINK_FAULTS: ReadonlySet<string> = new Set(['module-lost', 'broker-lost']);

/**
 * Commands that put a device into a state, by the part of its state. Enabling the board comes last: it answers with the
 * level of the control pilot, whatever that has become meanwhile.
 */
const STATES: { readonly [P in PeerName]?: Readonly<Record<string, string>> } = {
  bsp: {
    allow_power_on: '1 relays',
    pwm_on: '2 pilot',
    cp_state_X1: '2 pilot',
    cp_state_F: '2 pilot',
    cp_state_E: '2 pilot',
    enable: '3 service',
  },
  connector_lock: { lock: 'lock', unlock: 'lock' },
  imd: { start: 'run', stop: 'run' },
  over_voltage_monitor: { set_limits: '1 limits', start: '2 run', stop: '2 run' },
  powersupply_DC: { setMode: 'mode' },
  hlc: {
    setup: '1 setup',
    receipt_is_required: '2 receipt',
    set_charging_parameters: '3 parameters',
    update_energy_transfer_modes: '4 modes',
    update_dc_maximum_limits: '5 maximum',
    update_dc_minimum_limits: '6 minimum',
    session_setup: '7 session',
  },
};

/** True for the end of an error that stood for a device out of reach. */
export function isLinkFault(subType: string): boolean {
  return LINK_FAULTS.has(subType);
}

/**
 * What devices were told last about the state they are to be in. A device that starts anew does not know it, and what was
 * sent while the way to it was broken never arrived; so it is said again when the device is back.
 */
export class DeviceMemory {
  readonly #told = new Map<PeerName, Map<string, SentCommand>>();

  sent(peer: PeerName, command: string, args: unknown): void {
    const state = STATES[peer]?.[command];
    if (state === undefined) return;
    const told = this.#told.get(peer) ?? new Map<string, SentCommand>();
    this.#told.set(peer, told.set(state, { command, args }));
  }

  /** What to tell a device that is back. It is never told to deliver power again: the session decides that anew. */
  of(peer: PeerName): readonly SentCommand[] {
    return [...(this.#told.get(peer) ?? [])]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, sent]) => sent)
      .filter(({ command, args }) => command !== 'setMode' || (args as { mode?: string }).mode === 'Off');
  }
}
