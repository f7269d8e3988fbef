// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { StampFile } from './stamp.js';
import { compareOutput, writeOutput, type OutputChanges, type OutputSet } from './output.js';
import type { Generated, GenerateOptions } from './generate.js';

/** One run of the generator. */
export interface RunOptions extends GenerateOptions {
  /** Write nothing; tell what would change. */
  readonly check?: boolean;
  /** Print no warnings and no summary. */
  readonly quiet?: boolean;
}

/** Where a run writes to; the process's own streams by default. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
}

/** The streams of the process. */
export const PROCESS: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
};

/** 0 good, 1 something would change, 2 errors. */
export type ExitCode = 0 | 1 | 2;

/**
 * Generates and writes, or checks. A run whose inputs and outputs are as the last good run left them does no work.
 *
 * @returns 0 good, 1 something would change (with `check`), 2 errors; nothing is written then
 */
export async function run(options: RunOptions, terminal: Terminal = PROCESS): Promise<ExitCode> {
  const { check = false, quiet = false, ...inputs } = options;
  const stamp = new StampFile(inputs);
  const current = stamp.current();
  if (current !== undefined) {
    if (!quiet && current.report !== '') terminal.error(current.report);
    if (!quiet) terminal.out(`${options.out}: ${current.files} files, nothing changed`);
    return 0;
  }
  const { generate } = await import('./generate.js');
  const generated = await generate(inputs);
  const report = await reportFindings(generated, quiet, terminal);
  if (report === undefined) return 2;
  const sets = outputSets(options, generated);
  const changes = sets.map(compareOutput);
  if (check) return reportChanges(sets, changes, terminal);
  if (!tryWrite(sets, changes, terminal)) return 2;
  stamp.write(sets, report);
  if (!quiet) terminal.out(summary(options.out, sets, changes));
  return 0;
}

/** Prints findings; undefined when there is an error among them, else the printed text. */
export async function reportFindings(
  { findings }: Generated,
  quiet: boolean,
  terminal: Terminal,
): Promise<string | undefined> {
  const { formatFindings, hasErrors } = await import('@carabiner/dialect');
  const report = formatFindings(findings);
  const failed = hasErrors(findings);
  if (report !== '' && (failed || !quiet)) terminal.error(report);
  if (!failed) return report;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  terminal.error(`${errors} error${errors === 1 ? '' : 's'}; nothing was written`);
  return undefined;
}

/** The output directories with what belongs there. */
export function outputSets(options: GenerateOptions, generated: Generated): OutputSet[] {
  const set = (label: string | undefined, files: OutputSet['files']): OutputSet[] =>
    label === undefined ? [] : [{ label, directory: resolve(options.cwd ?? process.cwd(), label), files }];
  return [
    ...set(options.out, generated.files),
    ...set(options.jsonSchema, generated.jsonSchema),
    ...set(options.docs, generated.docs),
  ];
}

/** Writes all sets; false and a message when the file system refuses. */
export function tryWrite(
  sets: readonly OutputSet[],
  changes: readonly OutputChanges[],
  terminal: Terminal,
): boolean {
  for (const [index, set] of sets.entries()) {
    try {
      writeOutput(set, changes[index] ?? { added: [], changed: [], removed: [] });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      terminal.error(`${set.label}: error: the output cannot be written: ${reason} [unwritable-output]`);
      return false;
    }
  }
  return true;
}

/** `out: 12 files: 1 new, 2 changed, 0 removed` */
export function summary(
  label: string,
  sets: readonly OutputSet[],
  changes: readonly OutputChanges[],
): string {
  const count = (of: (change: OutputChanges) => readonly string[]): number =>
    changes.reduce((sum, change) => sum + of(change).length, 0);
  const files = sets.reduce((sum, set) => sum + set.files.size, 0);
  const [added, changed, removed] = [count((c) => c.added), count((c) => c.changed), count((c) => c.removed)];
  if (added + changed + removed === 0) return `${label}: ${files} files, nothing changed`;
  return `${label}: ${files} files: ${added} new, ${changed} changed, ${removed} removed`;
}

function reportChanges(
  sets: readonly OutputSet[],
  changes: readonly OutputChanges[],
  terminal: Terminal,
): ExitCode {
  let count = 0;
  for (const [index, { label }] of sets.entries()) {
    for (const [verb, paths] of [
      ['add', changes[index]?.added],
      ['change', changes[index]?.changed],
      ['remove', changes[index]?.removed],
    ] as const) {
      for (const path of paths ?? []) {
        terminal.out(`would ${verb} ${label}/${path}`);
        count++;
      }
    }
  }
  return count > 0 ? 1 : 0;
}
