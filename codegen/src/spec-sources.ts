// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { SpecDirectory } from '@carabiner/dialect';

/** A `--specs` argument, resolved. */
export interface SpecSource {
  readonly directory: SpecDirectory;
  /** The npm package whose generated code is imported; undefined when the code is generated here. */
  readonly packageName?: string;
}

interface PackageJson {
  readonly name?: unknown;
  readonly carabiner?: { readonly specs?: unknown };
}

/**
 * Resolves a `--specs` argument: a folder, or the name of an installed npm package. A folder that a package other than
 * the output's declares as its `carabiner.specs` counts as that package: its code is imported, not generated again.
 *
 * @param out output directory
 */
export function resolveSpecs(argument: string, out: string, cwd: string): SpecSource {
  const folder = resolve(cwd, argument);
  if (existsSync(folder)) {
    const owner = packageOf(folder);
    const ours = packageOf(resolve(cwd, out));
    if (owner?.specs !== undefined && real(owner.specs) === real(folder) && owner.root !== ours?.root) {
      return imported(owner.name, folder, argument);
    }
    return { directory: { path: folder, label: argument } };
  }
  if (!isAbsolute(argument) && !argument.startsWith('.')) {
    for (let at = resolve(cwd, out); ; at = dirname(at)) {
      const root = join(at, 'node_modules', argument);
      const found = readPackage(root);
      if (found?.specs !== undefined) return imported(found.name, found.specs, argument);
      if (dirname(at) === at) break;
    }
  }
  return { directory: { path: folder, label: argument } };
}

function imported(name: string, path: string, label: string): SpecSource {
  return { directory: { path, label, lazy: true }, packageName: name };
}

interface FoundPackage {
  readonly name: string;
  readonly root: string;
  readonly specs: string | undefined;
}

/** The package that a path belongs to. */
function packageOf(path: string): FoundPackage | undefined {
  for (let at = path; ; at = dirname(at)) {
    const found = readPackage(at);
    if (found !== undefined) return found;
    if (dirname(at) === at) return undefined;
  }
}

function readPackage(root: string): FoundPackage | undefined {
  let data: PackageJson;
  try {
    data = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageJson;
  } catch {
    return undefined;
  }
  const { name, carabiner } = data;
  if (typeof name !== 'string') return undefined;
  const specs = typeof carabiner?.specs === 'string' ? join(root, carabiner.specs) : undefined;
  return { name, root: real(root), specs };
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
