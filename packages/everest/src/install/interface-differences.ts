// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compareInterfaces, SpecSet, type InterfaceVersion, type ManifestModel } from '@carabiner/dialect';
import type { ModuleFiles } from './module-files.js';

/**
 * What the interfaces of an installation, which stay as they are, demand otherwise than those a module was made for.
 *
 * @param specsFolder - of the installation
 * @returns sentences for a warning
 */
export function differencesOf(
  specsFolder: string,
  { interfaces, specSet }: Pick<ModuleFiles, 'interfaces' | 'specSet'>,
  manifest: ManifestModel,
): readonly string[] {
  const present = interfaces.filter((name) => existsSync(join(specsFolder, 'interfaces', `${name}.yaml`)));
  if (present.length === 0) return [];
  const theirs = SpecSet.read([{ path: specsFolder, lazy: true }]);
  const provided = new Set(Object.values(manifest.provides).map((each) => each.interface));
  const required = new Set(Object.values(manifest.requires).map((each) => each.interface));
  return present.flatMap((name) => {
    const [ours, installed] = [versionOf(specSet, name), versionOf(theirs, name)];
    if (ours === undefined) return [];
    if (installed === undefined)
      return [
        `the interface '${name}' of this EVerest cannot be read; the one of ${manifest.module} differs from it`,
      ];
    return compareInterfaces(ours, installed)
      .filter(
        ({ providers, consumers }) =>
          (provided.has(name) && providers === 'breaking') ||
          (required.has(name) && consumers === 'breaking'),
      )
      .map(
        ({ file, path, message }) =>
          `${manifest.module} was made for another version of '${name}' than this EVerest has: ${file} ${path}: ${message}`,
      );
  });
}

function versionOf(specs: SpecSet, name: string): InterfaceVersion | undefined {
  const model = specs.interface(name);
  if (model === undefined) return undefined;
  const files = specs.typeFilesOf(model);
  return {
    name,
    definition: {
      cmds: Object.fromEntries(
        Object.entries(model.commands).map(([command, { arguments: schemas, result }]) => [
          command,
          { arguments: schemas, ...(result === undefined ? {} : { result }) },
        ]),
      ),
      vars: model.variables,
    },
    types: Object.fromEntries(files.map((file) => [`/${file}`, specs.typeFile(file)?.types ?? {}])),
    errors: specs.errorsOf(model).map(({ type }) => type),
  };
}
