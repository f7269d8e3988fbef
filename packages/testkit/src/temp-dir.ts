// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is gone at the end: `await using folder = await tempDir()`. */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Path of something in the folder. */
  join(...parts: readonly string[]): string;
  /** Removes the folder with all that is in it. */
  remove(): Promise<void>;
}

/** Makes an empty folder for one test. */
export async function tempDir(prefix = 'carabiner-'): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)));
  const remove = async (): Promise<void> => {
    await rm(path, { recursive: true, force: true });
  };
  return { path, join: (...parts) => join(path, ...parts), remove, [Symbol.asyncDispose]: remove };
}
