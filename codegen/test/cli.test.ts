// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { main } from '../dist/cli.js';
import { ROOT } from './corpus.js';
import { LAMP, LAMP_MANIFEST, Workspace } from './workspace.js';

describe('carabiner-codegen', () => {
  it('generates with or without naming the command', async () => {
    using space = new Workspace({ ...LAMP, ...LAMP_MANIFEST });
    const args = ['--specs', space.file('specs'), '--manifests', space.file('manifests/*.yaml'), '--out'];
    expect(await main([...args, space.file('a')], space.terminal)).to.equal(0);
    expect(await main(['generate', ...args, space.file('b'), '--quiet'], space.terminal)).to.equal(0);
    expect(readFileSync(space.file('a/AcmeLamp.ts'), 'utf8')).to.equal(
      readFileSync(space.file('b/AcmeLamp.ts'), 'utf8'),
    );
    expect(await main([...args, space.file('a'), '--check'], space.terminal)).to.equal(0);
    expect(space.take().out.split('\n')).to.have.length(1);
  });

  it('takes several directories, each with its own flag or not', async () => {
    using space = new Workspace({ ...LAMP, 'more/types/more.yaml': 'description: More\n' });
    for (const specs of [
      ['--specs', space.file('specs'), space.file('more')],
      ['--specs', space.file('specs'), '--specs', space.file('more')],
    ]) {
      expect(await main([...specs, '--out', space.file('out')], space.terminal)).to.equal(0);
      expect(existsSync(space.file('out/types/more.ts'))).to.equal(true);
    }
  });

  it('refuses unknown and missing options with 2', async () => {
    using space = new Workspace();
    expect(await main(['--specs', 'x'], space.terminal)).to.equal(2);
    expect(space.take().error).to.contain("required option '--out <dir>'");
    expect(await main(['--spec', 'x', '--out', 'y'], space.terminal)).to.equal(2);
    expect(space.take().error).to.contain('--spec');
  });

  it('prints help and version', async () => {
    using space = new Workspace();
    expect(await main(['--help'], space.terminal)).to.equal(0);
    expect(space.take().out).to.contain('diff [options] <old> <new>');
    expect(await main(['--version'], space.terminal)).to.equal(0);
    expect(space.take().out).to.match(/^\d+\.\d+\.\d+$/);
  });

  it('runs as a program', () => {
    const text = execFileSync(process.execPath, [`${ROOT}codegen/bin/carabiner-codegen.js`, '--version'], {
      encoding: 'utf8',
    });
    expect(text).to.match(/^\d/);
  });

  describe('diff', () => {
    const changed = LAMP['specs/types/lamp.yaml'].replace('[Red, Green]', '[Red, Blue]');

    it('lists what changed, who breaks, and exits with 1', async () => {
      using space = new Workspace({
        ...LAMP,
        'new/types/lamp.yaml': changed,
        'new/interfaces/lamp.yaml': LAMP['specs/interfaces/lamp.yaml'],
        'new/errors/lamp.yaml': LAMP['specs/errors/lamp.yaml'],
      });
      expect(await main(['diff', space.file('specs'), space.file('new')], space.terminal)).to.equal(1);
      expect(space.take().out).to.equal(
        'types/lamp types.Colour.enum: breaks providers and consumers: value "Blue" added [enum-value-added]\n' +
          'types/lamp types.Colour.enum: breaks providers and consumers: value "Green" removed [enum-value-removed]\n' +
          '2 changes, 2 of them breaking',
      );
      expect(await main(['diff', space.file('specs'), space.file('new'), '--json'], space.terminal)).to.equal(
        1,
      );
      const report = JSON.parse(space.take().out) as { breaking: boolean; changes: unknown[] };
      expect(report.breaking).to.equal(true);
      expect(report.changes[0]).to.deep.equal({
        file: 'types/lamp',
        path: 'types.Colour.enum',
        kind: 'enum-value-added',
        message: 'value "Blue" added',
        providers: 'breaking',
        consumers: 'breaking',
      });
    });

    it('exits with 0 when nothing breaks and with 2 when it cannot tell', async () => {
      using space = new Workspace({
        ...LAMP,
        'new/types/lamp.yaml': `${LAMP['specs/types/lamp.yaml']}  More: { description: It, type: string }\n`,
        'new/interfaces/lamp.yaml': LAMP['specs/interfaces/lamp.yaml'],
        'new/errors/lamp.yaml': LAMP['specs/errors/lamp.yaml'],
      });
      expect(await main(['diff', space.file('specs'), space.file('specs')], space.terminal)).to.equal(0);
      expect(space.take().out).to.equal('no changes');
      expect(await main(['diff', space.file('specs'), space.file('new')], space.terminal)).to.equal(0);
      expect(space.take().out).to.contain("compatible: type 'More' added [type-added]");
      expect(await main(['diff', space.file('specs'), space.file('nowhere')], space.terminal)).to.equal(2);
      expect(space.take().error).to.contain('[missing-directory]');
    });
  });
});
