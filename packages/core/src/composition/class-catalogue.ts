// SPDX-License-Identifier: Apache-2.0
import { nearestName, type FindingText } from '@carabiner/dialect';
import type { ModuleClass } from '../injection/module-class.js';
import type { ModuleCatalogue } from './check-composition.js';
import { shapeOf, type ModuleShape } from './module-shape.js';
import type { ModuleEntry } from './run-configuration.js';

/** Module classes by module name, given directly: tests, and programs that bundle their modules. */
export class ClassCatalogue implements ModuleCatalogue {
  constructor(private readonly classes: { readonly [module: string]: ModuleClass }) {}

  find(entry: ModuleEntry): ModuleShape | FindingText {
    const found = this.classOf(entry);
    if (found !== undefined) return shapeOf(found.descriptor);
    const names = Object.keys(this.classes);
    return {
      code: 'unknown-module',
      message: `there is no module '${entry.module}'`,
      expected: names.length === 0 ? 'a module' : `one of ${names.join(', ')}`,
      suggestion: nearestName(entry.module, names),
    };
  }

  /** The class of an entry. */
  classOf(entry: ModuleEntry): ModuleClass | undefined {
    return Object.hasOwn(this.classes, entry.module) ? this.classes[entry.module] : undefined;
  }
}
