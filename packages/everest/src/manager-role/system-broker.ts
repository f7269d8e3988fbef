// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  CarabinerError,
  everestBroker,
  type ExternalMqttSettings,
  type Settings,
  type SystemBrokerSettings,
} from '@carabiner/core';
import type { BrokerAddress } from '../broker/broker-address.js';
import { startEmbeddedBroker, type EmbeddedBroker } from '../broker/embedded-broker.js';
import { BROKER_VARIABLES } from '../module-role/module-settings.js';
import type { TopicPrefixes } from '../protocol/topics.js';

/** The broker named in a composition cannot be used. */
export class SystemBrokerError extends CarabinerError {
  readonly code = 'EVEREST_BROKER';
}

/** The broker of a system: one that runs elsewhere, or one inside this process. */
export interface SystemBroker {
  readonly address: BrokerAddress;
  readonly embedded: boolean;
  /** Environment variables that let a module process of this project in. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the embedded one. */
  close(): Promise<void>;
}

/**
 * Finds or starts the broker of a composition: `settings.carabiner.mqtt.broker`, else EVerest's `mqtt_broker_…` and
 * what overrides them in the environment, else one inside this process.
 *
 * @param folder - that file names are relative to
 * @throws SystemBrokerError when a file or a password is missing, or the embedded broker's port is taken
 * @throws MqttSettingsError when `MQTT_SERVER_ADDRESS` or `MQTT_SERVER_PORT` cannot be used
 */
export async function openSystemBroker(
  settings: Settings,
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<SystemBroker> {
  const { carabiner } = settings;
  const { broker, embeddedPort } = carabiner.mqtt;
  const outside = outsideEnvironment(carabiner.externalMqtt, folder);
  if (broker !== undefined && broker !== 'embedded')
    return elsewhere(addressOf(broker, folder, env), { ...environmentOf(broker, folder, env), ...outside });
  const named = broker === undefined ? everestBroker(settings, env) : undefined;
  if (named !== undefined) return elsewhere(named, outside);
  let embedded: EmbeddedBroker;
  try {
    embedded = await startEmbeddedBroker(embeddedPort);
  } catch (cause) {
    throw new SystemBrokerError(
      `the embedded broker cannot listen on port ${embeddedPort}: choose another embedded_port, or 0 for a free one`,
      { cause },
    );
  }
  return {
    address: { host: '127.0.0.1', port: embedded.port },
    embedded: true,
    environment: outside,
    close: async () => {
      await embedded.close();
    },
  };
}

function elsewhere(address: BrokerAddress, environment: Readonly<Record<string, string>>): SystemBroker {
  return { address, embedded: false, environment, close: () => Promise.resolve() };
}

function environmentOf(
  { username, passwordEnv, tls }: SystemBrokerSettings,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const password = passwordEnv === undefined ? undefined : env[passwordEnv];
  const entries: readonly (readonly [string, string | undefined])[] = [
    [BROKER_VARIABLES.username, username],
    [BROKER_VARIABLES.password, password],
    [BROKER_VARIABLES.tls, tls === undefined ? undefined : '1'],
    [BROKER_VARIABLES.ca, inFolder(folder, tls?.ca)],
    [BROKER_VARIABLES.cert, inFolder(folder, tls?.cert)],
    [BROKER_VARIABLES.key, inFolder(folder, tls?.key)],
    [BROKER_VARIABLES.serverName, tls?.serverName],
  ];
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}

/**
 * The broker of the outside world, for modules in processes of their own. Each has a connection of its own, so they share
 * neither client id, which would throw the others out, nor last will, which speaks for the whole station.
 */
function outsideEnvironment(
  external: ExternalMqttSettings | undefined,
  folder: string,
): Readonly<Record<string, string>> {
  if (external === undefined) return {};
  const { url, username, passwordEnv, ca, cert, key, serverName, queueLimit } = external;
  const settings = {
    url,
    username,
    password_env: passwordEnv,
    ca: inFolder(folder, ca),
    cert: inFolder(folder, cert),
    key: inFolder(folder, key),
    server_name: serverName,
    queue_limit: queueLimit,
  };
  return { [BROKER_VARIABLES.external]: JSON.stringify(settings) };
}

function inFolder(folder: string, file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(folder, file);
}

function addressOf(
  settings: SystemBrokerSettings,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): BrokerAddress {
  const { host, port, socketPath, username, passwordEnv, tls } = settings;
  const password = passwordEnv === undefined ? undefined : env[passwordEnv];
  if (passwordEnv !== undefined && password === undefined)
    throw new SystemBrokerError(`mqtt.broker: the environment variable ${passwordEnv} is not set`);
  const pem = (name: 'ca' | 'cert' | 'key'): { readonly [name: string]: string } => {
    const file = tls?.[name];
    if (file === undefined) return {};
    try {
      return { [name]: readFileSync(resolve(folder, file), 'utf8') };
    } catch (cause) {
      throw new SystemBrokerError(`mqtt.broker: file '${file}' of '${name}' cannot be read`, { cause });
    }
  };
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(socketPath === undefined ? {} : { socketPath }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...pem('ca'),
            ...pem('cert'),
            ...pem('key'),
            ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
          },
        }),
  };
}

/** Topic prefixes of a composition, as EVerest makes them of its settings. */
export function prefixesOf({ everest }: Settings): TopicPrefixes {
  const withSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix : `${prefix}/`);
  const text = (key: string, fallback: string): string => {
    const value = everest[key];
    return typeof value === 'string' && value !== '' ? value : fallback;
  };
  return {
    everest: withSlash(text('mqtt_everest_prefix', 'everest')),
    external: text('mqtt_external_prefix', ''),
    telemetry: withSlash(text('telemetry_prefix', 'everest-telemetry')),
  };
}
