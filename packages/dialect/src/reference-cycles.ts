// SPDX-License-Identifier: Apache-2.0
import type { Finding } from './finding.js';
import type { PlacedReference } from './schema-checker.js';
import type { TypeFileModel } from './spec-files.js';

/** Steps from a schema to schemas that decide about the same value, not about a part of it. */
const SAME_VALUE: ReadonlySet<string | number> = new Set([
  'allOf',
  'anyOf',
  'else',
  'if',
  'not',
  'oneOf',
  'then',
]);

/**
 * A finding for each type that leads back to itself by references alone: no value could ever be checked against it. A type
 * that holds itself in a property or an item is no such one.
 */
export function referenceCycles(files: readonly TypeFileModel[]): Finding[] {
  const models = new Map(files.map((model) => [model.name, model]));
  const findings: Finding[] = [];
  const done = new Set<string>();
  const visit = (file: string, type: string, trail: readonly string[]): void => {
    const key = `/${file}#/${type}`;
    if (done.has(key)) return;
    const model = models.get(file);
    for (const reference of model?.references ?? []) {
      if (!isAboutSameValue(reference, type)) continue;
      const target = `/${reference.file}#/${reference.type}`;
      const ways = [...trail, key];
      const start = ways.indexOf(target);
      if (start < 0) visit(reference.file, reference.type, ways);
      else if (model !== undefined) {
        findings.push(
          model.source.finding(reference.path, {
            code: 'circular-reference',
            message: `type '${reference.type}' refers to itself: ${[...ways.slice(start), target].join(' → ')}`,
            expected: 'a reference that ends at a schema of its own',
          }),
        );
      }
    }
    done.add(key);
  };
  for (const { name, types } of files) for (const type of Object.keys(types)) visit(name, type, []);
  return findings;
}

function isAboutSameValue({ path }: PlacedReference, type: string): boolean {
  return (
    path[1] === type && path.slice(2, -1).every((step) => typeof step === 'number' || SAME_VALUE.has(step))
  );
}
