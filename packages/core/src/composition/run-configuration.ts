// SPDX-License-Identifier: Apache-2.0
import type { ConfigValue, Mapping } from '../contract/index.js';
import type { ImplementationAddress } from '../bus/bus.js';
import type { RestartPolicy } from '../lifecycle/restart-policy.js';
import type { Settings } from './settings.js';

/** Values by parameter name. */
export interface ConfigValues {
  readonly [parameter: string]: ConfigValue;
}

/** Who may read or write a module's parameters at run time. */
export interface ConfigAccess {
  readonly allowGlobalRead: boolean;
  readonly allowGlobalWrite: boolean;
  readonly allowSetReadOnly: boolean;
  readonly modules: {
    readonly [moduleId: string]: {
      readonly allowRead: boolean;
      readonly allowWrite: boolean;
      readonly allowSetReadOnly: boolean;
    };
  };
}

/** One entry of `active_modules`. */
export interface ModuleEntry {
  readonly id: string;
  /** Module name. */
  readonly module: string;
  /** npm package of the module, where the module name alone does not tell. */
  readonly package: string | undefined;
  /** Values given for the module; defaults not applied. */
  readonly configModule: ConfigValues;
  /** The same for each implementation. */
  readonly configImplementation: { readonly [implementation: string]: ConfigValues };
  /** In the order of the file, which is the order of the clients. */
  readonly connections: { readonly [requirement: string]: readonly ImplementationAddress[] };
  readonly mapping: Mapping | undefined;
  readonly implementationMapping: { readonly [implementation: string]: Mapping };
  /** `process` puts the module behind a wall of its own. */
  readonly isolation: 'inline' | 'process';
  readonly restart: RestartPolicy;
  /** Name of the host whose process runs the module; undefined for the one that plays the manager. */
  readonly host: string | undefined;
  /** Started by somebody else, waited for. */
  readonly standalone: boolean;
  readonly telemetryId: number | undefined;
  readonly access: ConfigAccess | undefined;
  readonly capabilities: readonly string[];
}

/** A run configuration as data, complete and with defaults; whether it makes sense is another check. */
export interface RunConfiguration {
  readonly settings: Settings;
  readonly modules: readonly ModuleEntry[];
}
