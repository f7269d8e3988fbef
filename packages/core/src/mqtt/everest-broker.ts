// SPDX-License-Identifier: Apache-2.0
import type { Settings } from '../composition/settings.js';
import { MqttSettingsError } from './mqtt-settings-error.js';

/** Where the broker of EVerest's own settings is. */
export type EverestBroker =
  { readonly socketPath: string } | { readonly host: string; readonly port: number };

/**
 * The broker of EVerest's own settings, as EVerest's manager finds it: the environment variables `MQTT_SERVER_ADDRESS` and
 * `MQTT_SERVER_PORT` override `mqtt_broker_host` and `mqtt_broker_port`.
 *
 * @returns undefined when neither settings nor environment name one
 * @throws MqttSettingsError when a variable contradicts the settings or is no port
 */
export function everestBroker(
  { everest }: Settings,
  env: Readonly<Record<string, string | undefined>> = process.env,
): EverestBroker | undefined {
  const text = (value: string | number | boolean | undefined): string | undefined =>
    value === undefined || value === '' ? undefined : String(value);
  const address = text(env['MQTT_SERVER_ADDRESS']);
  const socketPath = text(everest['mqtt_broker_socket_path']);
  if (socketPath !== undefined) {
    if (address === undefined) return { socketPath };
    throw new MqttSettingsError(
      `MQTT_SERVER_ADDRESS is '${address}', but settings.mqtt_broker_socket_path names the socket '${socketPath}': ` +
        'unset the variable, or take the socket out of the settings',
    );
  }
  const host = address ?? text(everest['mqtt_broker_host']);
  const overriding = text(env['MQTT_SERVER_PORT']);
  const port = overriding ?? text(everest['mqtt_broker_port']);
  if (host === undefined && port === undefined) return undefined;
  if (overriding !== undefined && !isPort(overriding))
    throw new MqttSettingsError(
      `MQTT_SERVER_PORT is '${overriding}': set it to a number from 1 to 65535, or unset it`,
    );
  return { host: host ?? 'localhost', port: Number(port ?? 1_883) };
}

function isPort(text: string): boolean {
  const port = Number(text);
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
