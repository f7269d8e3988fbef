// SPDX-License-Identifier: Apache-2.0

const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Draws values from 0 to their maximum in one line of text, averaged down to `width` characters. */
export function sparkline(values: readonly number[], width: number): string {
  if (values.length === 0) return '';
  const columns = Math.min(width, values.length);
  const means = Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns));
    const part = values.slice(from, to);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const highest = Math.max(...means);
  return means
    .map((mean) => {
      const level = highest <= 0 ? 0 : Math.round((Math.max(0, mean) / highest) * (LEVELS.length - 1));
      return LEVELS[level] ?? LEVELS[0];
    })
    .join('');
}
