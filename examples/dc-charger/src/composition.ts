// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

type ConfigMap = Record<string, string | number | boolean>;

/** The parts of a composition that the example changes or reads. */
export interface CompositionData {
  readonly settings?: Record<string, unknown>;
  readonly active_modules: Record<
    string,
    {
      readonly module: string;
      config_module?: ConfigMap;
      readonly connections?: Record<
        string,
        readonly { readonly module_id: string; readonly implementation_id: string }[]
      >;
    }
  >;
}

/** A composition file with the few values replaced that depend on the run: ports, folders, links. */
export class Composition {
  readonly data: CompositionData;

  /** @param file - path or URL of the YAML file; the core checks its content when it starts */
  constructor(file: string | URL) {
    this.data = parse(readFileSync(file, 'utf8')) as CompositionData;
  }

  /** Module ids of the EVSE managers, in the order of the file. */
  evses(): readonly string[] {
    return this.ofModule('EvseManager');
  }

  /** Ids of all instances of a module. */
  ofModule(module: string): readonly string[] {
    return Object.entries(this.data.active_modules)
      .filter(([, entry]) => entry.module === module)
      .map(([id]) => id);
  }

  /**
   * Module id that a requirement is connected to.
   *
   * @throws Error when it is not connected
   */
  target(moduleId: string, requirement: string): string {
    const target = this.data.active_modules[moduleId]?.connections?.[requirement]?.[0];
    if (target === undefined) throw new Error(`${moduleId}: requirement '${requirement}' is not connected`);
    return target.module_id;
  }

  /** Sets module-level parameters of one instance. */
  configure(moduleId: string, values: ConfigMap): void {
    const entry = this.data.active_modules[moduleId];
    if (entry === undefined) throw new Error(`the composition has no module '${moduleId}'`);
    entry.config_module = { ...entry.config_module, ...values };
  }

  /** Leaves a module out. */
  remove(moduleId: string): void {
    Reflect.deleteProperty(this.data.active_modules, moduleId);
  }

  /** Reads a module-level parameter as it stands in the file. */
  parameter(moduleId: string, name: string): string | number | boolean | undefined {
    return this.data.active_modules[moduleId]?.config_module?.[name];
  }
}
