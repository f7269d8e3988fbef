// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import {
  hasErrors,
  nearestName,
  formatFindings,
  readManifest,
  type FindingText,
  type ManifestModel,
  type ManifestResult,
} from '@carabiner/dialect';
import type { ModuleCatalogue } from './check-composition.js';
import type { ModuleClass } from '../injection/module-class.js';
import { coreProblems } from './core-copy.js';
import { digestOf, shapeOf, type ModuleShape } from './module-shape.js';
import { importModule, loadModule } from './load-module.js';
import { findInstalled, findModulePackage, scanPackages } from './package-scan.js';
import type { DeclaredModule, ModulePackage } from './package-scan.js';
import type { ModuleEntry } from './run-configuration.js';

/** A module of an installed package. */
export interface InstalledModule {
  readonly package: ModulePackage;
  readonly declared: DeclaredModule;
}

/** Modules of the packages that are installed for a folder. */
export class PackageCatalogue implements ModuleCatalogue {
  #packages: readonly ModulePackage[] | undefined;

  /** @param folder - of the composition */
  constructor(private readonly folder: string) {}

  /** All packages with modules. Read when first asked for. */
  get packages(): readonly ModulePackage[] {
    this.#packages ??= scanPackages(this.folder);
    return this.#packages;
  }

  find(entry: ModuleEntry): ModuleShape | FindingText {
    const installed = this.locate(entry);
    if ('code' in installed) return installed;
    const problem = coreProblems(installed.package)[0];
    if (problem !== undefined) return problem;
    return this.manifestOf(installed);
  }

  /** The package with this name; undefined when it is not installed or has no modules. */
  packageOf(name: string): ModulePackage | undefined {
    return findModulePackage(this.folder, name) ?? this.packages.find((each) => each.name === name);
  }

  /**
   * The class of an installed module, which agrees with its manifest.
   *
   * @param timeoutMs - limit of the import, in milliseconds of the machine's clock
   * @param digest - {@link digestOf} of the manifest, from a process that has read it; a class that fits is taken
   *   without another look at the manifest
   */
  async classOf(
    installed: InstalledModule,
    timeoutMs: number,
    digest?: string,
  ): Promise<ModuleClass | FindingText> {
    const problem = coreProblems(installed.package)[0];
    if (problem !== undefined) return problem;
    if (digest !== undefined) {
      const loaded = await importModule(installed, timeoutMs);
      if ('code' in loaded || digestOf(shapeOf(loaded.descriptor)) === digest) return loaded;
    }
    const manifest = this.manifestOf(installed);
    return 'code' in manifest ? manifest : await loadModule(installed, manifest, timeoutMs);
  }

  /** The package and declaration of an entry's module, or why there is none. */
  locate({
    module,
    package: wanted,
  }: Pick<ModuleEntry, 'module' | 'package'>): InstalledModule | FindingText {
    if (wanted !== undefined) return this.#inPackage(module, wanted);
    const found = this.#all().filter(({ declared }) => answersTo(declared, module));
    const [first, second] = found;
    if (first === undefined) {
      const names = this.#all().flatMap(({ declared }) => [declared.module, ...declared.aliases]);
      return {
        code: 'unknown-module',
        message: `no installed package declares a module '${module}'`,
        expected: names.length === 0 ? 'an installed package with modules' : `one of ${names.join(', ')}`,
        suggestion: nearestName(module, names),
      };
    }
    if (second !== undefined)
      return {
        code: 'ambiguous-module',
        message: `several packages declare a module '${module}': ${found.map((each) => each.package.name).join(', ')}`,
        expected: `the key 'package' with one of them`,
      };
    return first;
  }

  /** The manifest of an installed module, read once. */
  manifestOf({ package: { name }, declared }: InstalledModule): ManifestModel | FindingText {
    const { manifest, findings } = readOnce(declared);
    return hasErrors(findings)
      ? {
          code: 'bad-manifest',
          message: `the manifest of '${declared.module}' in package ${name} has errors: ${formatFindings(findings)}`,
          expected: 'a manifest without errors',
        }
      : manifest;
  }

  #all(): readonly InstalledModule[] {
    return this.packages.flatMap((each) => each.modules.map((declared) => ({ package: each, declared })));
  }

  #inPackage(module: string, wanted: string): InstalledModule | FindingText {
    const found = this.packageOf(wanted);
    if (found === undefined)
      return findInstalled(this.folder, wanted) === undefined
        ? {
            code: 'unknown-package',
            message: `package '${wanted}' is not installed`,
            expected: `npm install ${wanted}`,
            suggestion: nearestName(
              wanted,
              this.packages.map(({ name }) => name),
            ),
          }
        : {
            code: 'no-modules',
            message: `package '${wanted}' declares no modules`,
            expected: '"carabiner": { "modules": … } in its package.json',
          };
    const declared = found.modules.find((each) => answersTo(each, module));
    if (declared !== undefined) return { package: found, declared };
    const names = found.modules.map((each) => each.module);
    return {
      code: 'unknown-module',
      message: [`package '${wanted}' declares no module '${module}'`, ...found.problems].join('; '),
      expected: names.length === 0 ? 'a package with modules' : `one of ${names.join(', ')}`,
      suggestion: nearestName(module, names),
    };
  }
}

/** Manifests that were read: YAML takes its time, and several parts of a process look at the same ones. */
const manifests = new Map<string, { readonly stamp: string; readonly read: ManifestResult }>();

function readOnce({ manifest: path, module }: DeclaredModule): ManifestResult {
  const key = `${module} ${path}`;
  const file = statSync(path, { throwIfNoEntry: false });
  const stamp = `${file?.mtimeMs ?? 0} ${file?.size ?? 0} ${file?.ino ?? 0}`;
  const known = manifests.get(key);
  if (known?.stamp === stamp) return known.read;
  const read = readManifest(path, { module });
  manifests.set(key, { stamp, read });
  return read;
}

function answersTo(declared: DeclaredModule, module: string): boolean {
  return declared.module === module || declared.aliases.includes(module);
}
