// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { INT32_MAX, INT32_MIN } from '@carabiner/dialect';
import { Document, Scalar, isMap, isScalar, parseDocument } from '@carabiner/dialect/yaml';
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
        for (const { path, value } of values) setScalar(document, path, value);
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
      if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
        return new Document({}, DIALECT);
      throw thrown;
    }
    const document = parseDocument(text, DIALECT);
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return isMap(document.contents) ? document : new Document({}, DIALECT);
  }
}

/** Scalars are texts here, as in the dialect's own reader: what is not set is written as it was read. */
const DIALECT = { schema: 'failsafe', version: '1.2' } as const;

/** Sets a value so that the dialect reads the same one; a comment beside the former one stays. */
function setScalar(document: Document, path: readonly string[], value: string | number | boolean): void {
  const scalar = new Scalar(typeof value === 'string' ? value : plainText(value));
  // Without quotes, many a text would be a number, true, null or nothing that the dialect takes.
  scalar.type = typeof value === 'string' ? 'QUOTE_DOUBLE' : 'PLAIN';
  const present = document.getIn(path, true);
  if (isScalar(present)) Object.assign(present, { value: scalar.value, type: scalar.type });
  else document.setIn(path, scalar);
}

function plainText(value: number | boolean): string {
  const text = String(value);
  const isLong = typeof value === 'number' && (value > INT32_MAX || value < INT32_MIN);
  // The dialect's integers have 32 bits; with a fraction it is a number.
  return isLong && /^-?\d+$/.test(text) ? `${text}.0` : text;
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
