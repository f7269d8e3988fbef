// SPDX-License-Identifier: Apache-2.0
import type { ModuleShape } from '@carabiner/core';

/** One installed module with what its manifest declares. */
export interface InstalledModuleInfo {
  readonly module: string;
  readonly aliases: readonly string[];
  readonly package: string;
  readonly version: string;
  /** What the manifest declares; undefined when it cannot be used. */
  readonly shape: ModuleShape | undefined;
  /** Why it cannot be used. */
  readonly problem: string | undefined;
}

/** Modules of the packages installed for a folder, by name. Nothing is executed. */
export async function installedModules(folder: string): Promise<readonly InstalledModuleInfo[]> {
  const { PackageCatalogue } = await import('@carabiner/core/composition');
  const catalogue = new PackageCatalogue(folder);
  return catalogue.packages
    .flatMap((each) =>
      each.modules.map((declared) => {
        const found = catalogue.manifestOf({ package: each, declared });
        const usable = !('code' in found);
        return {
          module: declared.module,
          aliases: declared.aliases,
          package: each.name,
          version: each.version,
          shape: usable ? found : undefined,
          problem: usable ? undefined : found.message,
        };
      }),
    )
    .sort((a, b) => (a.module < b.module ? -1 : 1));
}
