// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { glob } from '../dist/glob.js';
import { Workspace } from './workspace.js';

describe('glob', () => {
  const cases: [string, string[]][] = [
    ['manifests/*.yaml', ['manifests/A.yaml', 'manifests/B.yaml']],
    ['manifests/A.yaml', ['manifests/A.yaml']],
    ['manifests/C.yaml', []],
    ['**/manifest.yaml', ['manifest.yaml', 'modules/One/manifest.yaml', 'modules/deep/Two/manifest.yaml']],
    ['modules/*/manifest.yaml', ['modules/One/manifest.yaml']],
    ['modules/**/manifest.yaml', ['modules/One/manifest.yaml', 'modules/deep/Two/manifest.yaml']],
    ['m*s/[A]*.yaml', []],
    ['*.yaml', ['manifest.yaml']],
    ['nowhere/*.yaml', []],
  ];
  for (const [pattern, expected] of cases) {
    it(pattern, () => {
      const names = [
        'manifests/A.yaml',
        'manifests/B.yaml',
        'manifests/c.json',
        'manifest.yaml',
        'modules/One/manifest.yaml',
        'modules/deep/Two/manifest.yaml',
        'node_modules/x/manifest.yaml',
        '.hidden/manifest.yaml',
      ];
      using space = new Workspace(Object.fromEntries(names.map((name) => [name, 'x'])));
      expect(glob(pattern, space.path)).to.deep.equal(expected);
      const absolute = expected.map((path) => space.file(path));
      expect(glob(space.file(pattern), '/')).to.deep.equal(absolute);
    });
  }
});
