// SPDX-License-Identifier: Apache-2.0
import { relative } from 'node:path';
import { formatFinding, sortFindings, type Finding } from '@carabiner/dialect';

/** Findings as text, one a line, files named relative to `cwd`, with a line that counts them at the end. */
export function reportFindings(findings: readonly Finding[], cwd: string): string {
  const lines = sortFindings(findings).map((finding) =>
    formatFinding({ ...finding, file: shortPath(finding.file, cwd) }),
  );
  return [...lines, countFindings(findings), ''].join('\n');
}

/** `2 errors, 1 warning`. */
export function countFindings(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  if (errors + warnings === 0) return 'nothing wrong';
  return [count(errors, 'error'), count(warnings, 'warning')].filter((text) => text !== '').join(', ');
}

function count(number: number, what: string): string {
  if (number === 0) return '';
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function shortPath(file: string, cwd: string): string {
  const short = relative(cwd, file);
  return short === '' || short.startsWith('..') ? file : short;
}
