// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@carabiner/dialect';
import {
  LineCounter,
  isPair,
  isScalar,
  parseDocument,
  visit,
  type Pair,
  type YAMLMap,
} from '@carabiner/dialect/yaml';

/**
 * Compositions may say a key twice in a map: EVerest's manager takes the last one, and some of its own files do so
 * within a module. A module id that is given twice is an error nevertheless: a whole module would go missing.
 *
 * @returns the text with all but the last one blanked out, so that every other position stays, and a finding for each
 */
export function dropDuplicateKeys(
  text: string,
  file: string,
): { readonly text: string; readonly findings: readonly Finding[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'failsafe', uniqueKeys: false, lineCounter: lines });
  const findings: Finding[] = [];
  let kept = text;
  visit(document, {
    Map: (_key, map, ancestors) => {
      const ofModules = isActiveModules(ancestors);
      for (const { key, start, end, last } of overruled(map)) {
        const { line, col: column } = lines.linePos(start);
        const place = { file, line, column, code: ofModules ? 'duplicate-module' : 'duplicate-key' };
        if (ofModules) {
          const again = lines.linePos(last);
          findings.push({
            ...place,
            path: `active_modules.${key}`,
            severity: 'error',
            message: `module id '${key}' is given again at ${file}:${again.line}:${again.col}`,
            expected: 'an id of its own for each module',
          });
        } else {
          findings.push({
            ...place,
            path: '',
            severity: 'warning',
            message: `key '${key}' is given again below; the last one counts`,
            expected: 'each key once',
          });
        }
        kept = kept.slice(0, start) + kept.slice(start, end).replace(/[^\n]/g, ' ') + kept.slice(end);
      }
    },
  });
  return { text: kept, findings };
}

/** True for the map below the top-level key `active_modules`. */
function isActiveModules(ancestors: readonly unknown[]): boolean {
  const pair = ancestors.at(-1);
  // The document, its map, the pair.
  return ancestors.length === 3 && isPair(pair) && isScalar(pair.key) && pair.key.value === 'active_modules';
}

/** A pair whose key comes again, as offsets into the text. */
interface Overruled {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** Where the one that counts begins. */
  readonly last: number;
}

/** Pairs of a block map whose key comes again. */
function overruled(map: YAMLMap): readonly Overruled[] {
  // In a flow map the commas would be left over; the reader reports the duplicate as an error.
  if (map.flow === true) return [];
  const latest = new Map<string, Pair>();
  for (const pair of map.items) if (isScalar(pair.key)) latest.set(String(pair.key.value), pair);
  return map.items.flatMap((pair, index) => {
    const { key } = pair;
    if (!isScalar(key)) return [];
    const counting = latest.get(String(key.value));
    if (counting === undefined || counting === pair || !isScalar(counting.key)) return [];
    const next = map.items[index + 1]?.key;
    const end = isScalar(next) ? next.range?.[0] : undefined;
    const start = key.range?.[0];
    const last = counting.key.range?.[0];
    return start === undefined || end === undefined || last === undefined
      ? []
      : [{ key: String(key.value), start, end, last }];
  });
}
