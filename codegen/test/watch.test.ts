// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Generator } from '@carabiner/codegen';
import { watch } from '@carabiner/codegen';
import { expect } from 'chai';
import { once } from 'node:events';
import { EventEmitter } from 'node:events';
import { LAMP, LAMP_MANIFEST, Workspace } from './workspace.js';

describe('watch', () => {
  it('generates again when a file changes, and goes on after an error', async () => {
    using space = new Workspace({ ...LAMP, ...LAMP_MANIFEST });
    const printed = new EventEmitter();
    const terminal = {
      out: (text: string) => void printed.emit('out', text),
      error: (text: string) => void printed.emit('error text', text),
    };
    const first = once(printed, 'out');
    const watching = watch(
      { specs: ['specs'], manifests: ['manifests/*.yaml'], out: 'out', cwd: space.path },
      terminal,
    );
    try {
      expect(String((await first)[0])).to.contain('9 new');
      const second = once(printed, 'out');
      space.write({ 'specs/types/lamp.yaml': LAMP['specs/types/lamp.yaml'].replace('Green', 'Blue') });
      expect(String((await second)[0])).to.contain('changed');
      await watching.settled();
      expect(readFileSync(space.file('out/types/lamp.ts'), 'utf8')).to.contain("'Red' | 'Blue'");
      const failure = once(printed, 'error text');
      space.write({ 'manifests/AcmeLamp.yaml': 'description: [' });
      expect(String((await failure)[0])).to.contain('[yaml-syntax]');
      await watching.settled();
      const repaired = once(printed, 'out');
      space.write(LAMP_MANIFEST);
      await repaired;
    } finally {
      watching.close();
    }
  });
});

describe('Generator', () => {
  it('makes the same of a changed file as a fresh start', async () => {
    using space = new Workspace({ ...LAMP, ...LAMP_MANIFEST });
    const options = {
      specs: ['specs'],
      manifests: ['manifests/*.yaml'],
      out: 'out',
      docs: 'docs',
      jsonSchema: 'schema',
      cwd: space.path,
    };
    const generator = new Generator(options);
    await generator.generate();
    for (const files of [
      {
        'specs/types/lamp.yaml': `${LAMP['specs/types/lamp.yaml']}  Alias: { description: It, type: string, $ref: /lamp#/Colour }\n  Uses: { description: It, type: object, properties: { a: { $ref: /lamp#/Alias } } }\n`,
      },
      {
        'specs/errors/lamp.yaml': `${LAMP['specs/errors/lamp.yaml']}  - { name: OtherFault, description: Another. }\n`,
      },
      {
        'specs/interfaces/lamp.yaml': LAMP['specs/interfaces/lamp.yaml'].replace(
          'result:',
          'result: { type: string, description: Now a text }\n    #',
        ),
      },
      {
        'manifests/AcmeLamp.yaml': LAMP_MANIFEST['manifests/AcmeLamp.yaml'].replace(
          'default: 3',
          'default: 4',
        ),
      },
    ]) {
      space.write(files);
      const again = await generator.generate();
      const fresh = await new Generator(options).generate();
      expect(again.findings).to.deep.equal([]);
      for (const set of ['files', 'docs', 'jsonSchema'] as const) {
        expect(Object.fromEntries(again[set])).to.deep.equal(Object.fromEntries(fresh[set]));
      }
    }
  });
});
