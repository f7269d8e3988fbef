// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatFindings, SpecSet } from '@carabiner/dialect';

/** Files by path below a specification directory. */
export interface SpecFiles {
  readonly [path: string]: string;
}

/** Runs `use` with directories that hold the given files, and removes them afterwards. */
export function withDirectories<Result>(
  sets: readonly SpecFiles[],
  use: (paths: string[]) => Result,
): Result {
  const root = mkdtempSync(join(tmpdir(), 'carabiner-dialect-'));
  try {
    const paths = sets.map((files, index) => {
      const folder = join(root, String(index));
      mkdirSync(folder);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      return folder;
    });
    return use(paths);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A set of specifications read from the given files. */
export function specsOf(...sets: readonly SpecFiles[]): SpecSet {
  return withDirectories(sets, (paths) =>
    SpecSet.read(paths.map((path, index) => ({ path, label: sets.length > 1 ? `specs${index}` : 'specs' }))),
  );
}

/** The findings of a set, a line each. */
export function findingsOf(...sets: readonly SpecFiles[]): string[] {
  return formatFindings(specsOf(...sets).findings)
    .split('\n')
    .filter((line) => line !== '');
}
