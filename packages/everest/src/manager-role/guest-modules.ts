// SPDX-License-Identifier: Apache-2.0
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import {
  formatFindings,
  hasErrors,
  nearestName,
  readManifest,
  type FindingText,
  type ManifestModel,
} from '@carabiner/dialect';
import type { Settings } from '@carabiner/core';

/** How a module of EVerest is started. */
export type GuestKind = 'binary' | 'javascript' | 'python';

/** A module of EVerest, found in the folder of modules. */
export interface GuestModule {
  readonly module: string;
  readonly kind: GuestKind;
  /** Absolute path of what is started, links resolved. */
  readonly file: string;
  readonly manifest: ManifestModel;
  /** True when it brings EVerest's own client, which speaks MQTT 5 only. */
  readonly needsMqtt5: boolean;
}

/** Folders of an EVerest installation, as its settings name them. */
export interface EverestFolders {
  readonly prefix: string;
  /** Configuration files: `/etc/everest` for the prefix `/usr`, else below the prefix. */
  readonly etc: string;
  readonly data: string;
  /** File that tells EVerest's modules what to log. */
  readonly loggingConfig: string;
  readonly modules: string;
  readonly interfaces: string;
  readonly types: string;
  readonly errors: string;
}

/**
 * The folders of the installation that a composition's settings point to.
 *
 * @returns undefined when they name none
 */
export function everestFolders({ everest }: Settings, folder: string): EverestFolders | undefined {
  const { prefix, modules_dir: modulesDir } = everest;
  if (prefix === undefined && modulesDir === undefined) return undefined;
  return foldersBelow(resolve(folder, String(prefix ?? '.')), everest);
}

function foldersBelow(prefix: string, everest: Settings['everest']): EverestFolders {
  const etc = prefix === '/usr' ? '/etc/everest' : join(prefix, 'etc/everest');
  const below = (key: string, standard: string): string => resolve(prefix, String(everest[key] ?? standard));
  return {
    prefix,
    etc,
    data: join(prefix, 'share/everest'),
    loggingConfig: below('logging_config_file', join(etc, 'default_logging.cfg')),
    modules: below('modules_dir', 'libexec/everest/modules'),
    interfaces: below('interfaces_dir', 'share/everest/interfaces'),
    types: below('types_dir', 'share/everest/types'),
    errors: below('errors_dir', 'share/everest/errors'),
  };
}

/** The folders of an EVerest that a distribution installed, where the settings name none. */
export const USUAL_FOLDERS: EverestFolders = foldersBelow('/usr', {});

/**
 * Looks for a module in the folder of modules: an executable of its name, then `index.js`, then `module.py`, beside a
 * manifest.
 *
 * @returns undefined when there is none, or its manifest has errors
 */
export function findGuest(folders: EverestFolders, module: string): GuestModule | undefined {
  const folder = join(folders.modules, module);
  const path = join(folder, 'manifest.yaml');
  if (!existsSync(path)) return undefined;
  const { manifest, findings } = readManifest(path, { module });
  if (hasErrors(findings)) return undefined;
  return startOf(folder, module, manifest);
}

function startOf(folder: string, module: string, manifest: ManifestModel): GuestModule | undefined {
  const candidates: readonly (readonly [GuestKind, string])[] = [
    ['binary', join(folder, module)],
    ['javascript', join(folder, 'index.js')],
    ['python', join(folder, 'module.py')],
  ];
  for (const [kind, candidate] of candidates) {
    if (!(kind === 'binary' ? isExecutable(candidate) : existsSync(candidate))) continue;
    const file = realpathSync(candidate);
    return { module, kind, file, manifest, needsMqtt5: needsMqtt5(kind, file) };
  }
  return undefined;
}

/**
 * Why {@link findGuest} finds nothing.
 *
 * @param starts - it has to be started from here, so the manifest alone is not enough
 */
export function whyNoGuest(
  folders: EverestFolders,
  module: string,
  starts: boolean,
): FindingText | undefined {
  const folder = join(folders.modules, module);
  const path = join(folder, 'manifest.yaml');
  if (!existsSync(path)) {
    const reason = !existsSync(folders.modules)
      ? `the folder ${folders.modules} does not exist: correct settings.modules_dir or prefix`
      : existsSync(folder)
        ? `${folder} holds no manifest.yaml`
        : `${folders.modules} holds no folder '${module}'`;
    return { code: 'unknown-module', message: reason, suggestion: nearestName(module, guestNames(folders)) };
  }
  const { manifest, findings } = readManifest(path, { module });
  if (hasErrors(findings))
    return {
      code: 'bad-manifest',
      message: `the manifest of '${module}' has errors: ${formatFindings(findings)}`,
      expected: 'a manifest without errors',
    };
  if (!starts || startOf(folder, module, manifest) !== undefined) return undefined;
  return {
    code: 'nothing-to-start',
    message: `${folder} holds nothing that can be started`,
    expected: `an executable ${module}, index.js or module.py`,
  };
}

/** Names of the folders that hold a module. */
function guestNames({ modules }: EverestFolders): readonly string[] {
  if (!existsSync(modules)) return [];
  return readdirSync(modules).filter((name) => existsSync(join(modules, name, 'manifest.yaml')));
}

/** The manifest alone, for a module that somebody else starts. */
export function findManifest(folders: EverestFolders, module: string): ManifestModel | undefined {
  const path = join(folders.modules, module, 'manifest.yaml');
  if (!existsSync(path)) return undefined;
  const { manifest, findings } = readManifest(path, { module });
  return hasErrors(findings) ? undefined : manifest;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** All bindings of EVerest wrap its C++ client; what a folder holds beside that is somebody's own client. */
function needsMqtt5(kind: GuestKind, file: string): boolean {
  switch (kind) {
    case 'binary': {
      const [first, second] = readFileSync(file);
      // A script is no C++ module.
      return !(first === 0x23 && second === 0x21);
    }
    case 'javascript':
      return /['"]everestjs['"]/.test(readFileSync(file, 'utf8'));
    case 'python':
      return /\beverest\.framework\b/.test(readFileSync(file, 'utf8'));
  }
}
