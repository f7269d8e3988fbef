// SPDX-License-Identifier: Apache-2.0
import type { Finding, YamlSource } from '@carabiner/dialect';
import { interfaceDifferences } from './interface-differences.js';
import type { LoadedModule } from './module-resolver.js';
import type { ModuleEntry } from './run-configuration.js';

/**
 * Compares the interface each consumer was built against with that of its provider. Versions that cannot work together
 * are errors, with the differences named.
 */
export function checkCompatibility(
  entries: readonly ModuleEntry[],
  modules: ReadonlyMap<string, LoadedModule>,
  source: YamlSource,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const entry of entries)
    for (const [requirement, targets] of Object.entries(entry.connections))
      for (const [index, { moduleId, implementationId }] of targets.entries()) {
        const wanted = modules.get(entry.id)?.moduleClass.descriptor.requires[requirement]?.interface;
        const offered = modules.get(moduleId)?.moduleClass.descriptor.provides[implementationId]?.interface;
        // One object means one package of interfaces, which is the usual case.
        if (wanted === undefined || offered === undefined || wanted === offered) continue;
        const differences = interfaceDifferences(offered, wanted);
        if (differences.length === 0) continue;
        findings.push(
          source.finding(['active_modules', entry.id, 'connections', requirement, index], {
            code: 'incompatible-interface',
            message: `${moduleId}/${implementationId} and ${entry.id} were built against versions of interface ${wanted.name} that do not fit: ${differences.join('; ')}`,
            expected: 'packages built against compatible versions of the interface',
          }),
        );
      }
  return findings;
}
