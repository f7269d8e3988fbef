// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CORE = fileURLToPath(new URL('../..', import.meta.url));

/** A folder with installed packages, as an integrator has it. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'carabiner-packages-'));

  constructor() {
    const scope = join(this.folder, 'node_modules', '@carabiner');
    mkdirSync(scope, { recursive: true });
    symlinkSync(CORE, join(scope, 'core'));
  }

  /** Writes files, paths relative to the folder. */
  write(files: { readonly [path: string]: string }): void {
    for (const [path, text] of Object.entries(files)) {
      const target = join(this.folder, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
  }

  /** Installs a package; `packageJson` is added to one that is complete. */
  install(
    name: string,
    packageJson: object,
    files: { readonly [path: string]: string },
    where = 'node_modules',
  ): string {
    const place = join(where, name);
    this.write({
      [join(place, 'package.json')]: JSON.stringify({
        name,
        version: '1.2.3',
        type: 'module',
        exports: { '.': { types: './index.d.ts', import: './index.js' } },
        peerDependencies: { '@carabiner/core': '*' },
        ...packageJson,
      }),
      ...Object.fromEntries(Object.entries(files).map(([path, text]) => [join(place, path), text])),
    });
    return join(this.folder, place);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A manifest that provides a counter. */
export const MANIFEST = `
description: counts
metadata: { license: https://opensource.org/licenses/Apache-2.0, authors: [somebody] }
provides:
  main: { description: a counter, interface: counter }
`;

/** Code of a module that provides a counter with one command `id`, which answers `answer`. */
export function moduleCode(name: string, answer: string, changes = ''): string {
  return `
import { Module } from '@carabiner/core';
const any = { is: () => true, explain: () => [] };
const counter = {
  name: 'counter', description: 'counts', variables: {}, errors: [], definition: { cmds: { id: {} }, vars: {} }, types: {},
  commands: { id: { description: '', argumentNames: [], args: any, result: any, returnsValue: true } },
};
const descriptor = {
  module: '${name}', description: 'counts', config: {}, requires: {},
  provides: { main: { description: '', interface: counter, config: {} } },
  enableExternalMqtt: false, enableTelemetry: false, enableGlobalErrors: false,
};
${changes}
export class ${name} extends Module {
  static descriptor = descriptor;
  implementations = { main: { id: () => ${JSON.stringify(answer)} } };
}
`;
}
