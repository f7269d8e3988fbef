// SPDX-License-Identifier: Apache-2.0
import { identifier } from './identifiers.js';

/** `index.ts`: every interface, and the types by file. Loads all; a module that cares imports what it uses. */
export function emitIndex(interfaces: readonly string[], hasTypes: boolean): string {
  const lines = interfaces.map((name) => `export * from './interfaces/${name}.js';\n`);
  if (hasTypes) lines.push("export * as types from './types/index.js';\n");
  return `// SPDX-License-Identifier: Apache-2.0\n// Written by carabiner-codegen. Do not edit.\n${lines.join('')}`;
}

/** `types/index.ts`: the type files, each under its name as an identifier. */
export function emitTypesIndex(files: readonly string[]): string {
  const lines = files.map((name) => `export * as ${identifier(name)} from './${name}.js';\n`);
  return `// SPDX-License-Identifier: Apache-2.0\n// Written by carabiner-codegen. Do not edit.\n${lines.join('')}`;
}
