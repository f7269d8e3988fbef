// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { ChargerBench, SentCommand } from './charger-bench.js';

export const START = ['SessionStarted(EVConnected)', 'AuthRequired'] as const;
export const TRANSACTION = ['Authorized', 'TransactionStarted', 'PrepareCharging'] as const;
export const BEGIN = [...TRANSACTION, 'ChargingStarted'] as const;
export const END = ['ChargingFinished', 'TransactionFinished(EVDisconnected)', 'SessionFinished'] as const;

/** Positions of texts in a list, each after the one before. */
export function inOrder(list: readonly string[], ...texts: readonly string[]): void {
  let from = 0;
  for (const text of texts) {
    const at = list.indexOf(text, from);
    expect(at, `${text} after position ${from}`).to.be.at.least(0);
    from = at + 1;
  }
}

/** Permissions of the relays as booleans, in order, repetitions left out. */
export function permissions(bench: ChargerBench): boolean[] {
  const all = bench
    .sent('bsp', 'allow_power_on')
    .map((call) => (call.args.value as { allow_power_on: boolean }).allow_power_on);
  return all.filter((on, index) => on !== all[index - 1]);
}

/** Modes of the power supply with their phase. */
export function supplyModes(bench: ChargerBench): string[] {
  return bench
    .sent('powersupply_DC', 'setMode')
    .map(({ args }) => `${args.mode as string} ${args.phase as string}`);
}

/** Calls from a time on. */
export function since(calls: readonly SentCommand[], at: number): SentCommand[] {
  return calls.filter((call) => call.at >= at);
}
