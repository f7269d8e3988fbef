// SPDX-License-Identifier: Apache-2.0
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isJsonObject, type Finding, type Json, type YamlSource } from '@carabiner/dialect';
// By file, since the whole library is ten times as much to load.
import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';
import { findInstalled, type ModulePackage } from './package-scan.js';

const CORE = '@carabiner/core';
const COPIES = Symbol.for('carabiner.core.copies');

/** A place instead of a range (`file:…`, `workspace:…`, a Git address): it says nothing of the version. */
const PLACE = /[:/]/;

/** This copy of the core: where it lies and its version. */
export const THIS_CORE: { readonly folder: string; readonly version: string } = (() => {
  const folder = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..', '..'));
  return { folder, version: versionIn(folder) };
})();

interface Copy {
  readonly folder: string;
  readonly version: string;
}

/** Every copy of the core that was loaded into this process enters itself here. */
const copies = sharedList();
copies.push(THIS_CORE);

function sharedList(): Copy[] {
  const shared = globalThis as { [key: symbol]: Copy[] | undefined };
  const known = shared[COPIES];
  if (known !== undefined) return known;
  const made: Copy[] = [];
  shared[COPIES] = made;
  return made;
}

/** Warnings for other copies of the core in this process, for example one that was bundled into a plugin. */
export function otherCopies(source: YamlSource): readonly Finding[] {
  return copies
    .filter(({ folder }) => folder !== THIS_CORE.folder)
    .map(({ folder, version }) =>
      source.finding([], {
        severity: 'warning',
        code: 'second-core',
        message: `another copy of ${CORE} (${version} in ${folder}) was loaded beside this one (${THIS_CORE.version} in ${THIS_CORE.folder})`,
        expected: 'one copy, installed as a peer dependency of the plugins',
      }),
    );
}

/** Why a package cannot work with this core; empty when it can. */
export function coreProblems(
  { name, folder, packageJson }: ModulePackage,
  core = THIS_CORE,
): readonly { readonly code: string; readonly message: string; readonly expected: string }[] {
  const problems: { readonly code: string; readonly message: string; readonly expected: string }[] = [];
  const peers = packageJson['peerDependencies'];
  const range = isJsonObject(peers) ? peers[CORE] : undefined;
  if (range === undefined)
    problems.push({
      code: 'core-not-a-peer',
      message: `package ${name} does not name ${CORE} among its peerDependencies`,
      expected: `"peerDependencies": { "${CORE}": "^${core.version}" }`,
    });
  else if (typeof range !== 'string' || (validRange(range) === null && !PLACE.test(range)))
    problems.push({
      code: 'bad-core-range',
      message: `package ${name} has ${JSON.stringify(range)} as range of ${CORE}`,
      expected: 'a version range',
    });
  else if (!PLACE.test(range) && !satisfies(core.version, range, { includePrerelease: true }))
    problems.push({
      code: 'core-version',
      message: `package ${name} was made for ${CORE} ${range}, this is ${core.version}`,
      expected: `a version of ${name} that works with ${CORE} ${core.version}`,
    });
  const seen = findInstalled(folder, CORE);
  if (seen !== undefined && seen !== core.folder)
    problems.push({
      code: 'second-core',
      message: `package ${name} would load a second copy of ${CORE} (${versionIn(seen)} in ${seen})`,
      expected: `the one copy in ${core.folder}; install ${CORE} once, as a peer dependency`,
    });
  return problems;
}

function versionIn(folder: string): string {
  const packageJson = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Json;
  const version = isJsonObject(packageJson) ? packageJson['version'] : undefined;
  return typeof version === 'string' ? version : '0.0.0';
}
