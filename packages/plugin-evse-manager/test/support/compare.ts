// SPDX-License-Identifier: Apache-2.0
import type { Output } from './outputs.js';
import type { Value } from './trace.js';

/** What differs between a recording and ours. */
export interface Difference {
  readonly kind: 'missing' | 'extra';
  readonly output: Output;
}

/**
 * How far ours may be from the recording, in ms: the reference works on a tick of 100 ms with an arbitrary phase, and it
 * handles some events of the control pilot only at its own timer of 500 ms.
 */
function inTime(recorded: Output, ours: Output): boolean {
  const late = ours.at - recorded.at;
  if (recorded.channel === 'energy_grid:energy_flow_request') return Math.abs(late) <= 1150;
  return late <= 160 && late >= -520;
}

const SAME = 1e-5;

/** Equal up to the rounding of 32-bit numbers. */
export function sameValue(a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    return Math.abs(a - b) <= SAME * Math.max(1, Math.abs(a), Math.abs(b));
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => sameValue(item, b[index] ?? null));
  }
  if (
    a !== null &&
    b !== null &&
    typeof a === 'object' &&
    typeof b === 'object' &&
    !Array.isArray(a) &&
    !Array.isArray(b)
  ) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => key in a && key in b && sameValue(a[key] ?? null, b[key] ?? null));
  }
  return a === b;
}

function matches(recorded: Output, ours: Output): boolean {
  return recorded.name === ours.name && inTime(recorded, ours) && sameValue(recorded.content, ours.content);
}

/** Longest common subsequence of one channel; the rest differs. */
function compareChannel(recorded: readonly Output[], ours: readonly Output[]): Difference[] {
  const rows = recorded.length;
  const columns = ours.length;
  const best = Array.from({ length: rows + 1 }, () => new Array<number>(columns + 1).fill(0));
  const at = (row: number, column: number): number => best[row]?.[column] ?? 0;
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      const a = recorded[row];
      const b = ours[column];
      const target = best[row];
      if (a === undefined || b === undefined || target === undefined) continue;
      target[column] = matches(a, b)
        ? Math.max(1 + at(row + 1, column + 1), at(row + 1, column), at(row, column + 1))
        : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const differences: Difference[] = [];
  let row = 0;
  let column = 0;
  while (row < rows || column < columns) {
    const a = recorded[row];
    const b = ours[column];
    if (
      a !== undefined &&
      b !== undefined &&
      matches(a, b) &&
      at(row, column) === 1 + at(row + 1, column + 1)
    ) {
      row += 1;
      column += 1;
    } else if (b === undefined || (a !== undefined && at(row + 1, column) >= at(row, column + 1))) {
      if (a !== undefined) differences.push({ kind: 'missing', output: a });
      row += 1;
    } else {
      differences.push({ kind: 'extra', output: b });
      column += 1;
    }
  }
  return differences;
}

/** All differences, in the order of time. */
export function compare(recorded: readonly Output[], ours: readonly Output[]): Difference[] {
  const channels = new Set([...recorded, ...ours].map((output) => output.channel));
  return [...channels]
    .flatMap((channel) =>
      compareChannel(
        recorded.filter((output) => output.channel === channel),
        ours.filter((output) => output.channel === channel),
      ),
    )
    .sort((a, b) => a.output.at - b.output.at);
}

/** One line of text for a difference. */
export function describeDifference({ kind, output }: Difference): string {
  const content = output.content === null ? '' : JSON.stringify(output.content);
  return `${kind === 'missing' ? '-' : '+'} ${output.at.toFixed(0).padStart(6)} ${output.channel} ${output.name} ${content}`;
}
