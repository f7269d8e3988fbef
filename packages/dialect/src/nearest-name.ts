// SPDX-License-Identifier: Apache-2.0

/**
 * The candidate that `name` was most probably meant to be: equal but for case and separators, one that begins with the
 * other, or within a third of its length in edits (insert, delete, replace, swap of neighbours).
 *
 * @returns undefined when nothing is near; ties go to the first candidate
 */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = folded(name);
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (candidate === name) continue;
    const other = folded(candidate);
    const distance = distanceOf(wanted, other, bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function distanceOf(wanted: string, other: string, limit: number): number {
  if (other === wanted) return 0;
  if (Math.min(wanted.length, other.length) >= 3 && (other.startsWith(wanted) || wanted.startsWith(other)))
    return 1.5;
  return Math.abs(other.length - wanted.length) >= limit ? limit : editDistance(wanted, other);
}

function folded(name: string): string {
  return name.toLowerCase().replace(/[-_. ]/g, '');
}

/** Optimal string alignment distance. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
