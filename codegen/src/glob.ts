// SPDX-License-Identifier: Apache-2.0
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The files that a pattern names, sorted. `*` stands for any part of a name, `**` for any folders; a pattern without
 * either is the file itself. Folders `node_modules` and those whose name begins with a dot are left out.
 *
 * @param cwd what relative patterns start at
 */
export function glob(pattern: string, cwd: string): string[] {
  const steps = pattern.split('/');
  const fixed = steps.findIndex((step) => step.includes('*'));
  if (fixed === -1) return isFile(join(cwd, pattern)) ? [pattern] : [];
  const start = steps.slice(0, fixed).join('/') || (pattern.startsWith('/') ? '/' : '.');
  const found = new Set<string>();
  walk(start, steps.slice(fixed), cwd, found);
  return [...found].sort();
}

function walk(folder: string, steps: readonly string[], cwd: string, found: Set<string>): void {
  const [step, ...rest] = steps;
  if (step === undefined) return;
  if (step === '**') walk(folder, rest, cwd, found);
  for (const entry of entriesOf(resolved(folder, cwd))) {
    const path = folder === '.' ? entry.name : join(folder, entry.name);
    const hidden = entry.name === 'node_modules' || entry.name.startsWith('.');
    if (step === '**') {
      if (entry.isDirectory() && !hidden) walk(path, steps, cwd, found);
    } else if (matches(entry.name, step)) {
      if (rest.length === 0 && entry.isFile()) found.add(path);
      else if (rest.length > 0 && entry.isDirectory() && !(hidden && step.includes('*')))
        walk(path, rest, cwd, found);
    }
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function resolved(folder: string, cwd: string): string {
  return folder.startsWith('/') ? folder : join(cwd, folder);
}

function matches(name: string, step: string): boolean {
  const parts = step.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'u').test(name);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
