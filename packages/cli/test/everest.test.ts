// SPDX-License-Identifier: Apache-2.0
import { CompositionSource, loadComposition, readComposition } from '@carabiner/core';
import { hasErrors } from '@carabiner/dialect';
import { tempDir, type TempDir } from '@carabiner/testkit';
import { runCli } from 'carabiner';
import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './document.js';
import { TestTerminal } from './test-project.js';

/** A bench under the names by which configurations of EVerest know the modules. */
const EVEREST_NAMES = `active_modules:
  psu:
    module: Huawei_V100R023C10
    config_module: { psu_ip: 192.168.11.1, ethernet_interface: eth0 }
    config_implementation:
      connector_1: { global_connector_number: 1 }
    connections:
      board_support: [{ module_id: bench, implementation_id: board_support }]
  meter:
    module: IsabellenhuetteIemDcr
    config_module: { ip_address: 192.168.60.12 }
  bench:
    module: BenchSimulator
  evse:
    module: EvseManager
    mapping:
      module: { evse: 1, connector: 1 }
    config_module: { connector_id: 1, charge_mode: DC, evse_id: DE*CRB*E0001*1 }
    connections:
      bsp: [{ module_id: bench, implementation_id: board_support }]
      slac: [{ module_id: bench, implementation_id: slac }]
      hlc: [{ module_id: bench, implementation_id: hlc }]
      imd: [{ module_id: bench, implementation_id: imd }]
      powersupply_DC: [{ module_id: psu, implementation_id: connector_1 }]
      powermeter_car_side: [{ module_id: meter, implementation_id: main }]
`;

interface Workshop extends AsyncDisposable {
  readonly folder: TempDir;
  carabiner(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

async function workshop(): Promise<Workshop> {
  const folder = await tempDir('carabiner-everest-');
  await symlink(join(ROOT, 'node_modules'), folder.join('node_modules'));
  await mkdir(folder.join('everest/share/everest'), { recursive: true });
  return {
    folder,
    carabiner: async (...args) => {
      const terminal = new TestTerminal(folder.path, folder.join('run'));
      const code = await runCli(args, terminal);
      return { code, stdout: terminal.stdout, stderr: terminal.stderr };
    },
    [Symbol.asyncDispose]: async () => {
      await folder.remove();
    },
  };
}

describe('carabiner everest', function () {
  this.timeout(20_000);

  it('names of EVerest configurations are names of our modules', async () => {
    await using shop = await workshop();
    await writeFile(shop.folder.join('config.yaml'), EVEREST_NAMES);
    const { code, stdout } = await shop.carabiner('check', 'config.yaml');
    expect([code, stdout]).to.deep.equal([0, 'config.yaml: 4 modules, nothing wrong\n']);
  });

  it('check counts the modules of an installation, and no others', async () => {
    await using shop = await workshop();
    const folder = shop.folder.join('everest/libexec/everest/modules/Theirs');
    await mkdir(folder, { recursive: true });
    await writeFile(
      join(folder, 'manifest.yaml'),
      'description: A module of EVerest\nprovides:\n  main: { description: Values, interface: kvs }\n' +
        'metadata: { license: https://opensource.org/licenses/Apache-2.0, authors: [EVerest] }\n',
    );
    await writeFile(join(folder, 'index.js'), '');
    await writeFile(shop.folder.join('config.yaml'), 'active_modules: { x: { module: Theirs } }\n');
    expect((await shop.carabiner('check', 'config.yaml')).code).to.equal(1);
    const { code, stdout } = await shop.carabiner('check', 'config.yaml', '--prefix', 'everest');
    expect([code, stdout.includes('error')]).to.deep.equal([0, false]);
    await writeFile(
      shop.folder.join('config.yaml'),
      'settings: { prefix: everest }\nactive_modules: { x: { module: Theirs, config_module: { a: 1 } } }\n',
    );
    expect((await shop.carabiner('check', 'config.yaml')).stdout).to.include("'a'");
  });

  it('check and run say why a module of an installation is none, and which one was meant', async () => {
    await using shop = await workshop();
    const modules = shop.folder.join('everest/libexec/everest/modules');
    const manifest =
      'description: A module of EVerest\nprovides:\n  main: { description: Values, interface: kvs }\n' +
      'metadata: { license: https://opensource.org/licenses/Apache-2.0, authors: [EVerest] }\n';
    const add = async (name: string, file: string, text: string): Promise<void> => {
      await mkdir(join(modules, name), { recursive: true });
      await writeFile(join(modules, name, file), text);
    };
    const says = async (module: string, settings: object, ...options: readonly string[]): Promise<string> => {
      const text = JSON.stringify({ settings, active_modules: { x: { module } } });
      await writeFile(shop.folder.join('config.yaml'), text);
      const checked = await shop.carabiner('check', 'config.yaml', ...options);
      if (Object.keys(settings).length > 0) {
        const { stderr } = await shop.carabiner('run', 'config.yaml');
        expect(stderr).to.equal(checked.stdout);
      }
      return checked.stdout;
    };
    const prefix = { prefix: 'everest' };
    expect(await says('EvseSlac', prefix)).to.match(
      /the folder .*\/modules does not exist: correct settings/,
    );
    await add('EvseSlac', 'manifest.yaml', manifest);
    await add('EvseSlac', 'index.js', '');
    await add('Idle', 'manifest.yaml', manifest);
    await add('Broken', 'manifest.yaml', manifest.replace('interface: kvs', 'interfaces: kvs'));
    await add('Bare', 'index.js', '');
    expect(await says('EvseSlca', prefix)).to.match(/holds no folder 'EvseSlca'.*'EvseSlac'/s);
    expect(await says('EvseSlca', {}, '--prefix', 'everest')).to.match(/'EvseSlac'/);
    expect(await says('EvseSlca', { modules_dir: modules })).to.match(/'EvseSlac'/);
    expect(await says('Bare', prefix)).to.match(/Bare holds no manifest\.yaml/);
    expect(await says('Broken', prefix)).to.match(/manifest of 'Broken' has errors: .*interfaces/s);
    expect(await says('Idle', prefix)).to.match(
      /Idle holds nothing that can be started.*index\.js or module\.py/s,
    );
  });

  it('installs, shows what it did, and removes', async () => {
    await using shop = await workshop();
    const target = ['@carabiner/plugin-iem-dcr', '--prefix', 'everest'];
    const planned = await shop.carabiner('everest', 'install', ...target, '--dry-run');
    expect(planned.stdout).to.include('IemDcr/manifest.yaml: would write');
    expect(existsSync(shop.folder.join('everest/libexec'))).to.equal(false);
    const done = await shop.carabiner('everest', 'install', ...target);
    expect(done.code).to.equal(0);
    expect(done.stdout).to.include('installed, as IemDcr and IsabellenhuetteIemDcr');
    expect(done.stdout).to.include('IsabellenhuetteIemDcr/index.js: wrote');
    expect(await shop.carabiner('everest', 'uninstall', 'IemDcr', '--prefix', 'everest')).to.include({
      code: 0,
    });
    expect(existsSync(shop.folder.join('everest/libexec'))).to.equal(false);
  });

  it('answers mistakes in one line', async () => {
    await using shop = await workshop();
    await writeFile(shop.folder.join('c.yaml'), EVEREST_NAMES);
    for (const [args, expected, code] of [
      [['install', 'nothing', '--prefix', 'everest'], /^carabiner: no installed package .*'nothing'.*\n$/, 1],
      [['install', 'IemDcr', '--prefix', 'none'], /^carabiner: there is no folder .*none.*\n$/, 1],
      [['install', 'IemDcr'], /required option '--prefix <dir>'/, 2],
      [['acl', 'none.yaml'], /^carabiner: there is no file none\.yaml\n$/, 1],
      [['acl', 'c.yaml', '--external', 'psu'], /^carabiner: --external psu: expected <module id>=/, 2],
    ] as const) {
      const result = await shop.carabiner('everest', ...args);
      expect(result.stderr, args.join(' ')).to.match(expected);
      expect(result.code, args.join(' ')).to.equal(code);
    }
  });
});

/** Fenced blocks, indented ones too. */
function blocksOf(page: string): readonly { readonly language: string; readonly text: string }[] {
  return [...page.matchAll(/^( *)```(\w*)[^\n]*\n([\s\S]*?)\n\1```/gm)].map(
    ([, indent = '', language = '', text = '']) => ({
      language,
      text: text
        .split('\n')
        .map((line) => line.slice(indent.length))
        .join('\n'),
    }),
  );
}

describe('docs/everest.md', function () {
  this.timeout(30_000);
  let blocks: ReturnType<typeof blocksOf>;
  before(async () => {
    blocks = blocksOf(await readFile(`${ROOT}docs/everest.md`, 'utf8'));
    expect(blocks.length).to.be.greaterThan(10);
  });

  it('shows compositions that can be read, with parameters that exist', async () => {
    await using shop = await workshop();
    const compositions = blocks.filter(({ language }) => language === 'yaml');
    expect(compositions.length).to.be.greaterThan(3);
    for (const { text } of compositions) {
      const file = shop.folder.join('shown.yaml');
      await writeFile(file, `${text}\n`);
      const { findings } = readComposition(CompositionSource.read(file));
      expect(hasErrors(findings), `${text}\n${JSON.stringify(findings)}`).to.equal(false);
      const unknown = loadComposition({ file }).findings.filter(({ code }) =>
        /unknown-(key|parameter|config)/.test(code),
      );
      expect(unknown, text).to.deep.equal([]);
    }
  });

  it('shows commands that exist, with their options', async () => {
    await using shop = await workshop();
    const commands = blocks
      .filter(({ language }) => language === 'sh')
      .flatMap(({ text }) => text.split('\n'))
      .flatMap((line) => /^(?:npx )?carabiner (.+?)\s*(?:#.*)?$/.exec(line)?.[1] ?? [])
      .map((command) => command.split(/\s+/));
    expect(commands.length).to.be.greaterThan(5);
    for (const words of commands) {
      const name = words[0] === 'everest' ? words.slice(0, 2) : words.slice(0, 1);
      const { stdout } = await shop.carabiner(...name, '--help');
      expect(stdout, words.join(' ')).to.include(`carabiner ${name.join(' ')}`);
      for (const option of words.filter((word) => /^--?[a-z]/.test(word)))
        expect(stdout, words.join(' ')).to.match(new RegExp(`(^|\\s)${option}\\b`, 'm'));
    }
  });

  it('shows installations and access lists that work', async () => {
    await using shop = await workshop();
    const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.split('\n'));
    const hosts = blocks.find(({ language, text }) => language === 'yaml' && text.includes('host: cabinet'));
    await writeFile(shop.folder.join('charger.yaml'), `${hosts?.text ?? ''}\n`);
    let count = 0;
    for (const line of lines) {
      const command = /^(?:npx )?carabiner (everest .+)$/.exec(line)?.[1];
      if (command === undefined) continue;
      const { code, stderr } = await shop.carabiner(
        ...command.split(/\s+/).map((word) => (word === '/opt/everest' ? 'everest' : word)),
      );
      expect(code, `${command}\n${stderr}`).to.equal(0);
      count += 1;
    }
    expect(count).to.be.greaterThan(2);
  });
});
