// SPDX-License-Identifier: Apache-2.0
import type { Finding, InterfaceModel, TypeFileModel } from '@carabiner/dialect';
import { checkName } from './emit-checks.js';
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
      const other = seen.get(checkName(type));
      seen.set(checkName(type), type);
      if (other === undefined) continue;
      const same = identifier(type) === identifier(other) ? identifier(type) : checkName(type);
      findings.push(
        model.source.finding(['types', type], {
          at: 'key',
          code: 'name-clash',
          message: `type '${type}' would have the same name in TypeScript as '${other}': ${same}`,
          expected: "names that differ in more than '.', '-' and '_'",
        }),
      );
    }
  }
  return [
    ...findings,
    ...fileClashes(types, 'type file', identifier),
    ...fileClashes(interfaces, 'interface', pascalCase),
  ];
}

function fileClashes(
  files: readonly (InterfaceModel | TypeFileModel)[],
  what: string,
  nameOf: (name: string) => string,
): Finding[] {
  const seen = new Map<string, string>();
  return files.flatMap(({ name, source }) => {
    const other = seen.get(nameOf(name));
    seen.set(nameOf(name), name);
    if (other === undefined) return [];
    return source.finding([], {
      code: 'name-clash',
      message: `${what} '${name}' would have the same name in TypeScript as '${other}': ${nameOf(name)}`,
      expected: "names that differ in more than '.', '-' and '_'",
    });
  });
}
