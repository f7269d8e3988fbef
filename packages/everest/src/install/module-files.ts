// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SpecSet, type InterfaceModel, type ManifestModel } from '@carabiner/dialect';
import type { InstalledModule } from '@carabiner/core';
import { EverestInstallError } from './install-error.js';
import { moduleFolder, SPECS_FOLDER } from './installation-layout.js';
import { startFile } from './start-file.js';

/** What a module needs below the prefix, text by relative path. */
export interface ModuleFiles {
  /** `manifest.yaml` and `index.js` under each name. */
  readonly own: ReadonlyMap<string, string>;
  /** Interfaces it provides or requires, with their types and errors. */
  readonly specs: ReadonlyMap<string, string>;
  /** Names of those interfaces. */
  readonly interfaces: readonly string[];
  readonly specSet: SpecSet;
}

/**
 * Collects what EVerest's manager needs to load a module: its manifest and program under each of its names, and the
 * specifications of its interfaces.
 *
 * @throws EverestInstallError when an interface of the manifest has no specification
 */
export function moduleFiles(
  { package: from, declared }: InstalledModule,
  manifest: ManifestModel,
  names: readonly string[],
): ModuleFiles {
  const own = new Map<string, string>();
  const manifestText = readFileSync(declared.manifest, 'utf8');
  const index = startFile({
    module: declared.module,
    packageName: from.name,
    version: from.version,
    packageFolder: from.folder,
  });
  for (const name of names) {
    own.set(`${moduleFolder(name)}/manifest.yaml`, manifestText);
    own.set(`${moduleFolder(name)}/index.js`, index);
  }
  const interfaces = [
    ...new Set(
      [...Object.values(manifest.provides), ...Object.values(manifest.requires)].map(
        (each) => each.interface,
      ),
    ),
  ].sort();
  const specSet = SpecSet.read(specFoldersOf(from.folder).map((path) => ({ path, lazy: true })));
  const specs = new Map<string, string>();
  const add = (kind: 'interfaces' | 'types' | 'errors', name: string): void => {
    const file = specSet.file(kind, name);
    if (file !== undefined)
      specs.set(`${SPECS_FOLDER}/${kind}/${name}.yaml`, readFileSync(file.path, 'utf8'));
  };
  for (const name of interfaces) {
    const model = specSet.interface(name);
    if (model === undefined)
      throw new EverestInstallError(
        `module ${declared.module} uses the interface '${name}', of which neither ${from.name} nor @carabiner/interfaces ` +
          'has a specification (specs/interfaces)',
      );
    add('interfaces', name);
    for (const file of specSet.typeFilesOf(model)) add('types', file);
    for (const file of errorFilesOf(model)) add('errors', file);
  }
  return { own, specs, interfaces, specSet };
}

function errorFilesOf(model: InterfaceModel): readonly string[] {
  return [...new Set(model.errors.map(({ file }) => file))];
}

/** Specifications as the package sees them: those of the interfaces package, then its own. */
function specFoldersOf(packageFolder: string): readonly string[] {
  const interfaces = [join(packageFolder, 'package.json'), import.meta.url].flatMap((from) => {
    try {
      return [dirname(createRequire(from).resolve('@carabiner/interfaces/package.json'))];
    } catch {
      return [];
    }
  });
  return [...interfaces.slice(0, 1), packageFolder]
    .map((folder) => join(folder, 'specs'))
    .filter((folder) => existsSync(folder));
}
