// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { formatFindings, hasErrors } from '@carabiner/dialect';
import { generate, type GenerateOptions } from './generate.js';
import { compareOutput, writeOutput } from './output.js';

/** One run of the generator. */
export interface RunOptions extends GenerateOptions {
  /** Write nothing; tell what would change. */
  readonly check?: boolean;
}

/** Where a run writes to; the process's own streams by default. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
}

const PROCESS: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  error: (text) => void process.stderr.write(`${text}\n`),
};

/**
 * Generates and writes, or checks.
 *
 * @returns exit code: 0 good, 1 something would change (with `check`), 2 errors; nothing is written then
 */
export async function run(options: RunOptions, terminal: Terminal = PROCESS): Promise<0 | 1 | 2> {
  const { files, findings } = await generate(options);
  if (findings.length > 0) terminal.error(formatFindings(findings));
  if (hasErrors(findings)) {
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    terminal.error(`${errors} error${errors === 1 ? '' : 's'}; nothing was written`);
    return 2;
  }
  const out = resolve(options.cwd ?? process.cwd(), options.out);
  const changes = compareOutput(out, files);
  const { added, changed, removed } = changes;
  const count = added.length + changed.length + removed.length;
  if (options.check === true) {
    for (const path of added) terminal.out(`would add ${options.out}/${path}`);
    for (const path of changed) terminal.out(`would change ${options.out}/${path}`);
    for (const path of removed) terminal.out(`would remove ${options.out}/${path}`);
    return count > 0 ? 1 : 0;
  }
  try {
    writeOutput(out, files, changes);
  } catch (error) {
    terminal.error(
      `${options.out}: error: the output cannot be written: ${error instanceof Error ? error.message : String(error)} [unwritable-output]`,
    );
    return 2;
  }
  terminal.out(
    count === 0
      ? `${options.out}: ${files.size} files, nothing changed`
      : `${options.out}: ${files.size} files: ${added.length} new, ${changed.length} changed, ${removed.length} removed`,
  );
  return 0;
}
