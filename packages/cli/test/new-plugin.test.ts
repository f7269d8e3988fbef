// SPDX-License-Identifier: Apache-2.0
import { tempDir, type TempDir } from '@carabiner/testkit';
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { execute, installPacked, type Outcome } from './packed-install.js';

/** A driver for each interface with a template, and a module with commands that are not written yet. */
const PLUGINS: readonly (readonly [string, ...string[]])[] = [
  ['my-psu', '--provides', 'power_supply_DC'],
  ['my-meter', '--provides', 'powermeter'],
  ['@acme/my-imd', '--provides', 'isolation_monitor', '--dir', 'my-imd'],
  ['my-store', '--provides', 'kvs'],
  [
    'my-logic',
    '--provides',
    'evse_manager',
    'energy',
    '--requires',
    'kvs',
    'power_supply_DC',
    'power_supply_DC',
  ],
];

describe('carabiner new plugin, from packed packages in an empty folder', function () {
  this.timeout(180_000);
  let folder: TempDir;
  const inPlugin = async (name: string, ...args: readonly string[]): Promise<Outcome> =>
    await execute(folder.join(name), 'npm', ...args);

  before(async () => {
    folder = await tempDir('carabiner-new-');
    await installPacked(folder.path);
    for (const args of PLUGINS) {
      const made = await execute(
        folder.path,
        folder.join('node_modules/.bin/carabiner'),
        'new',
        'plugin',
        ...args,
      );
      expect(made.code, made.output).to.equal(0);
    }
  });

  after(async () => {
    await folder.remove();
  });

  it('builds, passes its contract suite and lints', async () => {
    for (const step of [['run', 'build'], ['test'], ['run', 'lint']]) {
      const { code, output } = await inPlugin('my-psu', ...step);
      expect(code, output).to.equal(0);
      if (step[0] === 'test')
        expect(output)
          .to.match(/11 passing/)
          .and.match(/1 pending/);
    }
  });

  it('generates what new plugin has generated', async () => {
    const before = await readFile(folder.join('my-psu/src/generated/MyPsu.ts'), 'utf8');
    const { code, output } = await inPlugin('my-psu', 'run', 'generate');
    expect(code, output).to.equal(0);
    expect(await readFile(folder.join('my-psu/src/generated/MyPsu.ts'), 'utf8')).to.equal(before);
  });

  it('is found right by carabiner check and runs until it is stopped', async () => {
    const checked = await inPlugin('my-psu', 'run', 'check');
    expect(checked.code, checked.output).to.equal(0);
    const running = spawn(folder.join('node_modules/.bin/carabiner'), ['run', 'charger.yaml'], {
      cwd: folder.join('my-psu'),
      env: { ...process.env, CARABINER_RUNTIME_DIR: folder.join('run') },
    });
    let output = '';
    for (const stream of [running.stdout, running.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('runtime running') && !running.killed) running.kill('SIGTERM');
      });
    const [code] = (await once(running, 'exit')) as [number];
    expect(code, output).to.equal(0);
    expect(output).to.include('charger.yaml has stopped');
  });

  it('builds and passes for the other interfaces too', async () => {
    const tsc = folder.join('node_modules/.bin/tsc');
    const others = ['my-meter', 'my-imd', 'my-store', 'my-logic'];
    const built = await execute(folder.path, tsc, '-b', ...others.map((name) => `${name}/test`));
    expect(built.code, built.output).to.equal(0);
    for (const name of others) {
      const tested = await execute(
        folder.join(name),
        folder.join('node_modules/.bin/mocha'),
        'dist-test/**/*.test.js',
      );
      expect(tested.code, tested.output).to.equal(0);
    }
  });

  it('is refused for what cannot be', async () => {
    const carabiner = folder.join('node_modules/.bin/carabiner');
    for (const [args, expected] of [
      [['my-psu', '--provides', 'kvs'], /my-psu is there already and not empty/],
      [
        ['x', '--provides', 'power_supply_dc'],
        /no interface "power_supply_dc"; did you mean power_supply_DC\?/,
      ],
      [['x'], /--provides <interface>/],
    ] as const) {
      const { code, output } = await execute(folder.path, carabiner, 'new', 'plugin', ...args);
      expect(code).to.be.oneOf([1, 2]);
      expect(output).to.match(expected);
    }
  });
});
