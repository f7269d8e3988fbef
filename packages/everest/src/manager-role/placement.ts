// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FindingText } from '@carabiner/dialect';
import {
  PackageCatalogue,
  type InstalledModule,
  type ModuleEntry,
  type ModuleShape,
  type Settings,
} from '@carabiner/core';
import type { DeclaredShape } from './definitions.js';
import {
  everestFolders,
  findGuest,
  findManifest,
  whyNoGuest,
  type EverestFolders,
  type GuestModule,
} from './guest-modules.js';

/** Where a module of a composition runs. */
export type Placement =
  | { readonly kind: 'inline' }
  | { readonly kind: 'child'; readonly installed: InstalledModule }
  | { readonly kind: 'guest'; readonly guest: GuestModule }
  | { readonly kind: 'standalone' }
  | { readonly kind: 'host'; readonly host: string };

/** Finds out where the modules of a composition run. */
export class Placements {
  readonly folders: EverestFolders | undefined;
  readonly #catalogue: PackageCatalogue;
  readonly #known = new Map<string, Placement>();

  /**
   * @param folder - of the composition
   * @param host - name of this process's host; undefined for the one that plays the manager
   */
  constructor(
    settings: Settings,
    private readonly folder: string,
    private readonly host: string | undefined,
  ) {
    this.folders = everestFolders(settings, folder);
    this.#catalogue = new PackageCatalogue(folder);
  }

  /** Folder that packages are looked for from. */
  get packageFolder(): string {
    return this.folder;
  }

  of(entry: ModuleEntry): Placement {
    let placement = this.#known.get(entry.id);
    if (placement === undefined) {
      placement = this.#place(entry);
      this.#known.set(entry.id, placement);
    }
    return placement;
  }

  /** What a module declares that is no installed package here; undefined for one that is. */
  shapeOf(entry: ModuleEntry): ModuleShape | undefined {
    const placement = this.of(entry);
    if (placement.kind === 'guest') return placement.guest.manifest;
    if (placement.kind === 'inline' || placement.kind === 'child' || this.folders === undefined)
      return undefined;
    return 'code' in this.#catalogue.locate(entry) ? findManifest(this.folders, entry.module) : undefined;
  }

  /** Why a module that no package declares is not in the installation of EVerest either; undefined without one. */
  whyMissing(entry: ModuleEntry): FindingText | undefined {
    if (this.folders === undefined) return undefined;
    return whyNoGuest(this.folders, entry.module, entry.host === this.host && !entry.standalone);
  }

  /** What the module of an entry declares, wherever it runs; undefined when nothing is known here. */
  declarationOf(entry: ModuleEntry): DeclaredShape | undefined {
    const elsewhere = this.shapeOf(entry);
    if (elsewhere !== undefined) return elsewhere;
    const installed = this.#catalogue.locate(entry);
    if ('code' in installed) return undefined;
    const manifest = this.#catalogue.manifestOf(installed);
    return 'code' in manifest ? undefined : manifest;
  }

  /** Folders of the packages that modules of the composition come from. */
  packagesOf(entries: readonly ModuleEntry[]): readonly string[] {
    return [
      ...new Set(
        entries.flatMap((entry) => {
          const installed = this.#catalogue.locate(entry);
          return 'code' in installed ? [] : [installed.package.folder];
        }),
      ),
    ];
  }

  #place(entry: ModuleEntry): Placement {
    if (entry.host !== this.host) return { kind: 'host', host: entry.host ?? MANAGER };
    if (entry.standalone) return { kind: 'standalone' };
    // Looking for packages costs more than looking into one folder, so guests go first when there is one.
    const guest = this.folders === undefined ? undefined : findGuest(this.folders, entry.module);
    if (entry.isolation !== 'process' && guest === undefined) return { kind: 'inline' };
    const installed = this.#catalogue.locate(entry);
    if ('code' in installed) return guest === undefined ? { kind: 'inline' } : { kind: 'guest', guest };
    return entry.isolation === 'process' ? { kind: 'child', installed } : { kind: 'inline' };
  }
}

/** Name of the host that plays the manager, which no composition writes. */
export const MANAGER = '!manager';

/** Folders with interface, type and error files: those of the interfaces package, of plugins, of the installation. */
export function specFolders(placements: Placements, entries: readonly ModuleEntry[]): readonly string[] {
  const { folders } = placements;
  const interfaces = createRequire(import.meta.url).resolve('@carabiner/interfaces/package.json');
  return [dirname(interfaces), ...placements.packagesOf(entries)]
    .map((folder) => join(folder, 'specs'))
    .concat(folders === undefined ? [] : [dirname(folders.interfaces)])
    .filter((folder) => existsSync(folder));
}
