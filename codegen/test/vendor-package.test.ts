// SPDX-License-Identifier: Apache-2.0
import { generate } from '@carabiner/codegen';
import { expect } from 'chai';
import { ROOT } from './corpus.js';
import { LAMP, LAMP_MANIFEST, Workspace } from './workspace.js';

const LIBRARY = {
  'node_modules/@acme/interfaces/package.json':
    '{ "name": "@acme/interfaces", "carabiner": { "specs": "./specs" } }',
  ...Object.fromEntries(
    Object.entries(LAMP).map(([path, text]) => [`node_modules/@acme/interfaces/${path}`, text]),
  ),
};

describe('specifications of another package', () => {
  it('are imported, so that a driver needs its manifest only', async () => {
    using space = new Workspace({ ...LIBRARY, ...LAMP_MANIFEST, 'package.json': '{ "name": "driver" }' });
    for (const specs of ['@acme/interfaces', 'node_modules/@acme/interfaces/specs']) {
      const { files, findings } = await generate({
        specs: [specs],
        manifests: ['manifests/*.yaml'],
        out: 'src/generated',
        cwd: space.path,
      });
      expect(findings).to.deep.equal([]);
      expect([...files.keys()]).to.deep.equal(['AcmeLamp.ts']);
      expect(files.get('AcmeLamp.ts')).to.contain("from '@acme/interfaces/interfaces/lamp';");
    }
  });

  it("serve interfaces of one's own", async () => {
    using space = new Workspace({
      ...LIBRARY,
      'package.json': '{ "name": "driver" }',
      'own/interfaces/tower.yaml':
        'description: A tower of lamps.\nvars:\n  lights: { description: All, type: array, items: { $ref: /lamp#/Light } }\n',
      'own/types/tower.yaml':
        'description: Towers\ntypes:\n  Tower: { description: It, type: object, properties: { top: { $ref: /lamp#/Light } } }\n',
    });
    const { files, findings } = await generate({
      specs: ['@acme/interfaces', 'own'],
      out: 'src/generated',
      cwd: space.path,
    });
    expect(findings).to.deep.equal([]);
    expect([...files.keys()]).to.deep.equal([
      'checks/interfaces/tower.ts',
      'checks/types/tower.ts',
      'formats.ts',
      'index.ts',
      'interfaces/tower.ts',
      'schemas/tower.ts',
      'types/index.ts',
      'types/tower.ts',
      'validation.ts',
    ]);
    expect(files.get('interfaces/tower.ts')).to.contain(
      "import type * as lamp from '@acme/interfaces/types/lamp';",
    );
    expect(files.get('types/tower.ts')).to.contain('top?: lamp.Light;');
    expect(files.get('checks/types/tower.ts')).to.contain(
      "import * as lamp from '@acme/interfaces/checks/types/lamp';",
    );
    expect(files.get('schemas/tower.ts')).to.contain(
      "import * as lamp from '@acme/interfaces/schemas/lamp';",
    );
  });

  it('are generated for the package itself', async () => {
    using space = new Workspace({ ...LIBRARY });
    const root = space.file('node_modules/@acme/interfaces');
    const { files } = await generate({ specs: ['specs'], out: 'src', cwd: root });
    expect(files.has('interfaces/lamp.ts')).to.equal(true);
  });

  it('are told apart from a folder that does not exist', async () => {
    using space = new Workspace();
    const { findings } = await generate({ specs: ['@acme/missing'], out: 'src', cwd: space.path });
    expect(findings.map(({ code }) => code)).to.deep.equal(['missing-directory']);
  });
});

describe('the interfaces package', () => {
  it('is the output of its specifications', async () => {
    const { compareOutput, generate: make } = await import('@carabiner/codegen');
    const root = `${ROOT}packages/interfaces`;
    const generated = await make({
      specs: ['specs'],
      out: 'src',
      jsonSchema: 'json-schema',
      docs: 'docs',
      cwd: root,
    });
    const nothing = { added: [], changed: [], removed: [] };
    expect(compareOutput({ directory: `${root}/src`, files: generated.files })).to.deep.equal(nothing);
    expect(compareOutput({ directory: `${root}/json-schema`, files: generated.jsonSchema })).to.deep.equal(
      nothing,
    );
    expect(compareOutput({ directory: `${root}/docs`, files: generated.docs })).to.deep.equal(nothing);
  });
});
