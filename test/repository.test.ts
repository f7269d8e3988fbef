// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { publicPackages, ROOT, textOf, trackedFiles } from './workspace.js';

const SOURCE = /\.(ts|mts|js|mjs|cjs|ya?ml|sh)$|^\.ci\/run$/;
const CODE = /\.(ts|mts|js|mjs|cjs)$/;
const LINES_AT_MOST = 400;

/** Files that are data or were generated: nobody reads or edits them by hand. */
function isData(path: string): boolean {
  return path.includes('/fixtures/') || path === 'package-lock.json';
}

function isGenerated(path: string): boolean {
  return path.includes('/generated/') || path.startsWith('packages/interfaces/src/');
}

function isTest(path: string): boolean {
  return /(^|\/)test\//.test(path);
}

describe('the repository', () => {
  let files: string[] = [];

  before(function () {
    const tracked = trackedFiles();
    if (tracked === undefined) {
      console.log('      skipped: there is no version control here');
      this.skip();
    } else files = tracked;
  });

  it('names its licence at the top of each source file', () => {
    const without = files
      .filter((path) => SOURCE.test(path) && !isData(path))
      .filter(
        (path) => !textOf(path).split('\n', 2).join('\n').includes('SPDX-License-Identifier: Apache-2.0'),
      );
    expect(without).to.deep.equal([]);
  });

  it('has no file that is too long to be read in one sitting', () => {
    const long = files
      .filter((path) => CODE.test(path) && !isData(path) && !isGenerated(path) && !isTest(path))
      .map((path) => ({ path, lines: textOf(path).trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > LINES_AT_MOST);
    expect(long).to.deep.equal([]);
  });

  it('knows nothing of the machine it was written on', () => {
    const folders = ['work', 'root', 'home/[\\w-]+', 'Users/[\\w-]+'].join('|');
    const machinePath = new RegExp(`(?<![\\w.:/@-])/(?:${folders})/[\\w.-]`);
    const registry = new RegExp(
      `https?://[^\\s"']*\\b(?:${['registry', 'artifactory', 'nexus'].join('|')})\\b`,
    );
    const found = files
      .filter((path) => !path.includes('/fixtures/'))
      .flatMap((path) =>
        textOf(path)
          .split('\n')
          .flatMap((line, index) =>
            machinePath.test(line) || registry.test(line)
              ? [`${path}:${String(index + 1)}: ${line.trim()}`]
              : [],
          ),
      );
    expect(found).to.deep.equal([]);
  });

  it('has no unfinished or silenced code', () => {
    const marks = new RegExp(
      [
        'TO' + 'DO\\b',
        'FIX' + 'ME\\b',
        '@ts-' + 'ignore',
        '@ts-' + 'expect-error',
        '@ts-' + 'nocheck',
        'eslint-' + 'disable',
      ].join('|'),
    );
    const found = files
      .filter((path) => CODE.test(path) && !isData(path) && !isGenerated(path))
      .filter((path) => marks.test(textOf(path)));
    expect(found).to.deep.equal([]);
  });

  it('has no empty folder kept by a placeholder beside real files', () => {
    const keepers = files.filter((path) => path.endsWith('/.gitkeep'));
    const needless = keepers.filter((path) => {
      const folder = path.slice(0, -'.gitkeep'.length);
      return files.some(
        (other) => other !== path && other.startsWith(folder) && !other.endsWith('tsconfig.json'),
      );
    });
    expect(needless).to.deep.equal([]);
  });
});

describe('each published package', () => {
  for (const { folder, manifest } of publicPackages()) {
    describe(manifest.name, () => {
      it('says what it is, for whom and under which licence', () => {
        expect(manifest).to.include({ license: 'Apache-2.0', type: 'module' });
        expect(manifest['description']).to.be.a('string').with.length.greaterThan(10);
        expect(manifest['engines']).to.deep.equal({ node: '>=20.19.0' });
        expect(manifest['publishConfig']).to.deep.equal({ access: 'public' });
        expect(manifest).not.to.have.any.keys('repository', 'homepage', 'bugs', 'main', 'scripts');
      });

      it('exports only files that it ships, each with its types', () => {
        const shipped = manifest['files'] as readonly string[];
        expect(shipped).to.include.members(['dist', 'README.md']);
        const targets = Object.values(manifest.exports ?? {}).flatMap((target) =>
          typeof target === 'string' ? [target] : [target.types, target.default],
        );
        expect(targets).to.have.length.greaterThan(0);
        for (const target of targets) {
          expect(target, 'target of an export').to.be.a('string');
          const path = (target ?? '').replace(/^\.\//, '');
          const [top] = path.split('/');
          if (path !== 'package.json') expect(shipped, target).to.include.oneOf([top, path]);
        }
        for (const [name, path] of Object.entries(manifest.bin ?? {})) {
          expect(existsSync(join(ROOT, folder, path)), `${name}: ${path}`).to.equal(true);
          expect(shipped, `${name}: ${path}`).to.include(path.replace(/^\.\//, '').split('/')[0]);
          expect(textOf(join(folder, path))).to.match(/^#!\/usr\/bin\/env node\n/);
        }
      });

      it('has a README for who has never seen it', () => {
        const readme = textOf(`${folder}/README.md`);
        expect(readme.split('\n', 1)[0]).to.equal(`# ${manifest.name}`);
        expect(readme, 'how to install it').to.match(
          new RegExp(`npm (install|i) .*${manifest.name}|npx ${manifest.name}`),
        );
        expect(readme, 'an example').to.match(/^```(ts|js|yaml|sh)/m);
        expect(readme.match(/^## /gm) ?? [], 'sections').to.have.length.of.at.least(2);
      });

      for (const [module, entry] of Object.entries(manifest.carabiner?.modules ?? {})) {
        const path = join(folder, typeof entry === 'string' ? entry : entry.manifest);

        it(`documents every option of ${module}`, () => {
          const { config = {}, provides = {} } = parse(textOf(path)) as {
            config?: object;
            provides?: Record<string, { config?: object }>;
          };
          const options = [
            config,
            ...Object.values(provides).map((provided) => provided.config ?? {}),
          ].flatMap((entries) => Object.keys(entries));
          const readme = textOf(`${folder}/README.md`);
          expect(options.filter((option) => !readme.includes(`\`${option}\``))).to.deep.equal([]);
        });
      }

      if (folder.startsWith('packages/plugin-')) {
        it('ships at least one module with its manifest', () => {
          expect(Object.keys(manifest.carabiner?.modules ?? {})).to.have.length.greaterThan(0);
          expect(manifest['files']).to.include('manifests');
          expect(manifest['keywords']).to.include('carabiner-plugin');
        });
      }
    });
  }
});
