// SPDX-License-Identifier: Apache-2.0
import { own } from '@carabiner/dialect';
import type { ModuleShape } from './module-shape.js';
import type { ModuleEntry } from './run-configuration.js';

/** Name of the module that tests of EVerest put into a composition; it needs no manifest. */
export const PROBE_MODULE = 'ProbeModule';

/**
 * What a probe declares, by its connections: it requires what it is connected to and provides what others want of it, or
 * `none` of the interface `empty`.
 *
 * @param shapes of the other modules by module id
 */
export function probeShape(
  probe: ModuleEntry,
  entries: readonly ModuleEntry[],
  shapes: ReadonlyMap<string, ModuleShape>,
): ModuleShape {
  const provides: { [implementation: string]: ModuleShape['provides'][string] } = {};
  for (const { id, connections } of entries)
    for (const [requirement, targets] of Object.entries(connections))
      for (const { moduleId, implementationId } of targets) {
        const wanted = own(shapes.get(id)?.requires ?? {}, requirement)?.interface;
        if (moduleId !== probe.id || wanted === undefined) continue;
        // Who wants another interface of the same implementation finds that it does not fit.
        if (!Object.hasOwn(provides, implementationId))
          provides[implementationId] = { interface: wanted, config: {} };
      }
  const requires = Object.fromEntries(
    Object.entries(probe.connections).map(([requirement, targets]) => {
      const [offered] = targets.flatMap(
        ({ moduleId, implementationId }) =>
          own(shapes.get(moduleId)?.provides ?? {}, implementationId)?.interface ?? [],
      );
      // Targets that are not there are reported as such, whatever the interface.
      return [
        requirement,
        { interface: offered ?? '', minConnections: 0, maxConnections: targets.length },
      ] as const;
    }),
  );
  return {
    module: PROBE_MODULE,
    description: 'Test module, declared by its connections',
    config: {},
    provides: Object.keys(provides).length === 0 ? { none: { interface: 'empty', config: {} } } : provides,
    requires,
    enableExternalMqtt: false,
  };
}
