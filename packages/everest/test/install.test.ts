// SPDX-License-Identifier: Apache-2.0
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { EverestInstallError, installModules, uninstallModules } from '@carabiner/everest';
import { tempDir, type TempDir } from '@carabiner/testkit';
import { embedded } from './support/brokers.js';
import { startRecordingBroker, type RecordingBroker, type Sent } from './support/recording-broker.js';
import { eventually, PAIR, startSystem } from './support/system.js';

const SPECS = join(
  dirname(createRequire(import.meta.url).resolve('@carabiner/interfaces/package.json')),
  'specs',
);
const MODULES = 'libexec/everest/modules';

/** Everything below a folder: text of files by path, folders with a slash at the end. */
async function tree(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const read = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(folder.length + 1);
    return entry.isDirectory() ? [`${name}/`, ''] : [name, await readFile(path, 'utf8')];
  });
  return Object.fromEntries(await Promise.all(read)) as Record<string, string>;
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(EverestInstallError);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('installation into EVerest', function () {
  this.timeout(20_000);
  let prefix: TempDir;
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(prefix.join(path)), { recursive: true });
    await writeFile(prefix.join(path), text);
  };
  const install = (target = 'pair', more: { names?: readonly string[]; dryRun?: boolean } = {}) =>
    installModules({ target, prefix: prefix.path, folder: PAIR, ...more });
  const uninstall = (target: string, dryRun = false) =>
    uninstallModules({ target, prefix: prefix.path, dryRun });

  beforeEach(async () => {
    prefix = await tempDir('carabiner-prefix-');
    await put('share/everest/types/units.yaml', '# EVerest\n');
  });
  afterEach(async () => {
    await prefix.remove();
  });

  it('writes manifest and program under each name, and the specifications that are missing', async () => {
    const { modules, actions, warnings } = install();
    expect(modules.map(({ module, names }) => [module, names])).to.deep.equal([
      ['Supply', ['Supply', 'OldSupply']],
      ['Consumer', ['Consumer']],
      ['Reporter', ['Reporter']],
    ]);
    expect(warnings).to.deep.equal([]);
    const files = await tree(prefix.path);
    const manifest = await readFile(`${PAIR}manifests/Supply.yaml`, 'utf8');
    for (const name of ['Supply', 'OldSupply'])
      expect(files[`${MODULES}/${name}/manifest.yaml`]).to.equal(manifest);
    for (const path of [
      'interfaces/power_supply_DC',
      'interfaces/kvs',
      'types/power_supply_DC',
      'errors/power_supply_DC',
    ])
      expect(files[`share/everest/${path}.yaml`], path).to.equal(
        await readFile(join(SPECS, `${path}.yaml`), 'utf8'),
      );
    expect(actions.filter(({ kind }) => kind === 'write')).to.have.length.greaterThan(9);
  });

  it('says the same without writing anything in a dry run', async () => {
    const before = await tree(prefix.path);
    const planned = install('pair', { dryRun: true });
    expect(await tree(prefix.path)).to.deep.equal(before);
    expect(install()).to.deep.equal(planned);
    const installed = await tree(prefix.path);
    const removed = uninstall('pair', true);
    expect(await tree(prefix.path)).to.deep.equal(installed);
    expect(uninstall('pair')).to.deep.equal(removed);
  });

  it('takes away exactly what it wrote, folders included', async () => {
    await put(`${MODULES}/Other/manifest.yaml`, 'description: EVerest\n');
    const before = await tree(prefix.path);
    install();
    uninstall('pair');
    expect(await tree(prefix.path)).to.deep.equal(before);
  });

  it('takes one module by its alias, and keeps what another one needs', async () => {
    install('Supply');
    install('Consumer');
    uninstall('OldSupply');
    const files = await tree(prefix.path);
    expect(Object.keys(files).filter((path) => path.startsWith(`${MODULES}/`))).to.have.members([
      `${MODULES}/`,
      `${MODULES}/Consumer/`,
      `${MODULES}/Consumer/manifest.yaml`,
      `${MODULES}/Consumer/index.js`,
    ]);
    // The consumer requires the interface as well.
    expect(files).to.include.keys('share/everest/interfaces/power_supply_DC.yaml');
    uninstall('Consumer');
    expect(await tree(prefix.path)).to.deep.equal({
      'share/': '',
      'share/everest/': '',
      'share/everest/types/': '',
      'share/everest/types/units.yaml': '# EVerest\n',
    });
  });

  it('is done twice without harm, and replaced by an installation under fewer names', async () => {
    install();
    const once = await tree(prefix.path);
    const { actions } = install();
    expect([...new Set(actions.map(({ kind }) => kind))]).to.deep.equal(['same']);
    expect(await tree(prefix.path)).to.deep.equal(once);
    install('Supply', { names: ['Supply'] });
    expect(Object.keys(await tree(prefix.path)).filter((path) => path.includes('OldSupply'))).to.deep.equal(
      [],
    );
  });

  for (const [title, path] of [
    ['another module of that name', `${MODULES}/OldSupply/manifest.yaml`],
    ['a program that would be started instead', `${MODULES}/Supply/Supply`],
  ] as const)
    it(`refuses, and changes nothing, where there is ${title}`, async () => {
      await put(path, 'of somebody else');
      const before = await tree(prefix.path);
      const message = refusal(() => install());
      expect(message).to.include(prefix.join(path)).and.to.include('--name');
      expect(await tree(prefix.path)).to.deep.equal(before);
    });

  it('installs beside a module of that name under the other names', async () => {
    await put(`${MODULES}/OldSupply/manifest.yaml`, 'of somebody else');
    install('Supply', { names: ['Supply'] });
    expect(await tree(prefix.path)).to.include.keys(`${MODULES}/Supply/index.js`);
    expect(refusal(() => install('Supply', { names: ['Suply'] }))).to.include('Supply, OldSupply');
  });

  it('does not overwrite nor remove what was changed since', async () => {
    install();
    await put(`${MODULES}/Supply/manifest.yaml`, 'changed');
    await put('share/everest/interfaces/kvs.yaml', 'changed');
    expect(refusal(() => install())).to.include('was changed since');
    const { actions } = uninstall('pair');
    expect(actions.filter(({ kind }) => kind === 'changed').map(({ path }) => path)).to.have.members([
      `${MODULES}/Supply/manifest.yaml`,
      'share/everest/interfaces/kvs.yaml',
    ]);
    expect(await tree(prefix.path)).to.include({
      [`${MODULES}/Supply/manifest.yaml`]: 'changed',
      'share/everest/interfaces/kvs.yaml': 'changed',
    });
  });

  it("leaves EVerest's own specifications as they are, and tells when they differ", async () => {
    const text = await readFile(join(SPECS, 'interfaces/power_supply_DC.yaml'), 'utf8');
    const other = text.replace('setImportVoltageCurrent:', 'setBoth:');
    expect(other).not.to.equal(text);
    await put('share/everest/interfaces/power_supply_DC.yaml', other);
    for (const kind of ['types', 'errors'])
      await cp(join(SPECS, kind), prefix.join('share/everest', kind), { recursive: true });
    const { warnings, actions } = install('Supply');
    expect(warnings.join('\n'))
      .to.include("another version of 'power_supply_DC'")
      .and.to.include('setBoth')
      .and.not.to.include('types/');
    expect(actions).to.deep.include({
      kind: 'foreign',
      path: 'share/everest/interfaces/power_supply_DC.yaml',
    });
    expect((await tree(prefix.path))['share/everest/interfaces/power_supply_DC.yaml']).to.equal(other);
    uninstall('Supply');
    expect((await tree(prefix.path))['share/everest/interfaces/power_supply_DC.yaml']).to.equal(other);
  });

  it('tells what cannot be installed or removed', async () => {
    expect(refusal(() => install('Suply')))
      .to.include("'Suply'")
      .and.to.include('Supply');
    expect(refusal(() => uninstall('pair'))).to.include('nothing was');
    install('Supply');
    expect(refusal(() => uninstall('Consumer'))).to.include('installed are Supply of pair');
    expect(
      refusal(() => installModules({ target: 'pair', prefix: prefix.join('no/such'), folder: PAIR })),
    ).to.include('there is no folder');
    await put('share/everest/carabiner/installed.json', '{}');
    expect(refusal(() => install())).to.include('installed.json');
  });

  describe('is started', () => {
    let broker: RecordingBroker;
    let child: ChildProcess | undefined;
    let output = '';
    beforeEach(async () => {
      broker = await startRecordingBroker();
      output = '';
    });
    afterEach(async () => {
      child?.kill('SIGKILL');
      await broker.close();
    });

    /** Starts a program the way EVerest's manager starts JavaScript. */
    function start(name: string): Promise<number | null> {
      const program = prefix.join(MODULES, name, 'index.js');
      const made = spawn(process.execPath, ['--unhandled-rejections=strict', program], {
        cwd: '/',
        env: {
          PATH: process.env['PATH'],
          NODE_PATH: prefix.join('lib/everest/node_modules'),
          EV_MODULE: 'psu',
          EV_PREFIX: prefix.path,
          EV_LOG_CONF_FILE: prefix.join('etc/everest/default_logging.cfg'),
          EV_MQTT_EVEREST_PREFIX: 'everest/',
          EV_MQTT_EXTERNAL_PREFIX: '',
          EV_MQTT_BROKER_HOST: '127.0.0.1',
          EV_MQTT_BROKER_PORT: String(broker.port),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = made;
      for (const stream of [made.stdout, made.stderr])
        stream.on('data', (text: Buffer) => {
          output += text.toString();
        });
      return once(made, 'exit').then(([code]) => code as number | null);
    }

    const say = async (topic: string, payload: unknown, retain = false): Promise<void> => {
      await broker.publish({
        topic: `everest/${topic}`,
        qos: 2,
        retain,
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      });
    };
    const heard = async (topic: string): Promise<unknown> => {
      const message = await broker.next((each: Sent) => each.topic === `everest/${topic}`);
      return JSON.parse(message.payload);
    };

    for (const name of ['Supply', 'OldSupply'])
      it(`as ${name}: takes its configuration, serves commands, and ends with the system`, async () => {
        install();
        const ended = start(name);
        await say('module_names', { msg_type: 'ConfigurationResponse', data: { psu: name } }, true);
        expect(await heard('config/request')).to.deep.equal({
          msg_type: 'ConfigurationRequest',
          data: { type: 'Get', origin: 'psu', request: { type: 'Module' } },
        });
        await say('modules/psu/response', {
          msg_type: 'ConfigurationResponse',
          data: {
            status: 'Ok',
            status_info: '',
            type: 'Get',
            response: {
              type: 'Module',
              data: {
                module_config: {
                  module_id: 'psu',
                  module_name: name,
                  standalone: false,
                  telemetry_enabled: false,
                  configuration_parameters: {
                    '!module': [
                      {
                        name: 'limit',
                        value: 400,
                        characteristics: { datatype: 'number', mutability: 'ReadWrite' },
                      },
                      {
                        name: 'serial',
                        value: 'A-17',
                        characteristics: { datatype: 'string', mutability: 'ReadOnly' },
                      },
                    ],
                  },
                  connections: {},
                  mapping: null,
                  access: null,
                },
                mappings: { psu: null },
              },
            },
          },
        });
        expect(await heard('modules/psu/metadata')).to.deep.equal({
          msg_type: 'ConfigurationResponse',
          data: { module: name, provides: { main: { interface: 'power_supply_DC' } } },
        });
        expect(await heard('modules/psu/ready')).to.deep.equal({ msg_type: 'ModuleReady', data: true });
        await say('ready', { msg_type: 'GlobalReady', data: true });
        const command = 'modules/psu/impl/main/cmd/setExportVoltageCurrent';
        const call = async (id: string, voltage: number): Promise<unknown> => {
          await say(command, {
            msg_type: 'Cmd',
            data: { id, args: { voltage, current: 1 }, origin: 'evse' },
          });
          return await heard(`${command}/response/evse`);
        };
        expect(await call('1', 300)).to.deep.equal({
          msg_type: 'CmdResult',
          data: { type: 'result', data: { id: '1', origin: 'psu', retval: null } },
        });
        expect(await heard('modules/psu/impl/main/var/voltage_current')).to.deep.equal({
          msg_type: 'Var',
          data: { data: { voltage_V: 300, current_A: 1 } },
        });
        // The limit of the configuration, not the default.
        expect(JSON.stringify(await call('2', 450))).to.include('more than 400 V');
        await say('shutdown', 'true');
        expect(await ended, output).to.equal(0);
      });

    it('whatever package.json lies above it', async () => {
      install('Supply');
      await put('package.json', '{ "type": "module" }');
      void start('Supply');
      await say('module_names', { msg_type: 'ConfigurationResponse', data: { psu: 'Supply' } }, true);
      await heard('config/request');
    });

    it('and says what to do when its package has moved', async () => {
      const place = await tempDir('carabiner-moved-');
      try {
        await cp(PAIR, place.join('node_modules/pair'), { recursive: true });
        await mkdir(place.join('node_modules/@carabiner'));
        for (const name of ['core', 'interfaces', 'clock'])
          await symlink(join(SPECS, '../../', name), place.join('node_modules/@carabiner', name));
        installModules({ target: 'Supply', prefix: prefix.path, folder: place.path });
        await rm(place.join('node_modules'), { recursive: true });
        const ended = start('Supply');
        expect(await ended).to.equal(1);
        expect(output).to.include('carabiner everest install pair').and.to.include('moved');
      } finally {
        await place.remove();
      }
    });
  });

  it('is found and run by a manager that knows the prefix only', async () => {
    install();
    const folder = await tempDir('carabiner-empty-');
    const broker = await embedded.start();
    const system = await startSystem(
      {
        psu: { module: 'OldSupply', config_module: { limit: 400 } },
        user: {
          module: 'Consumer',
          connections: { psu: [{ module_id: 'psu', implementation_id: 'main' }] },
        },
      },
      { broker, folder: folder.path, settings: { prefix: prefix.path } },
    );
    try {
      await system.started;
      const { runtime } = system;
      await runtime.call('user', 'main', 'store', { key: 'mode', value: 'Export' });
      await eventually(
        async () => (await runtime.call('user', 'main', 'load', { key: 'mode' })) === 'Export',
        'the variable',
      );
      expect([...system.manager.pids.keys()]).to.have.members(['psu', 'user']);
    } finally {
      await system.stop();
      await broker.stop();
      await folder.remove();
    }
  });
});
