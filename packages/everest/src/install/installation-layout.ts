// SPDX-License-Identifier: Apache-2.0
import { EverestInstallError } from './install-error.js';

/** Folder of modules below the prefix of an EVerest installation. */
export const MODULES_FOLDER = 'libexec/everest/modules';

/** Folder with `interfaces`, `types` and `errors` below the prefix. */
export const SPECS_FOLDER = 'share/everest';

/** Where it is written down what was installed, so that exactly that can be removed again. */
export const RECORD_FILE = `${SPECS_FOLDER}/carabiner/installed.json`;

/**
 * Folder of a module, relative to the prefix.
 *
 * @throws EverestInstallError when EVerest would not take the name
 */
export function moduleFolder(name: string): string {
  if (!/^[a-zA-Z_][a-zA-Z0-9_-]*$/.test(name))
    throw new EverestInstallError(
      `'${name}' cannot be the name of a module in EVerest: letters, digits, _ and - only`,
    );
  return `${MODULES_FOLDER}/${name}`;
}
