// SPDX-License-Identifier: Apache-2.0
import type { Finding, InterfaceModel, TypeFileModel } from '@carabiner/dialect';
import { identifier, pascalCase } from './identifiers.js';

/** Names that are legal in the dialect and different there, but would be the same in TypeScript. */
export function nameClashes(
  types: readonly TypeFileModel[],
  interfaces: readonly InterfaceModel[],
): Finding[] {
  const findings: Finding[] = [];
  for (const model of types) {
    if (model.name.toLowerCase() === 'index') {
      findings.push(
        model.source.finding([], {
          code: 'name-clash',
          message: "a type file cannot be called 'index': the generator writes a file of that name",
        }),
      );
    }
    const seen = new Map<string, string>();
    for (const type of Object.keys(model.types)) {
      const other = seen.get(identifier(type));
      seen.set(identifier(type), type);
      if (other === undefined) continue;
      findings.push(
        model.source.finding(['types', type], {
          at: 'key',
          code: 'name-clash',
          message: `type '${type}' would have the same name in TypeScript as '${other}': ${identifier(type)}`,
          expected: "names that differ in more than '.', '-' and '_'",
        }),
      );
    }
  }
  const seen = new Map<string, string>();
  for (const { name, source } of interfaces) {
    const other = seen.get(pascalCase(name));
    seen.set(pascalCase(name), name);
    if (other === undefined) continue;
    findings.push(
      source.finding([], {
        code: 'name-clash',
        message: `interface '${name}' would have the same name in TypeScript as '${other}': ${pascalCase(name)}`,
        expected: "names that differ in more than '.', '-' and '_'",
      }),
    );
  }
  return findings;
}
