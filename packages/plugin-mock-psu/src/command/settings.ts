// SPDX-License-Identifier: Apache-2.0
import { FaultError, checkFault } from '../faults/fault-catalogue.js';
import { parseFaultArgument, type ScheduledFault } from '../faults/fault-messages.js';
import type { KeyPolicy } from '../protocol/session-keys.js';
import { withSlash } from '../protocol/power-request-publication.js';
import { UsageError } from './usage-error.js';

/** Options of the command line, as texts. */
export interface CommandOptions {
  readonly link: string;
  readonly key: string;
  readonly fault: readonly string[];
  readonly replyDelay: string;
  readonly period: string;
  readonly peerName?: string;
  readonly keepRunning?: boolean;
}

/** All that the command needs to know. */
export interface CommandSettings {
  readonly certificates: string | undefined;
  readonly link: 'udp' | 'packet';
  readonly interface: string;
  readonly port: number;
  readonly signReplies: boolean;
  readonly verifyRequests: boolean;
  readonly keyPolicy: KeyPolicy;
  readonly mqtt: { readonly host: string; readonly port: number; readonly baseTopic: string } | undefined;
  readonly faults: readonly ScheduledFault[];
  readonly replyDelayMs: number;
  readonly periodMs: number;
  /** Name that dispensers must have in their certificate; undefined: any. */
  readonly peerName: string | undefined;
  readonly keepRunning: boolean;
}

/** The environment variables, with what `--help` says of them. */
export const ENVIRONMENT = {
  FUSION_CHARGER_MOCK_DISABLE_SEND_HMAC: 'send replies unsigned (1 or true)',
  FUSION_CHARGER_MOCK_DISABLE_VERIFY_HMAC: 'do not check signatures, accept plain frames (1 or true)',
  FUSION_CHARGER_MOCK_ETH: 'network interface for GOOSE, default veth1',
  FUSION_CHARGER_MOCK_PORT: 'TCP port, default 8502',
  FUSION_CHARGER_MOCK_MQTT_HOST: 'broker for power requests and faults, default none',
  FUSION_CHARGER_MOCK_MQTT_PORT: 'its port',
  FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC: 'default fusion_charger_mock/',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

const HIGHEST_PORT = 65_535;

/**
 * Puts environment and command line together.
 *
 * @throws UsageError that names the variable or option and what it may be
 */
export function readSettings(
  certificates: string | undefined,
  options: CommandOptions,
  environment: Environment,
): CommandSettings {
  return {
    certificates,
    link: oneOf('--link', options.link, ['udp', 'packet']),
    interface: environment['FUSION_CHARGER_MOCK_ETH'] ?? 'veth1',
    port: readPort('FUSION_CHARGER_MOCK_PORT', environment) ?? 8502,
    signReplies: !isOn(environment['FUSION_CHARGER_MOCK_DISABLE_SEND_HMAC']),
    verifyRequests: !isOn(environment['FUSION_CHARGER_MOCK_DISABLE_VERIFY_HMAC']),
    keyPolicy: oneOf('--key', options.key, ['constant', 'random']),
    mqtt: readMqtt(environment),
    faults: options.fault.map(readFault),
    replyDelayMs: readMilliseconds('--reply-delay', options.replyDelay, 0),
    periodMs: readMilliseconds('--period', options.period, 10),
    peerName: options.peerName,
    keepRunning: options.keepRunning ?? false,
  };
}

function isOn(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw new UsageError(`${option} "${value}" is none of ${allowed.join(', ')}`);
  return found;
}

function readPort(name: string, environment: Environment, lowest = 0): number | undefined {
  const text = environment[name];
  if (text === undefined || text === '') return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port >= lowest && port <= HIGHEST_PORT))
    throw new UsageError(`${name}="${text}" is no port number within ${lowest}..${HIGHEST_PORT}`);
  return port;
}

function readMilliseconds(option: string, text: string, least: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least))
    throw new UsageError(`${option} "${text}" is no number of milliseconds of at least ${least}`);
  return value;
}

function readMqtt(environment: Environment): CommandSettings['mqtt'] {
  const host = environment['FUSION_CHARGER_MOCK_MQTT_HOST'];
  const port = readPort('FUSION_CHARGER_MOCK_MQTT_PORT', environment, 1);
  const baseTopic = environment['FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC'] ?? 'fusion_charger_mock/';
  if (/[+#\0]/.test(baseTopic))
    throw new UsageError(
      `FUSION_CHARGER_MOCK_MQTT_BASE_TOPIC="${baseTopic}" is no topic to publish on: no + and no #`,
    );
  if (host === undefined || host === '' || port === undefined) return undefined;
  return { host, port, baseTopic: withSlash(baseTopic) };
}

function readFault(text: string): ScheduledFault {
  try {
    const scheduled = parseFaultArgument(text);
    checkFault(scheduled.request);
    return scheduled;
  } catch (error) {
    if (error instanceof FaultError) throw new UsageError(`--fault ${text}: ${error.message}`);
    throw error;
  }
}
