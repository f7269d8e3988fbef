// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RECORD_FILE } from './installation-layout.js';
import { recordText, type InstallRecord } from './install-record.js';

/** What happens to one file. */
export interface FileAction {
  /**
   * `write`: new or newer. `same`: is there already. `foreign`: belongs to somebody else and stays. `changed`: was
   * changed by somebody since it was written and stays. `remove`: is no longer needed.
   */
  readonly kind: 'write' | 'same' | 'foreign' | 'changed' | 'remove';
  /** Relative to the prefix. */
  readonly path: string;
}

/** A change of an installation, worked out but not made. */
export interface InstallChange {
  readonly actions: readonly FileAction[];
  /** Text of the files to write. */
  readonly texts: ReadonlyMap<string, string>;
  /** What is to be recorded; `folders` is completed when the change is made. */
  readonly record: InstallRecord;
}

/**
 * Makes a change. The record is written first, so that a change that was interrupted can be undone by an uninstallation;
 * every file appears complete or not at all.
 */
export function makeChange(prefix: string, { actions, texts, record }: InstallChange): void {
  const folders = new Set(record.folders);
  const written = actions.filter(({ kind }) => kind === 'write').map(({ path }) => path);
  if (record.modules.size > 0)
    for (const path of [...written, RECORD_FILE])
      for (const folder of foldersAbove(path)) if (!existsSync(join(prefix, folder))) folders.add(folder);
  const complete = { ...record, folders };
  if (record.modules.size > 0) writeWhole(join(prefix, RECORD_FILE), recordText(complete));
  for (const path of written) writeWhole(join(prefix, path), texts.get(path) ?? '');
  for (const { kind, path } of actions) if (kind === 'remove') rmSync(join(prefix, path), { force: true });
  if (record.modules.size === 0) rmSync(join(prefix, RECORD_FILE), { force: true });
  const left = removeEmpty(prefix, folders);
  if (record.modules.size > 0 && left.size < folders.size)
    writeWhole(join(prefix, RECORD_FILE), recordText({ ...record, folders: left }));
}

/** Removes those of the folders that are empty, deepest first, and says which are left. */
function removeEmpty(prefix: string, folders: ReadonlySet<string>): ReadonlySet<string> {
  const left = new Set(folders);
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    const path = join(prefix, folder);
    if (existsSync(path)) {
      if (readdirSync(path).length > 0) continue;
      rmdirSync(path);
    }
    left.delete(folder);
  }
  return left;
}

function foldersAbove(path: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.push(folder);
  return folders;
}

function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, text, { mode: 0o644 });
  renameSync(temporary, path);
}
