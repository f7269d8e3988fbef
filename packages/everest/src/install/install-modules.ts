// SPDX-License-Identifier: Apache-2.0
import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PackageCatalogue, type InstalledModule } from '@carabiner/core';
import { makeChange, type FileAction, type InstallChange } from './install-change.js';
import { EverestInstallError } from './install-error.js';
import {
  fileText,
  readRecord,
  sha256,
  type InstallRecord,
  type RecordedFile,
  type RecordedModule,
} from './install-record.js';
import { moduleFolder, SPECS_FOLDER } from './installation-layout.js';
import { differencesOf } from './interface-differences.js';
import { moduleFiles, type ModuleFiles } from './module-files.js';

/** What is installed, and where. */
export interface InstallOptions {
  /** npm package, all of whose modules are meant, or one module by its name or alias. */
  readonly target: string;
  /** Prefix of the EVerest installation. */
  readonly prefix: string;
  /** Folder from which packages are looked for. */
  readonly folder: string;
  /** Names to install the module under; default its own and its aliases. */
  readonly names?: readonly string[];
  /** Only says what would be done. */
  readonly dryRun?: boolean;
}

/** What was done, or would be. */
export interface InstallReport {
  readonly modules: readonly (RecordedModule & { readonly module: string })[];
  readonly actions: readonly FileAction[];
  readonly warnings: readonly string[];
}

/**
 * Puts modules of an npm package into an EVerest installation, so that its manager finds and starts them like its own. An
 * earlier installation of the same modules is replaced. Nothing is changed when anything is in the way.
 *
 * @throws EverestInstallError when the package has no such module, or a file of somebody else is in the way
 */
export function installModules(options: InstallOptions): InstallReport {
  const prefix = resolve(options.folder, options.prefix);
  if (!existsSync(prefix))
    throw new EverestInstallError(`there is no folder ${prefix}: give the prefix of an EVerest installation`);
  const installing = new Installing(prefix, readRecord(prefix));
  const warnings: string[] = [];
  if (!existsSync(join(prefix, SPECS_FOLDER)))
    warnings.push(`there is no EVerest in ${prefix}: it has no ${SPECS_FOLDER}`);
  const modules = findModules(options).map(({ installed, manifest }) => {
    const { declared, package: from } = installed;
    const names = chosenNames(installed, options.names);
    const recorded = { package: from.name, version: from.version, names };
    const files = moduleFiles(installed, manifest, names);
    warnings.push(...differencesOf(join(prefix, SPECS_FOLDER), files, manifest));
    installing.add(declared.module, recorded, files);
    return { module: declared.module, ...recorded };
  });
  const change = installing.change();
  if (options.dryRun !== true) makeChange(prefix, change);
  return { modules, actions: change.actions, warnings: [...new Set(warnings)] };
}

/** What is taken out of an installation. */
export interface UninstallOptions {
  /** npm package, or one module by any of its names. The package itself need not be there any more. */
  readonly target: string;
  readonly prefix: string;
  readonly dryRun?: boolean;
}

/**
 * Removes what {@link installModules} wrote for modules and nobody else needs. Files that were changed since stay.
 *
 * @throws EverestInstallError when nothing of that name was installed
 */
export function uninstallModules({ target, prefix, dryRun = false }: UninstallOptions): InstallReport {
  const record = readRecord(prefix);
  const going = [...record.modules].filter(
    ([module, { package: from, names }]) => from === target || module === target || names.includes(target),
  );
  if (going.length === 0) {
    const known = [...record.modules].map(([module, { package: from }]) => `${module} of ${from}`);
    throw new EverestInstallError(
      `'${target}' was not installed in ${prefix}; ${known.length === 0 ? 'nothing was' : `installed are ${known.join(', ')}`}`,
    );
  }
  const installing = new Installing(prefix, record);
  for (const [module] of going) installing.remove(module);
  const change = installing.change();
  if (!dryRun) makeChange(prefix, change);
  return {
    modules: going.map(([module, recorded]) => ({ module, ...recorded })),
    actions: change.actions,
    warnings: [],
  };
}

function findModules({ target, folder, names }: InstallOptions): readonly {
  readonly installed: InstalledModule;
  readonly manifest: Parameters<typeof moduleFiles>[1];
}[] {
  const catalogue = new PackageCatalogue(folder);
  const whole = catalogue.packages.find(({ name }) => name === target);
  const found = whole?.modules.map((declared) => ({ package: whole, declared })) ?? [
    catalogue.locate({ module: target, package: undefined }),
  ];
  if (names !== undefined && found.length > 1)
    throw new EverestInstallError(
      `package '${target}' has ${found.length} modules: install one of them to choose its names`,
    );
  return found.map((installed) => {
    if ('code' in installed)
      throw new EverestInstallError(`${installed.message}; expected ${installed.expected ?? 'a module'}`);
    const manifest = catalogue.manifestOf(installed);
    if ('code' in manifest) throw new EverestInstallError(manifest.message);
    return { installed, manifest };
  });
}

function chosenNames(
  { declared: { module, aliases } }: InstalledModule,
  wanted: readonly string[] | undefined,
): readonly string[] {
  const all = [module, ...aliases];
  const wrong = wanted?.find((name) => !all.includes(name));
  if (wrong !== undefined)
    throw new EverestInstallError(`module ${module} has no name '${wrong}'; it has ${all.join(', ')}`);
  return wanted ?? all;
}

/** Works out a change of an installation, module by module. */
class Installing {
  readonly #modules: Map<string, RecordedModule>;
  readonly #files: Map<string, RecordedFile>;
  readonly #texts = new Map<string, string>();
  readonly #actions = new Map<string, FileAction>();

  constructor(
    private readonly prefix: string,
    private readonly before: InstallRecord,
  ) {
    this.#modules = new Map(before.modules);
    this.#files = new Map(before.files);
  }

  add(module: string, recorded: RecordedModule, { own, specs }: ModuleFiles): void {
    const present = this.before.modules.get(module);
    if (present !== undefined && present.package !== recorded.package)
      throw new EverestInstallError(
        `module ${module} of ${present.package} is installed in ${this.prefix}: uninstall that first`,
      );
    this.remove(module);
    this.#modules.set(module, recorded);
    for (const name of recorded.names) this.#checkFolder(module, name);
    for (const [path, text] of own) this.#own(module, path, text);
    for (const [path, text] of specs) this.#shared(module, path, text);
  }

  /** Takes a module out of the record; its files that nobody needs any more are dropped by {@link change}. */
  remove(module: string): void {
    this.#modules.delete(module);
    for (const [path, { sha256: hash, modules }] of this.#files)
      if (modules.includes(module))
        this.#files.set(path, { sha256: hash, modules: modules.filter((each) => each !== module) });
  }

  change(): InstallChange {
    for (const [path, { sha256: hash, modules }] of this.#files) {
      if (modules.length > 0) continue;
      this.#files.delete(path);
      const text = fileText(join(this.prefix, path));
      if (text === undefined) continue;
      this.#actions.set(path, { kind: sha256(text) === hash ? 'remove' : 'changed', path });
    }
    return {
      actions: [...this.#actions.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
      texts: this.#texts,
      record: { modules: this.#modules, files: this.#files, folders: this.before.folders },
    };
  }

  /** A folder of modules holds one module, so anything in it that was not written from here is somebody else's. */
  #checkFolder(module: string, name: string): void {
    const folder = moduleFolder(name);
    const path = join(this.prefix, folder);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return;
    const foreign = stats.isDirectory()
      ? readdirSync(path)
          .map((file) => `${folder}/${file}`)
          .find((file) => !this.before.files.has(file))
      : folder;
    if (foreign !== undefined)
      throw new EverestInstallError(
        `${join(this.prefix, foreign)} is not from here, so ${module} is not installed under the name ${name}: ` +
          'remove it, or choose other names with --name',
      );
  }

  #own(module: string, path: string, text: string): void {
    const recorded = this.#files.get(path);
    const other = recorded?.modules[0];
    if (other !== undefined)
      throw new EverestInstallError(`${path} belongs to module ${other}: uninstall that first`);
    const present = fileText(join(this.prefix, path));
    if (present !== undefined && present !== text && sha256(present) !== recorded?.sha256)
      throw new EverestInstallError(
        `${join(this.prefix, path)} was changed since it was installed: move your change elsewhere and remove the file`,
      );
    this.#put(path, text, [module], present);
  }

  #shared(module: string, path: string, text: string): void {
    const present = fileText(join(this.prefix, path));
    const recorded = this.#files.get(path);
    const planned = this.#texts.get(path);
    const users = [...new Set([...(recorded?.modules ?? []), module])];
    if (recorded !== undefined && planned === text) this.#files.set(path, { ...recorded, modules: users });
    else if (present === undefined || (recorded !== undefined && sha256(present) === recorded.sha256))
      this.#put(path, text, users, present);
    else if (recorded === undefined) this.#actions.set(path, { kind: 'foreign', path });
    else {
      this.#files.set(path, { ...recorded, modules: users });
      this.#actions.set(path, { kind: 'changed', path });
    }
  }

  #put(path: string, text: string, modules: readonly string[], present: string | undefined): void {
    this.#files.set(path, { sha256: sha256(text), modules });
    this.#texts.set(path, text);
    this.#actions.set(path, { kind: present === text ? 'same' : 'write', path });
  }
}
