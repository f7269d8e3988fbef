// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, type ModuleEntry, type ModuleShape } from '@carabiner/core';
import type { BrokerAddress } from '../broker/broker-address.js';
import { brokerPort } from '../broker/broker-address.js';
import { BROKER_VARIABLES } from '../module-role/module-settings.js';
import type { TopicPrefixes } from '../protocol/topics.js';
import type { GuestIdentity } from './guest-identity.js';
import { USUAL_FOLDERS, type EverestFolders, type GuestModule } from './guest-modules.js';
import type { Placement } from './placement.js';
import type { ProcessCommand } from './supervised-process.js';

/** What all processes of a system are told. */
export interface SystemAddress {
  readonly broker: BrokerAddress;
  /** What lets a module of ours into the broker: user, password, files of TLS. */
  readonly brokerEnvironment: Readonly<Record<string, string>>;
  readonly prefixes: TopicPrefixes;
  /** The EVerest installation. */
  readonly folders: EverestFolders | undefined;
  /** Folder that packages are looked for from. */
  readonly folder: string;
  readonly logLevel: string;
  readonly logFormat: string;
  readonly identity: GuestIdentity;
  /** A spare process is kept for modules of ours whose process ends. */
  readonly spare: boolean;
}

const MODULE_PROCESS = fileURLToPath(new URL('../../bin/module-process.js', import.meta.url));

/** The command line and environment of a module's process. */
export function moduleCommand(
  entry: ModuleEntry,
  placement: Extract<Placement, { kind: 'child' | 'guest' }>,
  system: SystemAddress,
  declaration: ModuleShape | undefined,
): ProcessCommand {
  const env = {
    ...installationEnvironment(system),
    ...inheritedEnvironment(system),
    ...everestEnvironment(entry, system),
  };
  if (placement.kind === 'child') {
    const { package: installed } = placement.installed;
    const moduleArgs = [
      installed.name,
      '--generation',
      '2026',
      '--folder',
      system.folder,
      '--log-level',
      system.logLevel,
      '--log-format',
      system.logFormat,
      ...(declaration === undefined ? [] : ['--declared', digestOf(declaration)]),
    ];
    return {
      file: process.execPath,
      args: [MODULE_PROCESS, ...moduleArgs],
      moduleArgs,
      env: {
        ...env,
        ...system.brokerEnvironment,
        ...ownCredentials(entry.id),
        CARABINER_PARENT_PIPE: '1',
      },
    };
  }
  return bound(entry, system, guestCommand(entry, placement.guest, system, env));
}

/**
 * What this process hands on of its own environment: nobody's way into the broker, since a module may know its own password
 * only.
 */
export function inheritedEnvironment({
  broker,
  brokerEnvironment,
}: SystemAddress): Record<string, string | undefined> {
  const outside = brokerEnvironment[BROKER_VARIABLES.external] ?? '';
  return Object.fromEntries(
    Object.entries(process.env).filter(([name, value]) => {
      if (outside.includes(`"${name}"`)) return true;
      if (name.startsWith('CARABINER_MQTT_') || name === BROKER_VARIABLES.external) return false;
      return broker.password === undefined || value !== broker.password;
    }),
  );
}

/** Where EVerest is installed; an environment that says so already is believed, as by EVerest's manager. */
function installationEnvironment({ folders }: SystemAddress): Record<string, string> {
  if (folders === undefined) return {};
  return { EV_PREFIX: folders.prefix, EV_LOG_CONF_FILE: folders.loggingConfig };
}

/** What EVerest's manager puts into the environment. What would lead to another broker is taken out. */
function everestEnvironment(
  { id }: ModuleEntry,
  { broker, prefixes }: SystemAddress,
): Record<string, string | undefined> {
  return {
    EV_MQTT_EVEREST_PREFIX: prefixes.everest,
    EV_MQTT_EXTERNAL_PREFIX: prefixes.external,
    ...(broker.socketPath === undefined
      ? {
          EV_MQTT_BROKER_HOST: broker.host ?? 'localhost',
          EV_MQTT_BROKER_PORT: String(brokerPort(broker)),
          EV_MQTT_BROKER_SOCKET_PATH: undefined,
        }
      : {
          EV_MQTT_BROKER_HOST: undefined,
          EV_MQTT_BROKER_PORT: undefined,
          EV_MQTT_BROKER_SOCKET_PATH: broker.socketPath,
        }),
    // The manager of EVerest sets it when it publishes schemas, which this one never does.
    EV_VALIDATE_SCHEMA: undefined,
    MQTT_SERVER_ADDRESS: undefined,
    MQTT_SERVER_PORT: undefined,
    EV_MODULE: id,
  };
}

/** A module with a password of its own (`CARABINER_MQTT_PASSWORD_<ID>`) goes by its id. */
function ownCredentials(id: string): Record<string, string> {
  const name = `${BROKER_VARIABLES.password}_${id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
  const password = process.env[name];
  if (password === undefined) return {};
  return { [BROKER_VARIABLES.username]: id, [BROKER_VARIABLES.password]: password };
}

/** The command line and environment of a module of EVerest, before {@link bound} wraps it. */
export function guestCommand(
  { id }: ModuleEntry,
  guest: GuestModule,
  { broker, brokerEnvironment, prefixes, folders = USUAL_FOLDERS }: SystemAddress,
  env: Readonly<Record<string, string | undefined>>,
): ProcessCommand {
  const { prefix, loggingConfig } = folders;
  switch (guest.kind) {
    case 'binary':
      return {
        file: guest.file,
        argv0: `${id}:${guest.module}`,
        args: [
          '--prefix',
          prefix,
          '--module',
          id,
          '--log_config',
          loggingConfig,
          '--mqtt_everest_prefix',
          prefixes.everest,
          '--mqtt_external_prefix',
          prefixes.external,
          ...(broker.socketPath === undefined
            ? [
                '--mqtt_broker_host',
                broker.host ?? 'localhost',
                '--mqtt_broker_port',
                String(brokerPort(broker)),
              ]
            : ['--mqtt_broker_socket_path', broker.socketPath]),
        ],
        env,
      };
    case 'javascript':
      return {
        file: process.execPath,
        args: ['--unhandled-rejections=strict', guest.file],
        env: {
          ...env,
          // EVerest's own client cannot log in; a plugin of this project that was installed there can.
          ...(guest.needsMqtt5 ? {} : { ...brokerEnvironment, ...ownCredentials(id) }),
          CARABINER_PARENT_PIPE: '1',
          NODE_PATH: join(prefix, 'lib/everest/node_modules'),
        },
      };
    case 'python': {
      const venv = join(dirname(guest.file), '.venv/bin/python3');
      const own = join(prefix, 'lib/everest/everestpy');
      const inherited = env['PYTHONPATH'];
      return {
        file: existsSync(venv) ? venv : 'python3',
        args: [guest.file],
        env: {
          ...env,
          PYTHONPATH: inherited === undefined || inherited === '' ? own : `${own}${delimiter}${inherited}`,
        },
      };
    }
  }
}

/** The kernel's part: guests get SIGTERM when this process dies, and run as who they should. */
function bound(
  { capabilities }: ModuleEntry,
  { identity: { setpriv, runAs } }: SystemAddress,
  command: ProcessCommand,
): ProcessCommand {
  if (setpriv === undefined) return command;
  const names = capabilities.map((name) => `+${name.toLowerCase().replace(/^cap_/, '')}`).join(',');
  return {
    // Not `argv0`: setpriv does not hand it on, and that of BusyBox takes it for its own name.
    env: command.env,
    file: setpriv,
    args: [
      '--pdeathsig',
      'TERM',
      ...(runAs === undefined ? [] : ['--reuid', runAs.user, '--regid', runAs.gid, '--init-groups']),
      ...(names === '' ? [] : ['--inh-caps', names, '--ambient-caps', names]),
      '--',
      command.file,
      ...command.args,
    ],
  };
}
