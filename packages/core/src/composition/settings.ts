// SPDX-License-Identifier: Apache-2.0
import { isJsonObject, type Json, type MapChecker } from '@carabiner/dialect';
import { DEFAULT_CALL_TIMEOUT_MS } from '../bus/client.js';
import { VALIDATION_MODES, type ValidationMode } from '../bus/validation.js';
import type { LogLevel } from '../observability/logger.js';

/** How the external broker is reached. */
export interface ExternalMqttSettings {
  /** `mqtt://host:1883`, `mqtts://host:8883`, `ws://…`, `unix:///run/mosquitto.sock`. */
  readonly url: string;
  readonly username: string | undefined;
  /** Name of the environment variable with the password; the password itself never stands in a composition. */
  readonly passwordEnv: string | undefined;
  readonly clientId: string | undefined;
  /** PEM files of TLS, absolute or relative to the composition. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Name in the broker's certificate, where it differs from the host of `url`. */
  readonly serverName: string | undefined;
  /** Most messages kept while the broker is out of reach. */
  readonly queueLimit: number;
  readonly will: { readonly topic: string; readonly payload: string; readonly retain: boolean } | undefined;
}

/** The broker between processes, where it is not the one that the core starts by itself. */
export interface SystemBrokerSettings {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly socketPath: string | undefined;
  readonly username: string | undefined;
  /** Name of the environment variable with the password. */
  readonly passwordEnv: string | undefined;
  /** PEM files, absolute or relative to the composition; undefined without TLS. */
  readonly tls:
    | {
        readonly ca: string | undefined;
        readonly cert: string | undefined;
        readonly key: string | undefined;
        readonly serverName: string | undefined;
      }
    | undefined;
}

/** How modules of other processes are reached. */
export interface SystemMqttSettings {
  /** `embedded`: the core starts one on loopback. Undefined takes EVerest's settings, else `embedded`. */
  readonly broker: SystemBrokerSettings | 'embedded' | undefined;
  /** Port of the embedded broker; 0 takes a free one. */
  readonly embeddedPort: number;
}

/** `settings.carabiner`: what an EVerest manager does not know. */
export interface CarabinerSettings {
  readonly validation: ValidationMode;
  /** Milliseconds for a package to load. */
  readonly loadTimeoutMs: number;
  /** Milliseconds for `init` of one module. */
  readonly initTimeoutMs: number;
  /** Milliseconds for `ready` of one module. */
  readonly readyTimeoutMs: number;
  /** Milliseconds for `shutdown` of one module. */
  readonly shutdownTimeoutMs: number;
  /** Milliseconds for calls that run to end before their module is swapped or stopped. */
  readonly drainTimeoutMs: number;
  /** Milliseconds until an unanswered call ends with `CmdTimeout`. */
  readonly callTimeoutMs: number;
  /** Most calls or values that wait on one topic. */
  readonly queueLimit: number;
  /** Milliseconds a handler may hold the event loop before it is named in a warning; 0 switches it off. */
  readonly blockWarningMs: number;
  readonly logLevel: LogLevel;
  /** Where `/metrics` is served; undefined when it is not. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly externalMqtt: ExternalMqttSettings | undefined;
  readonly mqtt: SystemMqttSettings;
  /** A loaded process waits to take the place of a module's process that ends. */
  readonly spareProcess: boolean;
}

/** `settings` of a composition. */
export interface Settings {
  /** Settings EVerest knows, as given. */
  readonly everest: { readonly [key: string]: string | number | boolean };
  readonly carabiner: CarabinerSettings;
}

const EVEREST_TEXTS = [
  'prefix',
  'config_file',
  'configs_dir',
  'schemas_dir',
  'modules_dir',
  'interfaces_dir',
  'types_dir',
  'errors_dir',
  'www_dir',
  'logging_config_file',
  'mqtt_broker_socket_path',
  'mqtt_broker_host',
  'mqtt_everest_prefix',
  'mqtt_external_prefix',
  'telemetry_prefix',
  'run_as_user',
];
const EVEREST_INTEGERS = ['controller_port', 'controller_rpc_timeout_ms', 'mqtt_broker_port'];
const EVEREST_FLAGS = ['telemetry_enabled', 'validate_schema', 'forward_exceptions'];
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

const CARABINER_KEYS = [
  'validation',
  'load_timeout_ms',
  'init_timeout_ms',
  'ready_timeout_ms',
  'shutdown_timeout_ms',
  'drain_timeout_ms',
  'call_timeout_ms',
  'queue_limit',
  'block_warning_ms',
  'log_level',
  'metrics',
  'external_mqtt',
  'mqtt',
  'spare_process',
];

/** Loopback port of `/metrics` when the composition switches it on without naming one. */
const LAST_PORT = 65_535;
export const DEFAULT_METRICS_PORT = 9_464;

/** Reads `settings`, collecting what is wrong. */
export function readSettings(settings: MapChecker): Settings {
  settings.onlyKeys([...EVEREST_TEXTS, ...EVEREST_INTEGERS, ...EVEREST_FLAGS, 'carabiner'], "'settings'");
  const everest: { [key: string]: string | number | boolean } = {};
  const given = (keys: readonly string[]): string[] =>
    keys.filter((key) => settings.value[key] !== undefined);
  for (const key of given(EVEREST_TEXTS)) everest[key] = settings.text(key, { minLength: 0 });
  for (const key of given(EVEREST_INTEGERS)) everest[key] = settings.integer(key, 0, 0);
  for (const key of given(EVEREST_FLAGS)) everest[key] = settings.boolean(key, false);
  checkBroker(settings, everest);
  return { everest, carabiner: readCarabiner(settings.map('carabiner')) };
}

function checkBroker(settings: MapChecker, everest: Settings['everest']): void {
  if (everest['mqtt_broker_socket_path'] !== undefined && everest['mqtt_broker_host'] !== undefined)
    settings.report(['mqtt_broker_host'], {
      at: 'key',
      code: 'contradiction',
      message: "'mqtt_broker_host' stands beside 'mqtt_broker_socket_path'",
      expected: 'one of the two',
    });
  const prefix = String(everest['mqtt_everest_prefix'] ?? 'everest');
  const external = String(everest['mqtt_external_prefix'] ?? '');
  // The everest prefix gets a slash at its end where it has none.
  if (prefix !== '' && withSlash(prefix) === withSlash(external))
    settings.report(['mqtt_external_prefix'], {
      code: 'contradiction',
      message: `'mqtt_external_prefix' equals the everest prefix '${prefix}'`,
      expected: 'two different prefixes',
    });
}

function withSlash(prefix: string): string {
  return prefix.endsWith('/') ? prefix : `${prefix}/`;
}

function readCarabiner(map: MapChecker): CarabinerSettings {
  map.onlyKeys(CARABINER_KEYS, "'settings.carabiner'");
  return {
    validation: choice(map, 'validation', VALIDATION_MODES, 'all'),
    loadTimeoutMs: map.integer('load_timeout_ms', 30_000, 1),
    initTimeoutMs: map.integer('init_timeout_ms', 30_000, 1),
    readyTimeoutMs: map.integer('ready_timeout_ms', 30_000, 1),
    shutdownTimeoutMs: map.integer('shutdown_timeout_ms', 5_000, 1),
    drainTimeoutMs: map.integer('drain_timeout_ms', 5_000, 1),
    callTimeoutMs: map.integer('call_timeout_ms', DEFAULT_CALL_TIMEOUT_MS, 1),
    queueLimit: map.integer('queue_limit', 1_000, 1),
    blockWarningMs: map.integer('block_warning_ms', 50, 0),
    logLevel: choice(map, 'log_level', LOG_LEVELS, 'info'),
    metrics: readMetrics(map),
    externalMqtt: map.value['external_mqtt'] === undefined ? undefined : readMqtt(map.map('external_mqtt')),
    mqtt: readSystemMqtt(map.map('mqtt')),
    spareProcess: map.boolean('spare_process', true),
  };
}

function readSystemMqtt(map: MapChecker): SystemMqttSettings {
  map.onlyKeys(['broker', 'embedded_port'], "'mqtt'");
  const embeddedPort = map.integer('embedded_port', 0, 0);
  const { broker } = map.value;
  if (broker === undefined || broker === 'embedded') return { broker, embeddedPort };
  if (!isJsonObject(broker)) {
    map.report(['broker'], {
      code: 'wrong-type',
      message: `'broker' is ${JSON.stringify(broker)}`,
      expected: "'embedded', or a map with host and port, or with socket_path",
    });
    return { broker: undefined, embeddedPort };
  }
  return { broker: readSystemBroker(map.map('broker')), embeddedPort };
}

function readSystemBroker(map: MapChecker): SystemBrokerSettings {
  map.onlyKeys(['host', 'port', 'socket_path', 'username', 'password_env', 'tls'], "'broker'");
  const optional = (from: MapChecker, key: string): string | undefined =>
    from.value[key] === undefined ? undefined : from.text(key, { minLength: 1 });
  if (map.value['socket_path'] !== undefined && map.value['host'] !== undefined)
    map.report(['host'], {
      at: 'key',
      code: 'contradiction',
      message: "'host' stands beside 'socket_path'",
      expected: 'one of the two',
    });
  const tls = map.value['tls'] === undefined ? undefined : map.map('tls');
  tls?.onlyKeys(['ca', 'cert', 'key', 'server_name'], "'tls'");
  return {
    host: optional(map, 'host'),
    port: map.value['port'] === undefined ? undefined : map.integer('port', 1_883, 1),
    socketPath: optional(map, 'socket_path'),
    username: optional(map, 'username'),
    passwordEnv: optional(map, 'password_env'),
    tls:
      tls === undefined
        ? undefined
        : {
            ca: optional(tls, 'ca'),
            cert: optional(tls, 'cert'),
            key: optional(tls, 'key'),
            serverName: optional(tls, 'server_name'),
          },
  };
}

function readMetrics(map: MapChecker): CarabinerSettings['metrics'] {
  const value: Json | undefined = map.value['metrics'];
  if (value === undefined || value === false) return undefined;
  if (value === true) return { host: '127.0.0.1', port: DEFAULT_METRICS_PORT };
  if (!isJsonObject(value)) {
    map.report(['metrics'], {
      code: 'wrong-type',
      message: "'metrics' is neither true nor false nor a map",
      expected: 'true, false, or a map with host and port',
    });
    return undefined;
  }
  const metrics = map.map('metrics');
  metrics.onlyKeys(['host', 'port'], "'metrics'");
  return {
    host: metrics.value['host'] === undefined ? '127.0.0.1' : metrics.text('host'),
    port: readMetricsPort(metrics),
  };
}

function readMetricsPort(metrics: MapChecker): number {
  const port = metrics.integer('port', DEFAULT_METRICS_PORT, 0);
  if (port <= LAST_PORT) return port;
  metrics.report(['port'], {
    code: 'out-of-range',
    message: `'port' is ${port}`,
    expected: `a port from 1 to ${LAST_PORT}, or 0 for a free one`,
  });
  return DEFAULT_METRICS_PORT;
}

function readMqtt(map: MapChecker): ExternalMqttSettings {
  map.onlyKeys(
    [
      'url',
      'username',
      'password_env',
      'client_id',
      'ca',
      'cert',
      'key',
      'server_name',
      'queue_limit',
      'will',
    ],
    "'external_mqtt'",
  );
  const optional = (key: string): string | undefined =>
    map.value[key] === undefined ? undefined : map.text(key, { minLength: 1 });
  const url = map.text('url');
  if (url !== '' && !/^(mqtts?|wss?|tcp|ssl|unix):\/\//.test(url))
    map.report(['url'], {
      code: 'bad-url',
      message: `'url' is '${url}'`,
      expected: 'mqtt://…, mqtts://…, ws://…, wss://… or unix:///…',
    });
  const will = map.value['will'] === undefined ? undefined : map.map('will');
  return {
    url,
    username: optional('username'),
    passwordEnv: optional('password_env'),
    clientId: optional('client_id'),
    ca: optional('ca'),
    cert: optional('cert'),
    key: optional('key'),
    serverName: optional('server_name'),
    queueLimit: map.integer('queue_limit', 1_000, 0),
    will:
      will === undefined
        ? undefined
        : {
            topic: will.text('topic', { minLength: 1 }),
            payload: will.text('payload', { minLength: 0 }),
            retain: will.boolean('retain', false),
          },
  };
}

/** One of `allowed`; reported and replaced by `fallback` when it is something else. */
export function choice<T extends string>(
  map: MapChecker,
  key: string,
  allowed: readonly T[],
  fallback: T,
): T {
  const value = map.value[key];
  if (value === undefined) return fallback;
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  map.report([key], {
    code: 'not-allowed',
    message: `'${key}' is ${JSON.stringify(value)}`,
    expected: `one of ${allowed.join(', ')}`,
  });
  return fallback;
}
