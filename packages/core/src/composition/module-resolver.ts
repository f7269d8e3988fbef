// SPDX-License-Identifier: Apache-2.0
import { nearestName, type Finding, type FindingText, type YamlSource } from '@carabiner/dialect';
import type { ModuleClass } from '../injection/module-class.js';
import type { ModuleCatalogue } from './check-composition.js';
import { loadModule } from './load-module.js';
import { shapeOf, type ModuleShape } from './module-shape.js';
import { PackageCatalogue, type InstalledModule } from './package-catalogue.js';
import type { ModuleEntry } from './run-configuration.js';

/** A module class and where it came from. */
export interface LoadedModule {
  readonly moduleClass: ModuleClass;
  /** What the module declares: its manifest, or the descriptor of a class given directly. */
  readonly shape: ModuleShape;
  /** Package as `name@version`; undefined for a class given directly. */
  readonly package: string | undefined;
  /** Folder of the package. */
  readonly folder: string | undefined;
}

/** Module classes by module name. */
export interface ModuleClasses {
  readonly [module: string]: ModuleClass;
}

/** Finds the module of an entry: a class given directly, else that of an installed package. */
export class ModuleResolver implements ModuleCatalogue {
  readonly packages: PackageCatalogue;

  /**
   * @param classes - given directly; they go first
   * @param folder - of the composition, from which packages are looked for
   * @param elsewhere - declarations of modules that run in other processes and need not be installed here
   * @param whyMissing - why a module that no package declares is not elsewhere either
   */
  constructor(
    private readonly classes: ModuleClasses,
    private readonly folder: string,
    private readonly elsewhere: (entry: ModuleEntry) => ModuleShape | undefined = () => undefined,
    private readonly whyMissing: (entry: ModuleEntry) => FindingText | undefined = () => undefined,
  ) {
    this.packages = new PackageCatalogue(folder);
  }

  /** The same with more classes, which go first. */
  with(classes: ModuleClasses): ModuleResolver {
    return new ModuleResolver({ ...this.classes, ...classes }, this.folder, this.elsewhere, this.whyMissing);
  }

  /** The same with a fresh look at what is installed. */
  rescanned(): ModuleResolver {
    return this.with({});
  }

  find(entry: ModuleEntry): ModuleShape | FindingText {
    const known = this.elsewhere(entry);
    if (known !== undefined) return known;
    const given = this.#given(entry);
    if (given !== undefined) return shapeOf(given.descriptor);
    const found = this.packages.find(entry);
    if ('provides' in found || found.code !== 'unknown-module') return found;
    const why = this.whyMissing(entry);
    if (why !== undefined && why.code !== found.code) return why;
    const message = why === undefined ? found.message : `${found.message}, and ${why.message}`;
    const suggestion =
      found.suggestion ?? why?.suggestion ?? nearestName(entry.module, Object.keys(this.classes));
    return { ...found, message, ...(suggestion === undefined ? {} : { suggestion }) };
  }

  /**
   * The class of an entry that was found; importing its package runs its code.
   *
   * @param timeoutMs - limit of the import, in milliseconds of the machine's clock
   */
  async load(entry: ModuleEntry, timeoutMs: number): Promise<LoadedModule | FindingText> {
    const given = this.#given(entry);
    if (given !== undefined)
      return { moduleClass: given, shape: shapeOf(given.descriptor), package: undefined, folder: undefined };
    const installed: InstalledModule | FindingText = this.packages.locate(entry);
    if ('code' in installed) return installed;
    const shape = this.packages.manifestOf(installed);
    if ('code' in shape) return shape;
    const moduleClass = await loadModule(installed, shape, timeoutMs);
    if (typeof moduleClass !== 'function') return moduleClass;
    const { name, version, folder } = installed.package;
    return { moduleClass, shape, package: `${name}@${version}`, folder };
  }

  /**
   * {@link ModuleResolver.load} for all entries at once; each package is imported once.
   *
   * @param measure - times the load of each entry
   */
  async loadAll(
    entries: readonly ModuleEntry[],
    source: YamlSource,
    timeoutMs: number,
    measure: <T>(name: string, work: () => Promise<T>) => Promise<T> = async (_name, work) => work(),
  ): Promise<{ readonly modules: ReadonlyMap<string, LoadedModule>; readonly findings: readonly Finding[] }> {
    const modules = new Map<string, LoadedModule>();
    const findings: Finding[] = [];
    await Promise.all(
      entries.map(async (entry) => {
        const loaded = await measure(entry.id, async () => this.load(entry, timeoutMs));
        if ('code' in loaded) findings.push(source.finding(['active_modules', entry.id, 'module'], loaded));
        else modules.set(entry.id, loaded);
      }),
    );
    return { modules, findings };
  }

  #given({ module, package: wanted }: ModuleEntry): ModuleClass | undefined {
    return wanted === undefined && Object.hasOwn(this.classes, module) ? this.classes[module] : undefined;
  }
}
