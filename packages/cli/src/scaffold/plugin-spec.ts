// SPDX-License-Identifier: Apache-2.0
import type { PluginNames } from './names.js';

/** An interface as far as the scaffold needs it. */
export interface KnownInterface {
  readonly name: string;
  readonly commands: readonly string[];
}

/** What a new plugin shall be. */
export interface PluginSpec {
  readonly names: PluginNames;
  readonly description: string;
  /** Implementation id → interface. */
  readonly provides: ReadonlyMap<string, KnownInterface>;
  /** Requirement id → interface. */
  readonly requires: ReadonlyMap<string, KnownInterface>;
  /** Version range of the framework's packages. */
  readonly versions: string;
}

/** The source files of a driver, as a template writes them. */
export interface DriverSources {
  /** Parameters for the manifest. */
  readonly config: readonly string[];
  /** Path → text. */
  readonly files: Readonly<Record<string, string>>;
}

/** Name of the file of the driver class: `MyPsu` → `my-psu`. */
export function fileNameOf(module: string): string {
  return module
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1-$2')
    .toLowerCase();
}
