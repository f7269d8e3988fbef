// SPDX-License-Identifier: Apache-2.0
import { FaultError, type Fault } from './fault-catalogue.js';
import { parseFaultMessage, toFaultJson } from './fault-messages.js';
import type { FaultSet } from './fault-set.js';
import type { MockLog } from '../mock-log.js';

/** Topics under the base topic by which faults are switched. */
export const FAULT_TOPICS = {
  /** A fault as JSON or by its name alone. */
  inject: 'fault/inject',
  /** A name, or nothing for all. */
  clear: 'fault/clear',
  /** What is active, as a JSON array; retained. */
  active: 'fault/active',
} as const;

/** Does what a message on one of the fault topics asks for. A message that makes no sense is logged and dropped. */
export function handleFaultMessage(topic: string, payload: string, faults: FaultSet, log: MockLog): void {
  try {
    if (topic.endsWith(FAULT_TOPICS.inject)) faults.inject(parseFaultMessage(payload));
    else if (topic.endsWith(FAULT_TOPICS.clear))
      faults.clear(payload.trim() === '' ? undefined : payload.trim());
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
    log.warn('fault refused', { reason: error.message });
  }
}

/** The text to publish on `fault/active`. */
export function activeFaultsText(faults: readonly Fault[]): string {
  return JSON.stringify(faults.map(toFaultJson));
}
