// SPDX-License-Identifier: Apache-2.0
import {
  PackageCatalogue,
  shapeOf,
  type ModuleClass,
  type ModuleClasses,
  type ModuleShape,
} from '@carabiner/core';
import { ModuleRoleError } from './module-role-error.js';

/** Importing a package may take this long, in milliseconds. */
const LOAD_TIMEOUT_MS = 30_000;

/** A module's code and what it declares. */
export interface LocatedModule {
  /** Name under which `classes` has it. */
  readonly module: string;
  readonly classes: ModuleClasses;
  readonly shape: ModuleShape & { readonly enableTelemetry: boolean; readonly enableGlobalErrors: boolean };
  /** Error types that each requirement's interface has. */
  readonly requiredErrors: { readonly [requirement: string]: readonly string[] };
}

/** Where a module is looked for. */
export interface ModulePlaces {
  /** npm package or module name; undefined takes the name that the manager tells. */
  readonly target?: string | undefined;
  /** Folder from which packages are looked for; default the working directory. */
  readonly folder?: string;
  /** Module classes by name, used before installed packages. */
  readonly modules?: ModuleClasses;
  /** `digestOf` of the module's manifest, from a manager of this project. */
  readonly declared?: string | undefined;
}

/**
 * Finds and loads a module. What it declares is taken from its class; a process whose manager has read the manifest reads
 * no YAML and starts sooner.
 *
 * @throws ModuleRoleError when its code is not found or does not load
 */
export async function locateModule(
  { target, folder = process.cwd(), modules = {}, declared }: ModulePlaces,
  { moduleName }: { readonly moduleName: string },
): Promise<LocatedModule> {
  const wanted = target ?? moduleName;
  for (const name of [wanted, moduleName]) {
    const given = Object.hasOwn(modules, name) ? modules[name] : undefined;
    if (given !== undefined) return located(name, given);
  }
  const catalogue = new PackageCatalogue(folder);
  const installed = catalogue.locate(addressOf(wanted, moduleName, catalogue));
  if ('code' in installed) throw new ModuleRoleError(`${installed.message}; expected ${installed.expected}`);
  const loaded = await catalogue.classOf(installed, LOAD_TIMEOUT_MS, declared);
  if ('code' in loaded) throw new ModuleRoleError(`${loaded.message}; expected ${loaded.expected}`);
  return located(installed.declared.module, loaded);
}

/** A package with one module runs it under whatever name the manager knows it by. */
function addressOf(
  target: string,
  moduleName: string,
  catalogue: PackageCatalogue,
): { readonly package: string | undefined; readonly module: string } {
  const found = catalogue.packageOf(target);
  if (found === undefined && !target.includes('/')) return { package: undefined, module: target };
  const [only, ...others] = found?.modules ?? [];
  return { package: target, module: only !== undefined && others.length === 0 ? only.module : moduleName };
}

function located(module: string, moduleClass: ModuleClass): LocatedModule {
  const { enableTelemetry, enableGlobalErrors, requires } = moduleClass.descriptor;
  const shape = { ...shapeOf(moduleClass.descriptor), enableTelemetry, enableGlobalErrors };
  const requiredErrors = Object.fromEntries(
    Object.entries(requires).map(([id, each]) => [id, each.interface.errors.map(({ type }) => type)]),
  );
  return { module, classes: { [module]: moduleClass }, shape, requiredErrors };
}
