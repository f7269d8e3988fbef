// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  CompositionError,
  createRuntime,
  digestOf,
  loadComposition,
  PackageCatalogue,
} from '@carabiner/core';
import { VirtualClock } from '@carabiner/clock/virtual';
import { rejection } from '../support/system.js';
import { Installation, MANIFEST, moduleCode } from '../support/packages.js';

describe('modules of packages', () => {
  let place: Installation;
  beforeEach(() => {
    place = new Installation();
  });
  afterEach(() => place.remove());

  const declares = (module: string, more: object = {}): object => ({
    carabiner: { modules: { [module]: './manifest.yaml' } },
    ...more,
  });
  const files = (module: string, answer = 'plain'): { readonly [path: string]: string } => ({
    'manifest.yaml': MANIFEST,
    'index.js': moduleCode(module, answer),
  });

  function compose(entry: object, sub = ''): string {
    const file = join(place.folder, sub, 'charger.yaml');
    writeFileSync(file, JSON.stringify({ active_modules: { m: entry } }));
    return file;
  }

  /** What the module answers, or the code and message of the first error. */
  async function outcome(entry: object, sub = ''): Promise<string> {
    try {
      const runtime = await createRuntime({ file: compose(entry, sub), log: { level: 'silent' } });
      await runtime.start();
      const answer = await runtime.call('m', 'main', 'id');
      await runtime.stop();
      return String(answer);
    } catch (thrown) {
      if (!(thrown instanceof CompositionError)) throw thrown;
      const error = thrown.findings.find(({ severity }) => severity === 'error');
      return `${error?.line}:${error?.column} ${error?.code}: ${error?.message}`;
    }
  }

  it('are found by the module name', async () => {
    place.install('@acme/counter', declares('Acme'), files('Acme', 'acme'));
    expect(await outcome({ module: 'Acme' })).to.equal('acme');
  });

  it('are found from a folder below, through links, in the own package, and by an alias', async () => {
    const elsewhere = place.install('linked', declares('Linked'), files('Linked', 'linked'), 'elsewhere');
    mkdirSync(join(place.folder, 'site'));
    symlinkSync(elsewhere, join(place.folder, 'node_modules', 'linked'));
    expect(await outcome({ module: 'Linked' }, 'site')).to.equal('linked');
    place.install('.', declares('Own', { name: 'own' }), files('Own', 'own'), 'site');
    expect(await outcome({ module: 'Own' }, 'site')).to.equal('own');
    place.install(
      'aliased',
      {
        carabiner: {
          modules: { New: { manifest: './manifest.yaml', entry: './lib.js', aliases: ['Old_X1'] } },
        },
      },
      { 'manifest.yaml': MANIFEST, 'lib.js': moduleCode('New', 'new') },
    );
    expect(await outcome({ module: 'Old_X1' })).to.equal('new');
  });

  it('may be several in a package', async () => {
    place.install(
      'many',
      {
        carabiner: {
          modules: { One: './manifest.yaml', Two: { manifest: './manifest.yaml', entry: 'two.js' } },
        },
      },
      { ...files('One', 'one'), 'two.js': moduleCode('Two', 'two') },
    );
    expect(await outcome({ module: 'One' })).to.equal('one');
    expect(await outcome({ module: 'Two' })).to.equal('two');
  });

  it('of the same name are told apart by the package key', async () => {
    place.install('a-counter', declares('Same'), files('Same', 'a'));
    place.install('b-counter', declares('Same'), files('Same', 'b'));
    expect(await outcome({ module: 'Same' })).to.match(/^1:\d+ ambiguous-module: .*a-counter, b-counter/);
    expect(await outcome({ module: 'Same', package: 'b-counter' })).to.equal('b');
  });

  it('that are not there are named', async () => {
    place.install('counter', declares('Acme'), files('Acme'));
    expect(await outcome({ module: 'Acne' })).to.contain('unknown-module');
    expect(await outcome({ module: 'Acme', package: 'countre' })).to.contain(
      "unknown-package: package 'countre'",
    );
    expect(await outcome({ module: 'Other', package: 'counter' })).to.contain("declares no module 'Other'");
    place.install('plain', {}, {});
    expect(await outcome({ module: 'Acme', package: 'plain' })).to.contain('no-modules');
  });

  it('that do not load are reported with their cause', async () => {
    place.install('broken', declares('Broken'), {
      'manifest.yaml': MANIFEST,
      'index.js': 'import "not-installed-at-all"; export class Broken {}',
    });
    expect(await outcome({ module: 'Broken' })).to.match(/^1:\d+ load-failed: .*not-installed-at-all/);
    place.install('throwing', declares('Throwing'), {
      'manifest.yaml': MANIFEST,
      'index.js': 'throw new Error("no key file", { cause: new Error("ENOENT") });',
    });
    expect(await outcome({ module: 'Throwing' })).to.match(/load-failed: .*no key file: ENOENT/);
  });

  it('that take too long to load are given up by the clock of the machine, whatever that of the charger does', async () => {
    place.install('endless', declares('Endless'), {
      'manifest.yaml': MANIFEST,
      'index.js': 'await new Promise(() => {});',
    });
    const file = compose({ module: 'Endless' });
    const settings = { carabiner: { load_timeout_ms: 20 } };
    writeFileSync(file, JSON.stringify({ settings, active_modules: { m: { module: 'Endless' } } }));
    // This clock stands still.
    const error = await rejection(
      createRuntime({ file, clock: new VirtualClock(), log: { level: 'silent' } }),
    );
    expect(error.message).to.match(/package endless does not load: import of endless .*20 ms/);
  });

  it('that were not built, export nothing fitting, or no longer match their manifest are reported', async () => {
    place.install('unbuilt', declares('Unbuilt'), { 'manifest.yaml': MANIFEST });
    expect(await outcome({ module: 'Unbuilt' })).to.contain('missing-entry');
    place.install('misnamed', declares('Right'), files('Wrong'));
    expect(await outcome({ module: 'Right' })).to.contain(
      "missing-export: package misnamed exports no 'Right'",
    );
    place.install('function', declares('Fun'), {
      'manifest.yaml': MANIFEST,
      'index.js': 'export const Fun = () => 1;',
    });
    expect(await outcome({ module: 'Fun' })).to.contain('no-module-class');
    place.install('stale', declares('Stale'), {
      'manifest.yaml': MANIFEST,
      'index.js': moduleCode(
        'Stale',
        '',
        "descriptor.provides.main.interface = { ...counter, name: 'meter' };",
      ),
    });
    expect(await outcome({ module: 'Stale' })).to.contain(
      'provides.main is counter in the manifest and meter',
    );
  });

  it('are taken without a look at the manifest by who knows what it says, and only then', async () => {
    place.install('quick', declares('Quick'), files('Quick'));
    const catalogue = new PackageCatalogue(place.folder);
    const installed = catalogue.locate({ module: 'Quick', package: 'quick' });
    if ('code' in installed) throw new Error(installed.message);
    const manifest = catalogue.manifestOf(installed);
    if ('code' in manifest) throw new Error(manifest.message);
    const digest = digestOf(manifest);
    place.write({ 'node_modules/quick/manifest.yaml': 'description: no longer a manifest' });
    const known = await catalogue.classOf(installed, 5_000, digest);
    expect(known).to.be.a('function');
    const unknown = await catalogue.classOf(installed, 5_000);
    expect(unknown).to.have.property('code', 'bad-manifest');
    place.write({
      'node_modules/quick/manifest.yaml': MANIFEST.replaceAll('interface: counter', 'interface: meter'),
    });
    const stale = await catalogue.classOf(installed, 5_000, 'of another manifest');
    expect(stale).to.have.property('code', 'stale-descriptor');
  });

  it('may be exported by a file that the imports of the package name, under the conditions of this process', async () => {
    place.install(
      'split',
      {
        imports: {
          '#here': { 'not-here': './nowhere.js', default: './here.js' },
          '#lost': './lost.js',
        },
        carabiner: {
          modules: {
            Here: { manifest: './manifest.yaml', entry: '#here' },
            Lost: { manifest: './manifest.yaml', entry: '#lost' },
            Unnamed: { manifest: './manifest.yaml', entry: '#unnamed' },
          },
        },
      },
      { 'manifest.yaml': MANIFEST, 'here.js': moduleCode('Here', 'here') },
    );
    expect(await outcome({ module: 'Here' })).to.equal('here');
    expect(await outcome({ module: 'Lost' })).to.contain('missing-entry');
    expect(await outcome({ module: 'Unnamed' })).to.contain('missing-entry');
  });

  it('are loaded by the conditions that the process was started with', () => {
    place.install(
      'two-faced',
      { ...declares('Two'), exports: { '.': { special: './special.js', default: './index.js' } } },
      { ...files('Two', 'plain'), 'special.js': moduleCode('Two', 'special') },
    );
    const file = compose({ module: 'Two' });
    const program = `
      import { createRuntime } from '@carabiner/core';
      const runtime = await createRuntime({ file: ${JSON.stringify(file)}, log: { level: 'silent' } });
      await runtime.start();
      console.log(await runtime.call('m', 'main', 'id'));
      await runtime.stop();`;
    const answer = (options: readonly string[], env: object = {}): string =>
      execFileSync(process.execPath, [...options, '--input-type=module', '-e', program], {
        cwd: place.folder,
        env: { ...process.env, ...env },
        encoding: 'utf8',
      }).trim();
    expect(answer([])).to.equal('plain');
    expect(answer(['--conditions=special'])).to.equal('special');
    expect(answer(['-C', 'special'])).to.equal('special');
    expect(answer([], { NODE_OPTIONS: '--conditions special' })).to.equal('special');
  });

  it('with a broken manifest are reported', async () => {
    place.install('odd', declares('Odd'), { 'manifest.yaml': 'description: x', 'index.js': '' });
    expect(await outcome({ module: 'Odd' })).to.contain('bad-manifest');
  });

  it('made for another version of the core are refused before they are loaded', async () => {
    const trap = { 'manifest.yaml': MANIFEST, 'index.js': 'globalThis.carabinerTrap = true;' };
    place.install('old', declares('Old', { peerDependencies: { '@carabiner/core': '^99.0.0' } }), trap);
    expect(await outcome({ module: 'Old' })).to.contain(
      'core-version: package old was made for @carabiner/core ^99.0.0',
    );
    place.install('lonely', declares('Lonely', { peerDependencies: {} }), trap);
    expect(await outcome({ module: 'Lonely' })).to.contain('core-not-a-peer');
    expect(globalThis).to.not.have.property('carabinerTrap');
  });

  it('that name a place of the core instead of a range are taken as they are installed', async () => {
    for (const origin of ['file:../core-0.1.0.tgz', 'workspace:^', 'github:owner/repository']) {
      place.install(
        'near',
        declares('Near', { peerDependencies: { '@carabiner/core': origin } }),
        files('Near'),
      );
      expect(await outcome({ module: 'Near' }), origin).to.equal('plain');
    }
    place.install(
      'tag',
      declares('Tag', { peerDependencies: { '@carabiner/core': 'newest' } }),
      files('Tag'),
    );
    expect(await outcome({ module: 'Tag' })).to.contain('bad-core-range');
  });

  it('that would bring a second copy of the core are refused, with its place', async () => {
    place.install('heavy', declares('Heavy'), files('Heavy'));
    place.write({
      'node_modules/heavy/node_modules/@carabiner/core/package.json': JSON.stringify({
        name: '@carabiner/core',
        version: '0.0.9',
      }),
    });
    const text = await outcome({ module: 'Heavy' });
    expect(text).to.contain('second-core').and.to.contain('0.0.9');
    expect(text).to.contain(join('heavy', 'node_modules', '@carabiner', 'core'));
  });

  it('beside which another copy of the core was loaded are warned of', async () => {
    place.install('fine', declares('Fine'), files('Fine'));
    const key = Symbol.for('carabiner.core.copies');
    const copies = Reflect.get(globalThis, key) as object[];
    copies.push({ folder: '/bundled', version: '0.0.1' });
    try {
      const runtime = await createRuntime({ file: compose({ module: 'Fine' }), log: { level: 'silent' } });
      const warning = runtime.findings.find(({ code }) => code === 'second-core');
      expect(warning?.message).to.contain('0.0.1 in /bundled');
    } finally {
      copies.pop();
    }
  });

  it('are not executed by a check', () => {
    place.install('loud', declares('Loud'), {
      'manifest.yaml': MANIFEST,
      'index.js': 'globalThis.carabinerTrap = true;',
    });
    const { findings } = loadComposition({ file: compose({ module: 'Loud' }) });
    expect(findings.map(({ code }) => code)).to.deep.equal(['unused-module']);
    expect(globalThis).to.not.have.property('carabinerTrap');
  });
});
