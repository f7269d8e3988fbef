// SPDX-License-Identifier: Apache-2.0
import type { RuntimeEvent } from '@carabiner/core';

/** What an event can be about. */
export const EVENT_KINDS = [
  'variable',
  'error',
  'module',
  'runtime',
] as const satisfies readonly RuntimeEvent['kind'][];

/** Which events to show. */
export interface EventFilter {
  readonly module?: readonly string[];
  readonly kind?: readonly string[];
}

/** True when an event is to be shown. */
export function eventMatches(event: RuntimeEvent, { module, kind }: EventFilter): boolean {
  if (kind !== undefined && !kind.includes(event.kind)) return false;
  if (module === undefined) return true;
  const id = moduleOf(event);
  return id !== undefined && module.includes(id);
}

/** One event as a line of text. */
export function eventLine(event: RuntimeEvent, time: Date): string {
  const clock = time.toISOString().slice(11, 23);
  switch (event.kind) {
    case 'variable':
      return `${clock} ${event.moduleId}/${event.implementationId} ${event.name} ${JSON.stringify(event.value)}`;
    case 'error': {
      const { origin, state, type, sub_type, severity, message } = event.error;
      const what = state === 'Active' ? `raised ${severity}` : 'cleared';
      const name = sub_type === '' ? type : `${type} (${sub_type})`;
      return `${clock} ${origin.module_id}/${origin.implementation_id} ${what} ${name}: ${message}`;
    }
    case 'module':
      return `${clock} ${event.moduleId} is ${event.state}${event.reason === undefined ? '' : `: ${event.reason}`}`;
    case 'runtime':
      return `${clock} the composition is ${event.state}`;
  }
}

function moduleOf(event: RuntimeEvent): string | undefined {
  switch (event.kind) {
    case 'variable':
    case 'module':
      return event.moduleId;
    case 'error':
      return event.error.origin.module_id;
    case 'runtime':
      return undefined;
  }
}
