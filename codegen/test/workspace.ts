// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Terminal } from '@carabiner/codegen';

/** A folder for one test, removed at its end. */
export class Workspace implements Disposable {
  readonly path: string;
  /** What was printed. */
  readonly printed = { out: [] as string[], error: [] as string[] };
  readonly terminal: Terminal = {
    out: (text) => void this.printed.out.push(text),
    error: (text) => void this.printed.error.push(text),
  };

  constructor(files: { readonly [path: string]: string } = {}) {
    this.path = mkdtempSync(join(tmpdir(), 'carabiner-codegen-'));
    this.write(files);
  }

  write(files: { readonly [path: string]: string }): void {
    for (const [path, text] of Object.entries(files)) {
      const target = join(this.path, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
  }

  file(path: string): string {
    return join(this.path, path);
  }

  /** Everything printed so far, forgotten afterwards. */
  take(): { out: string; error: string } {
    const { out, error } = this.printed;
    return { out: out.splice(0).join('\n'), error: error.splice(0).join('\n') };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A small set of specifications. */
export const LAMP = {
  'specs/types/lamp.yaml': `# SPDX-License-Identifier: MIT
description: Types of lamps.
types:
  Colour:
    description: What a lamp can show.
    type: string
    enum: [Red, Green]
  Light:
    description: What a lamp shows.
    type: object
    required: [colour]
    properties:
      colour: { description: The colour, type: string, $ref: /lamp#/Colour }
      power_W: { description: The power taken, type: number, minimum: 0 }
`,
  'specs/interfaces/lamp.yaml': `description: A signal lamp.
cmds:
  show:
    description: Switches the lamp.
    arguments:
      light: { description: What to show, type: object, $ref: /lamp#/Light }
    result: { description: Whether it is lit now, type: boolean }
vars:
  light: { description: What is shown, type: object, $ref: /lamp#/Light }
errors:
  - reference: /errors/lamp
`,
  'specs/errors/lamp.yaml':
    'description: Errors of lamps.\nerrors:\n  - { name: BulbFault, description: The bulb is dead. }\n',
};

/** A module that provides a lamp. */
export const LAMP_MANIFEST = {
  'manifests/AcmeLamp.yaml': `description: The lamp of Acme.
config:
  retries: { description: How often to try, type: integer, minimum: 0, maximum: 10, default: 3 }
  port: { description: Serial port, type: string }
provides:
  main: { description: The lamp, interface: lamp }
requires:
  peer: { interface: lamp, min_connections: 0 }
metadata: { license: 'https://opensource.org/licenses/MIT', authors: [Acme] }
`,
};
