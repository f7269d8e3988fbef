// SPDX-License-Identifier: Apache-2.0
import type { Finding } from '@carabiner/dialect';
import { LineCounter, isScalar, parseDocument, visit, type Pair, type YAMLMap } from 'yaml';

/**
 * Compositions may say a key twice in a map: EVerest's manager takes the last one, and some of its own files do so.
 *
 * @returns the text with all but the last one blanked out, so that every other position stays, and a warning for each
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
    Map: (_key, map) => {
      for (const { key, start, end } of overruled(map)) {
        const { line, col: column } = lines.linePos(start);
        findings.push({
          file,
          line,
          column,
          path: '',
          severity: 'warning',
          code: 'duplicate-key',
          message: `key '${key}' is given again below; the last one counts`,
          expected: 'each key once',
        });
        kept = kept.slice(0, start) + kept.slice(start, end).replace(/[^\n]/g, ' ') + kept.slice(end);
      }
    },
  });
  return { text: kept, findings };
}

/** Pairs of a block map whose key comes again. */
function overruled(
  map: YAMLMap,
): readonly { readonly key: string; readonly start: number; readonly end: number }[] {
  // In a flow map the commas would be left over; the reader reports the duplicate as an error.
  if (map.flow === true) return [];
  const last = new Map<string, Pair>();
  for (const pair of map.items) if (isScalar(pair.key)) last.set(String(pair.key.value), pair);
  return map.items.flatMap((pair, index) => {
    const { key } = pair;
    if (!isScalar(key) || last.get(String(key.value)) === pair) return [];
    const next = map.items[index + 1]?.key;
    const end = isScalar(next) ? next.range?.[0] : undefined;
    const start = key.range?.[0];
    return start === undefined || end === undefined ? [] : [{ key: String(key.value), start, end }];
  });
}
