// SPDX-License-Identifier: Apache-2.0
import { open, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes names that were created, changed or removed in the file's folder survive a power failure. */
export async function syncFolderOf(file: string): Promise<void> {
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Renames a file durably. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolderOf(to);
}

/** Writes a whole file so that after a power failure either all of it is there or what was before. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const temporary = `${file}.tmp`;
  await writeFile(temporary, text, { flush: true });
  await renameDurably(temporary, file);
}
