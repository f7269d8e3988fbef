// SPDX-License-Identifier: Apache-2.0
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { runCli } from 'carabiner';
import { parse } from 'yaml';
import { ROOT } from './document.js';
import { COMPOSITION, testProject, TestTerminal } from './test-project.js';

describe('carabiner modules', () => {
  it('lists what is installed, in short, in full and for one interface', async () => {
    await using project = await testProject();
    const all = await project.carabiner('modules');
    expect(all.stdout)
      .to.include('AcmeImd  (acme-imd@1.2.3)')
      .and.include('provides main: isolation_monitor');
    const one = await project.carabiner('modules', 'AcmeImd');
    expect(one.stdout)
      .to.include('resistance_Ohm: number, default 900000')
      .and.include('serial: string, required')
      .and.not.include('OtherImd');
    const alias = await project.carabiner('modules', 'Imd9000', '--json');
    expect((JSON.parse(alias.stdout) as { module: string }[])[0]?.module).to.equal('OtherImd');
    const some = await project.carabiner('modules', '--interface', 'isolation_monitor');
    expect(some.stdout).to.include('OtherImd').and.not.include('Listener');
    expect((await project.carabiner('modules', '-i', 'kvs')).stdout).to.equal(
      'no such module is installed here\n',
    );
  });

  it('names the nearest module when there is none of that name', async () => {
    await using project = await testProject();
    const { code, stderr } = await project.carabiner('modules', 'AcmeImdd');
    expect(code).to.equal(1);
    expect(stderr).to.equal("carabiner: no module 'AcmeImdd' is installed here; did you mean 'AcmeImd'?\n");
  });
});

describe('carabiner schema and init', () => {
  it('make a schema that accepts good compositions and refuses others', async () => {
    await using project = await testProject();
    const { stdout } = await project.carabiner('schema');
    const ajv = new Ajv({ strict: false, allErrors: true });
    const validate = ajv.compile(JSON.parse(stdout) as object);
    const verdict = (text: string): boolean => validate(parse(text));
    expect(verdict(COMPOSITION), ajv.errorsText(validate.errors)).to.equal(true);
    expect(verdict(COMPOSITION.replace('AcmeImd', 'AcmeIdm'))).to.equal(false);
    expect(verdict(COMPOSITION.replace('serial: A-17', 'serial: 17'))).to.equal(false);
    expect(verdict(COMPOSITION.replace('serial: A-17', 'seriall: A-17'))).to.equal(false);
    expect(verdict(COMPOSITION.replace('      imd:\n        -', '      idm:\n        -'))).to.equal(false);
    expect(verdict(COMPOSITION.replace('serial: A-17', 'resistance_Ohm: -1'))).to.equal(false);
    expect(verdict(COMPOSITION.replace('AcmeImd', 'Imd9000'))).to.equal(true);
  });

  it('accepts every composition of the examples', async () => {
    const terminal = new TestTerminal(`${ROOT}examples/vendor-psu`, '');
    expect(await runCli(['schema'], terminal)).to.equal(0);
    const ajv = new Ajv({ strict: false, allErrors: true });
    const validate = ajv.compile(JSON.parse(terminal.stdout) as object);
    const files = ['dc-charger', 'vendor-psu'].flatMap((example) =>
      readdirSync(`${ROOT}examples/${example}/compositions`)
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => `examples/${example}/compositions/${name}`),
    );
    expect(files).to.have.length.greaterThan(1);
    for (const file of files)
      expect(
        validate(parse(await readFile(`${ROOT}${file}`, 'utf8'))),
        `${file}: ${ajv.errorsText(validate.errors)}`,
      ).to.equal(true);
  });

  it('know every setting of the core', async () => {
    await using project = await testProject();
    const schema = JSON.parse((await project.carabiner('schema')).stdout) as {
      properties: { settings: { properties: { carabiner: { properties: object } } } };
    };
    const source = await readFile(`${ROOT}packages/core/src/composition/settings.ts`, 'utf8');
    const keys = /const CARABINER_KEYS = \[([^\]]+)\]/.exec(source)?.[1]?.match(/\w+/g) ?? [];
    expect(schema.properties.settings.properties.carabiner.properties).to.have.all.keys(keys);
  });

  it('write a composition with the hint for editors, connected as far as it can be', async () => {
    await using project = await testProject();
    const made = await project.carabiner('init', 'new.yaml', '--module', 'Listener', 'AcmeImd');
    expect([made.code, made.stdout]).to.deep.equal([
      0,
      'wrote new.yaml and carabiner.schema.json; next: carabiner check new.yaml\n',
    ]);
    const text = await readFile(`${project.path}/new.yaml`, 'utf8');
    expect(text).to.match(/^# yaml-language-server: \$schema=carabiner\.schema\.json\n/);
    expect(text).to.include('module_id: acme_imd').and.include('serial: # string: Serial number on the case');
    await project.write('new.yaml', text.replace('serial:', 'serial: A-1'));
    expect((await project.carabiner('check', 'new.yaml')).stdout).to.include('nothing wrong');
    expect((await project.carabiner('init', 'new.yaml')).stderr).to.include('--force replaces it');
    expect((await project.carabiner('init', 'x.yaml', '-m', 'Acme')).stderr).to.include(
      'no installed package',
    );
  });

  it('let an empty composition be checked', async () => {
    await using project = await testProject();
    await project.carabiner('init', 'empty.yaml');
    expect((await project.carabiner('check', 'empty.yaml')).code).to.equal(0);
  });
});

describe('carabiner completion', () => {
  it('prints scripts that ask the program for its words', async () => {
    await using project = await testProject();
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await project.carabiner('completion', shell)).stdout).to.include('carabiner complete --');
    expect((await project.carabiner('completion', 'ksh')).code).to.equal(2);
    expect((await project.carabiner('complete', '--', 'ch')).stdout).to.equal('check\n');
    expect((await project.carabiner('complete', '--', 'graph', '--f')).stdout).to.equal('--format\n');
    expect((await project.carabiner('complete', '--', 'completion', '')).stdout).to.equal(
      'bash\nfish\nzsh\n',
    );
  });

  it('shows examples and the version', async () => {
    await using project = await testProject();
    expect((await project.carabiner('--version')).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    for (const command of [
      'run',
      'check',
      'graph',
      'modules',
      'init',
      'schema',
      'call',
      'watch',
      'swap',
      'completion',
    ])
      expect((await project.carabiner(command, '--help')).stdout, command).to.include('Example');
  });
});
