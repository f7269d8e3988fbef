// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isJsonObject, type Json, type JsonObject } from '@carabiner/dialect';

/** A module as its package declares it. */
export interface DeclaredModule {
  /** Module name. */
  readonly module: string;
  /** Other names it answers to in compositions. */
  readonly aliases: readonly string[];
  /** Absolute path of the manifest. */
  readonly manifest: string;
  /**
   * What exports the class: a path relative to the package, or a name of its `imports`; undefined for the package's main
   * entry.
   */
  readonly entry: string | undefined;
}

/** An installed package that declares modules. */
export interface ModulePackage {
  readonly name: string;
  readonly version: string;
  /** Absolute path, links resolved. */
  readonly folder: string;
  readonly packageJson: JsonObject;
  readonly modules: readonly DeclaredModule[];
  /** What is wrong with its declaration; a package with problems still shows the modules that could be read. */
  readonly problems: readonly string[];
}

/**
 * Packages with modules that are installed for `folder`: its own package, and those in the `node_modules` folders from
 * there up. The nearest of one name wins, as it would for Node. Links (workspaces, `npm link`) are followed. Nothing is
 * executed.
 */
export function scanPackages(folder: string): readonly ModulePackage[] {
  const found = new Map<string, ModulePackage>();
  for (const place of upwards(folder)) {
    const candidates = [place, ...installedIn(join(place, 'node_modules'))];
    for (const candidate of candidates) {
      const read = readModulePackage(candidate);
      if (read !== undefined && !found.has(read.name)) found.set(read.name, read);
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The package in a folder; undefined when there is none or it declares no modules. */
export function readModulePackage(folder: string): ModulePackage | undefined {
  const path = join(folder, 'package.json');
  const text = readText(path);
  // Most packages declare none; parsing them all would cost more than reading them.
  if (text === undefined || !text.includes('"carabiner"')) return undefined;
  const problems: string[] = [];
  let packageJson: Json;
  try {
    packageJson = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  if (!isJsonObject(packageJson)) return undefined;
  const { name, version, carabiner } = packageJson;
  if (typeof name !== 'string' || !isJsonObject(carabiner)) return undefined;
  const declared = carabiner['modules'];
  if (!isJsonObject(declared)) return undefined;
  const real = realpathSync(folder);
  const modules = Object.entries(declared).flatMap(([module, value]) => {
    const read = readDeclaration(real, module, value);
    if (typeof read !== 'string') return [read];
    problems.push(read);
    return [];
  });
  return {
    name,
    version: typeof version === 'string' ? version : '0.0.0',
    folder: real,
    packageJson,
    modules,
    problems,
  };
}

/** The package `name` with modules that {@link scanPackages} finds for `folder`, without a look at the others. */
export function findModulePackage(folder: string, name: string): ModulePackage | undefined {
  for (const place of upwards(folder)) {
    const own = readModulePackage(place);
    if (own?.name === name) return own;
    const installed = readModulePackage(join(place, 'node_modules', name));
    if (installed !== undefined) return installed;
  }
  return undefined;
}

/** The nearest installed package `name` as seen from `folder`; links resolved. */
export function findInstalled(folder: string, name: string): string | undefined {
  for (const place of upwards(folder)) {
    const candidate = join(place, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
  }
  return undefined;
}

function readDeclaration(folder: string, module: string, value: Json): DeclaredModule | string {
  if (typeof value === 'string')
    return { module, aliases: [], manifest: resolve(folder, value), entry: undefined };
  if (!isJsonObject(value) || typeof value['manifest'] !== 'string')
    return `"carabiner.modules.${module}" must be the path of a manifest or an object with "manifest"`;
  const { manifest, entry, aliases = [] } = value;
  if (entry !== undefined && typeof entry !== 'string')
    return `"carabiner.modules.${module}.entry" must be a path`;
  if (!Array.isArray(aliases) || !aliases.every((alias) => typeof alias === 'string'))
    return `"carabiner.modules.${module}.aliases" must be a list of names`;
  return { module, aliases: aliases, manifest: resolve(folder, manifest), entry };
}

function* upwards(folder: string): Iterable<string> {
  let place = resolve(folder);
  for (;;) {
    yield place;
    const above = dirname(place);
    if (above === place) return;
    place = above;
  }
}

function installedIn(nodeModules: string): readonly string[] {
  return foldersIn(nodeModules).flatMap((name) =>
    name.startsWith('@')
      ? foldersIn(join(nodeModules, name)).map((inner) => join(nodeModules, name, inner))
      : [join(nodeModules, name)],
  );
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
