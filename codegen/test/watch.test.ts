// SPDX-License-Identifier: Apache-2.0
import { EventEmitter, on } from 'node:events';
import { readFileSync } from 'node:fs';
import { Generator, watch } from '@carabiner/codegen';
import { expect } from 'chai';
import { LAMP, LAMP_MANIFEST, Workspace } from './workspace.js';

describe('watch', () => {
  it('generates again when a file changes, and goes on after an error', async () => {
    using space = new Workspace({ ...LAMP, ...LAMP_MANIFEST });
    const printed = new EventEmitter();
    const terminal = {
      out: (text: string) => void printed.emit('line', text),
      error: (text: string) => void printed.emit('line', text),
    };
    const lines = on(printed, 'line');
    const line = async (wanted: string): Promise<void> => {
      let text = '';
      while (!text.includes(wanted)) {
        const { value } = (await lines.next()) as { value: [string] };
        [text] = value;
      }
    };
    const options = { specs: ['specs'], manifests: ['manifests/*.yaml'], out: 'out', cwd: space.path };
    const watching = watch(options, terminal);
    try {
      await line('10 new');
      space.write({ 'specs/types/lamp.yaml': LAMP['specs/types/lamp.yaml'].replace('Green', 'Blue') });
      await line('0 new, ');
      await watching.settled();
      expect(readFileSync(space.file('out/types/lamp.ts'), 'utf8')).to.contain("'Red' | 'Blue'");
      space.write({ 'manifests/AcmeLamp.yaml': 'description: [' });
      await line('[yaml-syntax]');
      expect(readFileSync(space.file('out/AcmeLamp.ts'), 'utf8')).to.contain('AcmeLampBase');
      space.write({
        'manifests/AcmeLamp.yaml': LAMP_MANIFEST['manifests/AcmeLamp.yaml'].replace(
          'default: 3',
          'default: 4',
        ),
      });
      await line('1 changed, 0 removed');
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
