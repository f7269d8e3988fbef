// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nearestName, type FindingText } from '@carabiner/dialect';
import { systemClock, withTimeout } from '@carabiner/clock';
import { toError } from '../exceptions/index.js';
import { isModuleClass, type ModuleClass } from '../injection/module-class.js';
import type { ModuleShape } from './module-shape.js';
import { differenceBetween, shapeOf } from './module-shape.js';
import type { InstalledModule } from './package-catalogue.js';
import { entryFileOf } from './package-entry.js';

/**
 * Imports the package of a module and takes its class.
 *
 * @param shape - what the manifest declares; the class must agree with it
 * @returns the class, or what is wrong, with its cause
 */
export async function loadModule(
  installed: InstalledModule,
  shape: ModuleShape,
  timeoutMs: number,
): Promise<ModuleClass | FindingText> {
  const loaded = await importModule(installed, timeoutMs);
  if (!isModuleClass(loaded)) return loaded;
  const difference = differenceBetween(shape, shapeOf(loaded.descriptor));
  if (difference === undefined) return loaded;
  return {
    code: 'stale-descriptor',
    message: `the code of '${installed.declared.module}' in package ${installed.package.name} does not match its manifest: ${difference}`,
    expected: 'code generated from this manifest; generate and build again',
  };
}

/** {@link loadModule} without a manifest to compare with. */
export async function importModule(
  installed: InstalledModule,
  timeoutMs: number,
): Promise<ModuleClass | FindingText> {
  const { declared } = installed;
  const { name, folder } = installed.package;
  const file = entryFileOf(installed.package, declared);
  if (file === undefined || !existsSync(file))
    return {
      code: 'missing-entry',
      message: `package ${name} has no built code${file === undefined ? '' : ` (${relative(folder, file)} is missing)`}`,
      expected: `a package that was built; in a workspace, run its build`,
    };
  let namespace: object;
  try {
    namespace = await withTimeout<object>(
      // Reading and compiling code takes real time, however fast the clock of the composition runs.
      systemClock,
      import(pathToFileURL(file).href) as Promise<object>,
      timeoutMs,
      `import of ${name}`,
    );
  } catch (thrown) {
    const cause = toError(thrown);
    return {
      code: 'load-failed',
      message: `package ${name} does not load: ${causeText(cause)}`,
      expected: 'a package that can be imported',
    };
  }
  return classIn(namespace, installed);
}

function classIn(namespace: object, installed: InstalledModule): ModuleClass | FindingText {
  const { declared } = installed;
  const { name } = installed.package;
  const exported: unknown = Reflect.get(namespace, declared.module);
  const names = Object.keys(namespace);
  if (exported === undefined)
    return {
      code: 'missing-export',
      message: `package ${name} exports no '${declared.module}'`,
      expected: 'the module class under the name of the module',
      suggestion: nearestName(declared.module, names),
    };
  if (!isModuleClass(exported))
    return {
      code: 'no-module-class',
      message: `'${declared.module}' of package ${name} is no module class`,
      expected: 'a class that extends the base generated from its manifest',
    };
  return exported;
}

/** The chain of causes, each on its own. */
function causeText(error: Error): string {
  const texts: string[] = [];
  for (let each: unknown = error; each instanceof Error; each = each.cause) texts.push(each.message);
  return texts.join(': ');
}
