// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  nearestName,
  readManifest,
  YamlSource,
  type Finding,
  type ManifestModel,
  type ManifestResult,
  type SpecSet,
} from '@carabiner/dialect';
import { glob } from './glob.js';

/** Files of the output directory that no module may overwrite. */
const TAKEN = ['formats', 'index', 'validation'];

/** Reads manifests; those that have not changed since the last reading are not read again. */
export class ManifestReader {
  readonly #known = new Map<string, { readonly version: string; readonly result: ManifestResult }>();

  /** Reads every manifest that a pattern names and checks the interfaces they mention. */
  read(
    patterns: readonly string[],
    specs: SpecSet,
    cwd: string,
  ): { readonly manifests: ManifestModel[]; readonly findings: Finding[] } {
    const findings: Finding[] = [];
    const manifests = new Map<string, ManifestModel>();
    const known = specs.names('interfaces');
    for (const pattern of patterns) {
      const paths = glob(pattern, cwd);
      if (paths.length === 0) {
        findings.push(
          new YamlSource(pattern, null).finding([], {
            code: 'no-manifest',
            message: 'no manifest matches the pattern',
            expected: 'the path of a manifest; * and ** stand for names and folders',
          }),
        );
      }
      for (const path of paths) {
        const { manifest, findings: own } = this.#read(resolve(cwd, path), path);
        findings.push(...own, ...clashes(manifest, manifests), ...unknownInterfaces(manifest, known));
        manifests.set(manifest.module, manifest);
      }
    }
    return { manifests: [...manifests.values()].sort((a, b) => (a.module < b.module ? -1 : 1)), findings };
  }

  #read(path: string, file: string): ManifestResult {
    const stats = statSync(path, { throwIfNoEntry: false });
    const version = stats === undefined ? '' : `${stats.mtimeMs} ${stats.size}`;
    const known = this.#known.get(path);
    if (known !== undefined && known.version === version) return known.result;
    const result = readManifest(path, { file });
    this.#known.set(path, { version, result });
    return result;
  }
}

function clashes(manifest: ManifestModel, others: ReadonlyMap<string, ManifestModel>): Finding[] {
  const { module, source } = manifest;
  const name = module.toLowerCase();
  if (TAKEN.includes(name)) {
    return [
      source.finding([], {
        code: 'name-clash',
        message: `a module cannot be called '${module}': the generator writes a file of that name`,
      }),
    ];
  }
  if (module === 'Module') {
    return [
      source.finding([], {
        code: 'name-clash',
        message: `a module cannot be called '${module}': its code would declare names that it imports from @carabiner/core`,
        expected: 'another name',
      }),
    ];
  }
  const other = [...others.values()].find((candidate) => candidate.module.toLowerCase() === name);
  if (other === undefined || other.source.file === source.file) return [];
  return [
    source.finding([], {
      code: 'name-clash',
      message: `module '${module}' is defined in ${other.source.file} as '${other.module}'`,
      expected: 'one manifest for each module, with names that differ on every file system',
    }),
  ];
}

function unknownInterfaces(manifest: ManifestModel, known: readonly string[]): Finding[] {
  const uses = (['provides', 'requires'] as const).flatMap((group) =>
    Object.entries<{ readonly interface: string }>(manifest[group]).map(([id, model]) => ({
      path: [group, id, 'interface'],
      name: model.interface,
    })),
  );
  return uses
    .filter(({ name }) => name !== '' && !known.includes(name))
    .map(({ path, name }) =>
      manifest.source.finding(path, {
        code: 'unknown-interface',
        message: `there is no interface '${name}'`,
        expected: 'an interface of the given specifications',
        suggestion: nearestName(name, known),
      }),
    );
}
