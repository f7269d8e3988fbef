// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** What an `index.js` starts. */
export interface StartedModule {
  readonly module: string;
  /** npm package of the module and its version. */
  readonly packageName: string;
  readonly version: string;
  /** Absolute path of the package. */
  readonly packageFolder: string;
}

/**
 * The `index.js` by which EVerest's manager starts a module of an npm package. It names package and program by their
 * absolute paths, so neither the working directory nor `NODE_PATH` matters, and it runs as CommonJS and as ES module,
 * whatever `package.json` lies above it.
 */
export function startFile({ module, packageName, version, packageFolder }: StartedModule): string {
  const program = pathToFileURL(moduleProcessFor(packageFolder)).href;
  const again = `carabiner everest install ${packageName}`;
  return `// SPDX-License-Identifier: Apache-2.0
// Written by "carabiner everest install": starts ${module} of ${packageName} ${version}.
process.setSourceMapsEnabled(true);
const folder = ${JSON.stringify(packageFolder)};
Promise.all([import(${JSON.stringify(program)}), import('node:fs/promises').then(({ access }) => access(folder))])
  .then(([{ main }]) => main([${JSON.stringify(packageName)}, '--folder', folder, ...process.argv.slice(2)]))
  .catch((error) => {
    console.error(${JSON.stringify(`${module} cannot start; when ${packageName} has moved, run "${again}" again:`)}, error);
    process.exit(1);
  });
`;
}

/** The program of module processes that shares the package's copy of the core, else this one. */
function moduleProcessFor(packageFolder: string): string {
  try {
    return createRequire(join(packageFolder, 'package.json')).resolve('@carabiner/everest/module-process');
  } catch {
    return fileURLToPath(new URL('../module-role/module-process.js', import.meta.url));
  }
}
