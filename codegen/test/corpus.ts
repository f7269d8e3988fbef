// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** EVerest's own files; they are not part of the repository. Ends with a slash. */
export const CORPUS = fileURLToPath(new URL('../../../shared/everest-corpus/', import.meta.url));

/** True when EVerest's own files are at hand. */
export const hasCorpus = existsSync(CORPUS);

/** The repository. Ends with a slash. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A fixture folder or file. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../test/fixtures/${name}`, import.meta.url));
}
