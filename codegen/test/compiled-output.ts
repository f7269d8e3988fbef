// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './corpus.js';

/** Where generated code is compiled: inside the workspace, so that its packages are found. */
export const OUTPUT = fileURLToPath(new URL('./generated/', import.meta.url));

const COMPILER = join(dirname(createRequire(import.meta.url).resolve('typescript7/package.json')), 'bin/tsc');

/** The flags that generated code must withstand, whatever its user sets. */
const STRICTEST = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noFallthroughCasesInSwitch: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noPropertyAccessFromIndexSignature: true,
  noUncheckedIndexedAccess: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
};

/**
 * Compiles files below {@link OUTPUT} in place.
 *
 * @param folder holds the sources; emptied first
 * @returns what the compiler complains about; empty when all is well
 */
export function compile(folder: string, files: ReadonlyMap<string, string>): string {
  const root = join(OUTPUT, folder);
  rmSync(root, { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const config = {
    compilerOptions: { ...STRICTEST, outDir: '.', rootDir: '.' },
    include: ['**/*.ts'],
    exclude: [],
  };
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  try {
    execFileSync(process.execPath, [COMPILER, '-p', root], { cwd: ROOT, stdio: 'pipe', encoding: 'utf8' });
    return '';
  } catch (error) {
    return typeof error === 'object' && error !== null && 'stdout' in error
      ? String(error.stdout)
      : String(error);
  }
}

/** Imports a compiled module. */
export async function load(folder: string, path: string): Promise<Record<string, unknown>> {
  return (await import(new URL(`./generated/${folder}/${path}`, import.meta.url).href)) as Record<
    string,
    unknown
  >;
}
