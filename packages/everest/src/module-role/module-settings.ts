// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { CarabinerError, type Json } from '@carabiner/core';
import { brokerPort, type BrokerAddress } from '../broker/broker-address.js';
import type { Generation } from '../protocol/generation.js';
import { isObject } from '../protocol/envelope.js';
import type { TopicPrefixes } from '../protocol/topics.js';

/** What a module process was told cannot be used. */
export class ModuleSettingsError extends CarabinerError {
  readonly code = 'EVEREST_MODULE_SETTINGS';
}

/** How a process takes part in an EVerest system as one of its modules. */
export interface ModuleSettings {
  /** Module id of the run configuration. */
  readonly moduleId: string;
  readonly broker: BrokerAddress;
  readonly prefixes: TopicPrefixes;
  /** Known generation of the protocol; undefined finds it out by listening. */
  readonly generation: Generation | undefined;
  /** Broker of the outside world, as `settings.carabiner.external_mqtt` names one. */
  readonly externalBroker: { readonly [key: string]: Json };
}

/** Options as a command line gives them; each beats its environment variable. */
export interface ModuleOptions {
  readonly moduleId?: string | undefined;
  readonly brokerHost?: string | undefined;
  readonly brokerPort?: string | undefined;
  readonly brokerSocketPath?: string | undefined;
  readonly everestPrefix?: string | undefined;
  readonly externalPrefix?: string | undefined;
  readonly generation?: string | undefined;
}

/** Environment variables that beside EVerest's own say how to get into a broker that asks. */
export const BROKER_VARIABLES = {
  username: 'CARABINER_MQTT_USERNAME',
  password: 'CARABINER_MQTT_PASSWORD',
  /** `1` for TLS; the files are PEM. */
  tls: 'CARABINER_MQTT_TLS',
  ca: 'CARABINER_MQTT_CA',
  cert: 'CARABINER_MQTT_CERT',
  key: 'CARABINER_MQTT_KEY',
  serverName: 'CARABINER_MQTT_SERVER_NAME',
  /** JSON of `settings.carabiner.external_mqtt`, where the outside world has a broker of its own. */
  external: 'CARABINER_EXTERNAL_MQTT',
} as const;

/**
 * Puts together command line and environment as EVerest's modules do: the broker of `MQTT_SERVER_ADDRESS` beats all, then
 * options, then `EV_…` variables, then defaults.
 *
 * @throws ModuleSettingsError when there is no module id, or a value makes no sense
 */
export function readModuleSettings(
  options: ModuleOptions,
  env: Readonly<Record<string, string | undefined>>,
): ModuleSettings {
  const moduleId = options.moduleId ?? given(env['EV_MODULE']);
  if (moduleId === undefined)
    throw new ModuleSettingsError(
      'no module id: give --module-id, or set EV_MODULE as the manager of EVerest does',
    );
  if (!/^[a-zA-Z_][a-zA-Z0-9_.-]*$/.test(moduleId))
    throw new ModuleSettingsError(`the module id '${moduleId}' is no name`);
  const everest = withSlash(options.everestPrefix ?? given(env['EV_MQTT_EVEREST_PREFIX']) ?? 'everest');
  const broker = readBroker(options, env);
  return {
    moduleId,
    broker,
    externalBroker: readExternalBroker(broker, env),
    prefixes: {
      everest,
      external: options.externalPrefix ?? env['EV_MQTT_EXTERNAL_PREFIX'] ?? '',
      telemetry: 'everest-telemetry/',
    },
    generation: readGeneration(options.generation ?? given(env['CARABINER_EVEREST_GENERATION'])),
  };
}

function readBroker(
  options: ModuleOptions,
  env: Readonly<Record<string, string | undefined>>,
): BrokerAddress {
  const credentials = readCredentials(env);
  const server = given(env['MQTT_SERVER_ADDRESS']);
  const socketPath = options.brokerSocketPath ?? given(env['EV_MQTT_BROKER_SOCKET_PATH']);
  if (socketPath !== undefined && server === undefined) return { socketPath, ...credentials };
  const host = server ?? options.brokerHost ?? given(env['EV_MQTT_BROKER_HOST']) ?? 'localhost';
  const port =
    given(env['MQTT_SERVER_PORT']) ?? options.brokerPort ?? given(env['EV_MQTT_BROKER_PORT']) ?? '1883';
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new ModuleSettingsError(`the port of the broker is '${port}'; give a number from 1 to 65535`);
  return { host, port: number, ...credentials };
}

function readCredentials(
  env: Readonly<Record<string, string | undefined>>,
): Pick<BrokerAddress, 'username' | 'password' | 'tls'> {
  const username = given(env[BROKER_VARIABLES.username]);
  const password = given(env[BROKER_VARIABLES.password]);
  const serverName = given(env[BROKER_VARIABLES.serverName]);
  const pem = (key: 'ca' | 'cert' | 'key'): { readonly [name: string]: string } => {
    const file = given(env[BROKER_VARIABLES[key]]);
    if (file === undefined) return {};
    try {
      return { [key]: readFileSync(file, 'utf8') };
    } catch (cause) {
      throw new ModuleSettingsError(`${BROKER_VARIABLES[key]}: the file ${file} cannot be read`, { cause });
    }
  };
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(env[BROKER_VARIABLES.tls] === '1'
      ? {
          tls: {
            ...pem('ca'),
            ...pem('cert'),
            ...pem('key'),
            ...(serverName === undefined ? {} : { serverName }),
          },
        }
      : {}),
  };
}

/** The outside world of a module of EVerest is the system's own broker, unless the manager named another one. */
function readExternalBroker(
  broker: BrokerAddress,
  env: Readonly<Record<string, string | undefined>>,
): { readonly [key: string]: Json } {
  const named = given(env[BROKER_VARIABLES.external]);
  if (named === undefined) return externalBrokerOf(broker, env);
  try {
    const read: unknown = JSON.parse(named);
    if (isObject(read)) return read as { readonly [key: string]: Json };
  } catch {
    // Reported below.
  }
  throw new ModuleSettingsError(`${BROKER_VARIABLES.external} holds no JSON object`);
}

/**
 * The system's broker as one of the outside world. The password is named, never copied, and files are named as they were
 * given.
 */
function externalBrokerOf(
  broker: BrokerAddress,
  env: Readonly<Record<string, string | undefined>>,
): { readonly [key: string]: Json } {
  const { host = 'localhost', socketPath, username, password, tls } = broker;
  const scheme = tls === undefined ? 'mqtt' : 'mqtts';
  const entries: readonly (readonly [string, string | undefined])[] = [
    [
      'url',
      socketPath === undefined
        ? `${scheme}://${bracketed(host)}:${brokerPort(broker)}`
        : `unix://${socketPath}`,
    ],
    ['username', username],
    ['password_env', password === undefined ? undefined : BROKER_VARIABLES.password],
    ...(tls === undefined
      ? []
      : (['ca', 'cert', 'key'] as const).map((key) => [key, given(env[BROKER_VARIABLES[key]])] as const)),
    ['server_name', tls?.serverName],
  ];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** IPv6 addresses stand in brackets in a URL. */
function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function readGeneration(text: string | undefined): Generation | undefined {
  if (text === undefined || text === '2025' || text === '2026') return text;
  throw new ModuleSettingsError(`the generation is '${text}'; it is 2025 or 2026`);
}

/** Unset and empty are the same to EVerest's manager. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

function withSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix : `${prefix}/`;
}
