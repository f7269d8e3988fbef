// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { CompositionSource, readComposition, type Json, type RunConfiguration } from '@carabiner/core';
import { DEFAULT_PREFIXES, GuestIdentityError, openSystem, Topics } from '@carabiner/everest';
import { tempDir, type TempDir } from '@carabiner/testkit';
import { makeDefinitions } from '../dist/manager-role/definitions.js';
import { guestIdentity } from '../dist/manager-role/guest-identity.js';
import { everestFolders } from '../dist/manager-role/guest-modules.js';
import { moduleCommand, type SystemAddress } from '../dist/manager-role/module-command.js';
import { Placements } from '../dist/manager-role/placement.js';
import type { ProcessCommand } from '../dist/manager-role/supervised-process.js';
import { PAIR } from './support/system.js';

const SETPRIV = ['/usr/bin/setpriv'];
const STRANGER = 'nobody-of-this-name';

describe('processes of guests', function () {
  this.timeout(20_000);
  let folder: TempDir;

  before(async () => {
    folder = await tempDir('carabiner-guest-');
    // Somebody else is to run what is in it.
    await chmod(folder.path, 0o755);
    const guest = folder.join('libexec/everest/modules/Guest');
    await mkdir(guest, { recursive: true });
    await cp(`${PAIR}manifests/Supply.yaml`, `${guest}/manifest.yaml`);
    await writeFile(`${guest}/Guest`, '#!/bin/sh\nid -u; id -g; id -G; grep CapAmb /proc/self/status\n', {
      mode: 0o755,
    });
  });
  after(async () => {
    await folder.remove();
  });

  function configured(settings: object, entry: object = {}): RunConfiguration {
    const composition = { settings, active_modules: { psu: { module: 'Guest', ...entry } } };
    return readComposition(CompositionSource.of(composition)).configuration;
  }

  /** How the guest of the folder is started where EVerest is installed as `settings` say. */
  function commandOf(
    settings: object,
    options: { readonly entry?: object; readonly socket?: string } = {},
  ): ProcessCommand {
    const { settings: read, modules } = configured(settings, options.entry);
    const entry = modules[0]!;
    const placements = new Placements(configured({ prefix: folder.path }).settings, '/', undefined);
    const placement = placements.of(entry);
    if (placement.kind !== 'guest') throw new Error(`the module is ${placement.kind}`);
    const system: SystemAddress = {
      broker: options.socket === undefined ? { host: 'broker', port: 1_884 } : { socketPath: options.socket },
      brokerEnvironment: {},
      prefixes: DEFAULT_PREFIXES,
      folders: everestFolders(read, '/'),
      folder: '/',
      logLevel: 'info',
      logFormat: 'auto',
      identity: guestIdentity([entry], placements, read, SETPRIV),
      spare: false,
    };
    return moduleCommand(entry, placement, system, undefined);
  }

  function settingsDefinition(settings: object): Json | undefined {
    const { settings: read, modules } = configured(settings);
    const topics = new Topics(DEFAULT_PREFIXES);
    const source = {
      entries: modules,
      shapes: new Map(),
      settings: read,
      folders: everestFolders(read, '/'),
      specFolders: [],
      complete: false,
    };
    return makeDefinitions(source, topics).find(({ topic }) => topic === topics.definitions('settings'))
      ?.data;
  }

  describe('find what EVerest has installed', () => {
    for (const [title, settings, etc, file] of [
      [
        'below a prefix',
        { prefix: '/opt/ev' },
        '/opt/ev/etc/everest',
        '/opt/ev/etc/everest/default_logging.cfg',
      ],
      ['for the prefix /usr', { prefix: '/usr' }, '/etc/everest', '/etc/everest/default_logging.cfg'],
      ['for the prefix /usr/', { prefix: '/usr/' }, '/etc/everest', '/etc/everest/default_logging.cfg'],
      [
        'with a logging configuration below the prefix',
        { prefix: '/opt/ev', logging_config_file: 'etc/quiet.cfg' },
        '/opt/ev/etc/everest',
        '/opt/ev/etc/quiet.cfg',
      ],
      [
        'with a logging configuration elsewhere',
        { prefix: '/usr', logging_config_file: '/srv/quiet.cfg' },
        '/etc/everest',
        '/srv/quiet.cfg',
      ],
    ] as const)
      it(title, () => {
        const { args, env } = commandOf(settings);
        expect(args[args.indexOf('--log_config') + 1]).to.equal(file);
        expect(args[args.indexOf('--prefix') + 1]).to.equal(env['EV_PREFIX']);
        expect(env['EV_LOG_CONF_FILE']).to.equal(file);
        expect(settingsDefinition(settings)).to.include({
          prefix: env['EV_PREFIX'],
          etc_dir: etc,
          data_dir: `${env['EV_PREFIX'] ?? ''}/share/everest`,
          modules_dir: `${env['EV_PREFIX'] ?? ''}/libexec/everest/modules`,
        });
      });

    it('where the settings name no installation', () => {
      expect(settingsDefinition({})).to.include({ prefix: '/usr', etc_dir: '/etc/everest' });
    });

    it('where the environment of the manager says it otherwise', () => {
      process.env['EV_LOG_CONF_FILE'] = '/srv/mine.cfg';
      try {
        expect(commandOf({ prefix: '/usr' }).env).to.include({
          EV_LOG_CONF_FILE: '/srv/mine.cfg',
          EV_PREFIX: '/usr',
        });
      } finally {
        delete process.env['EV_LOG_CONF_FILE'];
      }
    });
  });

  it('are told of a socket and of no other broker', () => {
    process.env['EV_MQTT_BROKER_HOST'] = 'astray';
    process.env['EV_MQTT_BROKER_PORT'] = '1';
    try {
      expect(commandOf({ prefix: '/usr' }, { socket: '/run/broker.sock' }).env).to.include({
        EV_MQTT_BROKER_SOCKET_PATH: '/run/broker.sock',
        EV_MQTT_BROKER_HOST: undefined,
        EV_MQTT_BROKER_PORT: undefined,
      });
    } finally {
      delete process.env['EV_MQTT_BROKER_HOST'];
      delete process.env['EV_MQTT_BROKER_PORT'];
    }
  });

  it('have user, groups and capabilities as configured, and none of this process', function () {
    if (process.getuid?.() !== 0) this.skip(); // Only root may become somebody else.
    if (spawnSync(SETPRIV[0]!, ['--version']).status !== 0) this.skip(); // No setpriv of util-linux.
    const groups = ['-u', '-g', '-G'].map((option) =>
      spawnSync('id', [option, 'nobody'], { encoding: 'utf8' }).stdout.trim(),
    );
    const said = (entry: object): readonly string[] => {
      const { file, args, env } = commandOf({ run_as_user: 'nobody' }, { entry });
      return spawnSync(file, args, { env, encoding: 'utf8' }).stdout.trim().split('\n');
    };
    expect(said({})).to.deep.equal([...groups, 'CapAmb:\t0000000000000000']);
    expect(said({ capabilities: ['CAP_CHOWN'] })).to.deep.equal([...groups, 'CapAmb:\t0000000000000001']);
  });

  for (const host of [undefined, 'cabinet'])
    it(`are not started by ${host ?? 'the manager'} when this machine does not know their user`, async () => {
      const broker = { host: '127.0.0.1', port: 1 };
      const composition = {
        settings: { prefix: folder.path, run_as_user: STRANGER, carabiner: { mqtt: { broker } } },
        active_modules: { psu: { module: 'Guest', ...(host === undefined ? {} : { host }) } },
      };
      const open = async (): Promise<void> => {
        const role = host === undefined ? {} : { host };
        const system = await openSystem({ composition, log: { level: 'silent' }, ...role });
        await system?.close();
      };
      expect(await refusal(open)).to.include(
        `settings.run_as_user is '${STRANGER}', whom this machine does not know`,
      );
    });

  describe('without the setpriv of util-linux', () => {
    const asked = async (settings: object, entry: object, candidates: readonly string[]): Promise<string> =>
      await refusal(() => {
        const configuration = configured({ prefix: folder.path, ...settings }, entry);
        const placements = new Placements(configuration.settings, '/', undefined);
        const identity = guestIdentity(configuration.modules, placements, configuration.settings, candidates);
        expect(identity).to.deep.equal({ setpriv: undefined, runAs: undefined });
        return Promise.resolve();
      });

    it('are not started as somebody else or with capabilities', async () => {
      expect(await asked({ run_as_user: 'nobody' }, {}, [])).to.include(
        "module 'psu' (Guest) is to run as user 'nobody' (settings.run_as_user), which needs the program setpriv",
      );
      expect(await asked({}, { capabilities: ['CAP_NET_RAW'] }, [])).to.include(
        "module 'psu' (Guest) is to run with capabilities CAP_NET_RAW, which needs the program setpriv",
      );
    });

    it('run as this process when nothing else is asked for', async () => {
      expect(await asked({}, {}, [])).to.equal('');
      expect(await asked({ run_as_user: '' }, {}, [])).to.equal('');
      expect(await asked({ run_as_user: STRANGER }, { standalone: true }, [])).to.equal('');
    });

    it('are not left to that of BusyBox, which knows no users', async () => {
      const [box, link] = [folder.join('busybox.nosuid'), folder.join('setpriv')];
      await writeFile(box, '');
      await symlink(box, link);
      expect(await asked({ run_as_user: 'nobody' }, {}, [link])).to.include('not that of BusyBox');
      expect(await asked({}, {}, [link])).to.equal('');
    });
  });
});

/** What is said against it; empty when nothing is. */
async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return '';
  } catch (error) {
    if (error instanceof GuestIdentityError) return error.message;
    throw error;
  }
}
