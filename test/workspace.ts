// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What these tests read of a `package.json`. */
export interface PackageManifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<
    Record<string, string | { readonly types?: string; readonly default?: string }>
  >;
  readonly bin?: Readonly<Record<string, string>>;
  readonly carabiner?: {
    readonly modules?: Readonly<Record<string, string | { readonly manifest: string }>>;
  };
  readonly [key: string]: unknown;
}

/** A package of this repository. */
export interface WorkspacePackage {
  /** Folder, relative to the root. */
  readonly folder: string;
  readonly manifest: PackageManifest;
}

/** The text of a file of the repository. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** All packages that are published. */
export function publicPackages(): WorkspacePackage[] {
  return ['codegen', ...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`)]
    .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(textOf(`${folder}/package.json`)) as PackageManifest,
    }))
    .filter(({ manifest }) => manifest.private !== true);
}

/** The files under version control, or undefined where there is no version control. */
export function trackedFiles(): string[] | undefined {
  if (!existsSync(join(ROOT, '.git'))) return undefined;
  return execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)));
}
