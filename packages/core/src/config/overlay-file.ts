// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Document, isMap, parseDocument } from '@carabiner/dialect/yaml';
import { CarabinerError, toError } from '../exceptions/index.js';
import { Mutex } from '../lifecycle/mutex.js';

/** The overlay file could not be read or written; the value counts until the next start only. */
export class OverlayError extends CarabinerError {
  readonly code = 'OVERLAY_NOT_WRITTEN';
}

/**
 * The overlay of a composition: values that were set at run time. Comments and order of the file are kept. A reader sees
 * the old file or the new one, never a part of it, also after a power failure.
 */
export class OverlayFile {
  readonly #mutex = new Mutex();

  /** @param path - created with its folder when the first value is written */
  constructor(readonly path: string) {}

  /**
   * Sets values, each at its path from the root of the file.
   *
   * @throws OverlayError
   */
  set(
    values: readonly { readonly path: readonly string[]; readonly value: string | number | boolean }[],
  ): Promise<void> {
    return this.#mutex.run(async () => {
      try {
        const document = await this.#read();
        for (const { path, value } of values) document.setIn(path, value);
        await writeAtomically(this.path, document.toString({ lineWidth: 0 }));
      } catch (thrown) {
        const cause = toError(thrown);
        throw new OverlayError(`the overlay ${this.path} could not be written: ${cause.message}`, { cause });
      }
    });
  }

  async #read(): Promise<Document> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return new Document({});
      throw thrown;
    }
    const document = parseDocument(text, { version: '1.2' });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return isMap(document.contents) ? document : new Document({});
  }
}

/** Writes a file under another name, makes it durable, and moves it into place. */
async function writeAtomically(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
