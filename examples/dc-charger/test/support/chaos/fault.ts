// SPDX-License-Identifier: Apache-2.0
import type { MalformedMessage } from './malformed.js';
import type { Random } from './random.js';

/** Something that goes wrong. Times are real ones, ms. */
export type Fault =
  | { readonly kind: 'kill'; readonly moduleId: string }
  | { readonly kind: 'pause'; readonly moduleId: string; readonly forMs: number }
  | { readonly kind: 'drop'; readonly processName: string }
  | { readonly kind: 'broker'; readonly downMs: number }
  | ({ readonly kind: 'malformed' } & MalformedMessage);

/** Name under which the connection of the manager's process is known. */
export const MANAGER_PROCESS = '!manager';

/** A meter keeps its registers when it loses its power; the simulated one would begin anew. */
const DEVICES: readonly string[] = ['meter_device_1'];

/**
 * Draws a fault that is more than a malformed message.
 *
 * @param down - processes that are not back yet: hit again now and then, but not so often that nothing ever works
 */
export function drawFault(
  random: Random,
  moduleIds: readonly string[],
  down: readonly string[],
  withBroker: boolean,
): Fault {
  const up = moduleIds.filter((id) => !down.includes(id));
  const moduleId = random.pick(up.length === 0 || random.chance(0.1) ? moduleIds : up);
  const mayDie = !DEVICES.includes(moduleId) && (down.length < 2 || random.chance(0.1));
  const kind = random.weighted<'kill' | 'pause' | 'drop' | 'broker'>([
    [mayDie ? 6 : 0, 'kill'],
    [7, 'pause'],
    ...(withBroker ? ([[6, 'drop'] as const, [1.5, 'broker'] as const] as const) : []),
  ]);
  switch (kind) {
    case 'kill':
      return { kind, moduleId };
    case 'pause':
      return { kind, moduleId, forMs: random.chance(0.8) ? random.int(20, 800) : random.int(800, 3_000) };
    case 'drop':
      return { kind, processName: random.chance(0.1) ? MANAGER_PROCESS : moduleId };
    case 'broker':
      return { kind, downMs: random.int(0, 1_200) };
  }
}

export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
      return `kill ${fault.moduleId}`;
    case 'pause':
      return `pause ${fault.moduleId} for ${fault.forMs} ms`;
    case 'drop':
      return `drop the connection of ${fault.processName}`;
    case 'broker':
      return `kill the broker for ${fault.downMs} ms`;
    case 'malformed':
      return `malformed: ${fault.shape} on ${fault.topic}`;
  }
}
