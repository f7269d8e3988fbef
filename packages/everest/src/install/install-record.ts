// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { EverestInstallError } from './install-error.js';
import { RECORD_FILE } from './installation-layout.js';

const FORMAT = z.strictObject({
  format: z.literal(1),
  modules: z.record(
    z.string(),
    z.strictObject({ package: z.string(), version: z.string(), names: z.array(z.string()) }),
  ),
  files: z.record(z.string(), z.strictObject({ sha256: z.string(), modules: z.array(z.string()) })),
  folders: z.array(z.string()),
});

/** What was installed below a prefix. Paths are relative to it. */
export interface InstallRecord {
  /** By the name that the module's package gives it. */
  readonly modules: ReadonlyMap<string, RecordedModule>;
  readonly files: ReadonlyMap<string, RecordedFile>;
  /** Folders that were made for the files. */
  readonly folders: ReadonlySet<string>;
}

/** An installed module. */
export interface RecordedModule {
  readonly package: string;
  readonly version: string;
  /** Names under which EVerest's configurations may use it. */
  readonly names: readonly string[];
}

/** A file that was written. */
export interface RecordedFile {
  readonly sha256: string;
  /** Modules that need it; several share the file of an interface. */
  readonly modules: readonly string[];
}

/**
 * Reads the record of a prefix; an empty one when nothing was installed.
 *
 * @throws EverestInstallError when it cannot be understood
 */
export function readRecord(prefix: string): InstallRecord {
  const text = fileText(join(prefix, RECORD_FILE));
  if (text === undefined) return { modules: new Map(), files: new Map(), folders: new Set() };
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = undefined;
  }
  const read = FORMAT.safeParse(data);
  if (!read.success)
    throw new EverestInstallError(
      `${join(prefix, RECORD_FILE)} is not what an installation writes: restore it, or remove it with the modules by hand`,
    );
  const { modules, files, folders } = read.data;
  return {
    modules: new Map(Object.entries(modules)),
    files: new Map(Object.entries(files)),
    folders: new Set(folders),
  };
}

/** The record as text, the same for the same content. */
export function recordText({ modules, files, folders }: InstallRecord): string {
  const sorted = <T>(map: ReadonlyMap<string, T>): Record<string, T> =>
    Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
  const data = { format: 1, modules: sorted(modules), files: sorted(files), folders: [...folders].sort() };
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

/** Text of a file; undefined when there is none. */
export function fileText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw error;
  }
}

/** SHA-256 of a text, hexadecimal. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
