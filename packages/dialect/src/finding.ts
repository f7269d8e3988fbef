// SPDX-License-Identifier: Apache-2.0

/** Errors stop what is being done; warnings do not. */
export type Severity = 'error' | 'warning';

/** A place in a file, both counted from 1. A column counts UTF-16 code units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Keys and indices from the root of a file to a value. */
export type YamlPath = readonly (string | number)[];

/** One thing that is wrong in a file. */
export interface Finding extends Position {
  /** As the user named it. */
  readonly file: string;
  /** Place in the file's data, for example `cmds.setMode.arguments.mode`; empty for the whole file. */
  readonly path: string;
  readonly severity: Severity;
  /** Stable, kebab-case. */
  readonly code: string;
  /** What is wrong, with the value found. */
  readonly message: string;
  /** What is allowed. */
  readonly expected?: string;
  /** The nearest right name. */
  readonly suggestion?: string;
}

/** `cmds.setMode.arguments`, `connections[0]`; keys that are not plain names are quoted. */
export function formatPath(path: YamlPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w$-]+$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** One finding as text: `file:line:column: error: message (at path); expected …; did you mean 'x'? [code]`. */
export function formatFinding(finding: Finding): string {
  const { file, line, column, severity, message, path, expected, suggestion, code } = finding;
  let text = `${file}:${line}:${column}: ${severity}: ${message}`;
  if (path !== '') text += ` (at ${path})`;
  if (expected !== undefined) text += `; expected ${expected}`;
  if (suggestion !== undefined) text += `; did you mean '${suggestion}'?`;
  return `${text} [${code}]`;
}

/** Findings in the order of file, line, column, code; each on its own line. */
export function formatFindings(findings: readonly Finding[]): string {
  return sortFindings(findings).map(formatFinding).join('\n');
}

/** A sorted copy: by file, line, column, code, message. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return [...findings].sort(
    (a, b) =>
      compareText(a.file, b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      compareText(a.code, b.code) ||
      compareText(a.message, b.message),
  );
}

/** True when one of the findings is an error. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}

/** Code unit order: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
