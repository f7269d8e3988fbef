// SPDX-License-Identifier: Apache-2.0
import {
  MODULE_NAME,
  MapChecker,
  NAME,
  hasErrors,
  isJsonObject,
  kindOf,
  type Finding,
  type Json,
  type YamlSource,
} from '@carabiner/dialect';
import type { ImplementationAddress } from '../bus/bus.js';
import type { Mapping } from '../contract/index.js';
import { DEFAULT_RESTART_POLICY, type RestartPolicy } from '../lifecycle/restart-policy.js';
import type { ConfigAccess, ConfigValues, ModuleEntry, RunConfiguration } from './run-configuration.js';
import { choice, readSettings } from './settings.js';

const ENTRY_KEYS = [
  'module',
  'config_module',
  'config_implementation',
  'connections',
  'mapping',
  'standalone',
  'telemetry',
  'access',
  'capabilities',
  'package',
  'isolation',
  'host',
  'restart',
];

/** Reads the structure of a run configuration, collecting what is wrong. An empty file is an empty composition. */
export function readComposition(source: YamlSource): {
  readonly configuration: RunConfiguration;
  readonly findings: readonly Finding[];
} {
  const findings: Finding[] = [...source.findings];
  const root = new MapChecker(source, [], source.value, findings, {
    what: 'the composition',
    nullable: true,
  });
  root.onlyKeys(['settings', 'active_modules', 'x-module-layout'], 'a composition');
  const settings = readSettings(root.map('settings'));
  const modules = root
    .map('active_modules')
    .entries(NAME, 'a module')
    .map(([id, entry]) => readEntry(id, entry));
  // EVerest starts such a file as well, so it is no error; nobody wants a charger that does nothing, though.
  if (modules.length === 0 && !hasErrors(findings)) {
    const given = root.value['active_modules'] !== undefined;
    root.report(given ? ['active_modules'] : [], {
      at: 'key',
      severity: 'warning',
      code: 'no-modules',
      message: `the composition has no modules: ${given ? "'active_modules' is empty" : "'active_modules' is missing"}`,
      expected: "at least one module below 'active_modules', as an id with its 'module'",
    });
  }
  return { configuration: { settings, modules }, findings };
}

function readEntry(id: string, entry: MapChecker): ModuleEntry {
  entry.onlyKeys(ENTRY_KEYS, `module '${id}'`);
  const mapping = entry.map('mapping');
  mapping.onlyKeys(['module', 'implementations'], "'mapping'");
  const implementationMapping: { [implementation: string]: Mapping } = {};
  for (const [implementation, place] of mapping.map('implementations').entries(NAME, 'an implementation')) {
    const read = readMapping(place, true);
    if (read !== undefined) implementationMapping[implementation] = read;
  }
  const telemetry = entry.value['telemetry'] === undefined ? undefined : entry.map('telemetry');
  telemetry?.onlyKeys(['id'], "'telemetry'", 'warning');
  if (telemetry !== undefined && telemetry.value['id'] === undefined)
    telemetry.report([], {
      at: 'key',
      code: 'missing-key',
      message: "'id' is missing",
      expected: 'an integer; modules with the same one are grouped together',
    });
  return {
    id,
    module: entry.text('module', { rule: MODULE_NAME, minLength: 1 }),
    package: entry.value['package'] === undefined ? undefined : entry.text('package'),
    configModule: readValues(entry.map('config_module')),
    configImplementation: Object.fromEntries(
      entry
        .map('config_implementation')
        .entries(NAME, 'an implementation')
        .map(([name, values]) => [name, readValues(values)]),
    ),
    connections: readConnections(entry.map('connections')),
    mapping: mapping.value['module'] === undefined ? undefined : readMapping(mapping.map('module'), false),
    implementationMapping,
    isolation: choice(entry, 'isolation', ['inline', 'process'], 'inline'),
    restart: readRestart(entry),
    host: entry.value['host'] === undefined ? undefined : entry.text('host', { rule: NAME, minLength: 1 }),
    standalone: entry.boolean('standalone', false),
    telemetryId: telemetry?.integer('id', 0, 0),
    access: entry.value['access'] === undefined ? undefined : readAccess(entry.map('access')),
    capabilities: readTexts(entry, 'capabilities'),
  };
}

function readValues(map: MapChecker): ConfigValues {
  const values: { [parameter: string]: string | number | boolean } = {};
  for (const [name, value] of Object.entries(map.value)) {
    if (!NAME.pattern.test(name))
      map.report([name], {
        at: 'key',
        code: 'bad-name',
        message: `'${name}' cannot be the name of a parameter`,
        expected: NAME.what,
      });
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      values[name] = value;
    else
      map.report([name], {
        code: 'wrong-type',
        message: `'${name}' is ${kindOf(value)}`,
        expected: 'a text, a number, true or false',
      });
  }
  return values;
}

function readConnections(map: MapChecker): ModuleEntry['connections'] {
  const connections: { [requirement: string]: readonly ImplementationAddress[] } = {};
  for (const requirement of Object.keys(map.value)) {
    if (!NAME.pattern.test(requirement))
      map.report([requirement], {
        at: 'key',
        code: 'bad-name',
        message: `'${requirement}' cannot be the name of a requirement`,
        expected: NAME.what,
      });
    connections[requirement] = map.list(requirement).map((item, index) => {
      const target = elementOf(map, requirement, index, item);
      target.onlyKeys(['module_id', 'implementation_id'], 'a connection');
      return {
        moduleId: target.text('module_id', { minLength: 1 }),
        implementationId: target.text('implementation_id', { minLength: 1 }),
      };
    });
  }
  return connections;
}

function elementOf(map: MapChecker, key: string, index: number, item: Json): MapChecker {
  return new MapChecker(map.source, [...map.path, key, index], item, map.findings, {
    what: `item ${index + 1} of '${key}'`,
  });
}

function readMapping(map: MapChecker, needsEvse: boolean): Mapping | undefined {
  map.onlyKeys(['evse', 'connector'], 'a mapping', 'warning');
  if (map.value['evse'] === undefined) {
    if (needsEvse)
      map.report([], {
        at: 'key',
        code: 'missing-key',
        message: "'evse' is missing",
        expected: 'the number of an EVSE',
      });
    return undefined;
  }
  const evse = map.integer('evse', 0, 0);
  return map.value['connector'] === undefined
    ? { evse }
    : { evse, connector: map.integer('connector', 0, 0) };
}

function readRestart(entry: MapChecker): RestartPolicy {
  const value = entry.value['restart'];
  const policies = ['on-failure', 'never'] as const;
  if (value === undefined) return DEFAULT_RESTART_POLICY;
  if (!isJsonObject(value))
    return { ...DEFAULT_RESTART_POLICY, policy: choice(entry, 'restart', policies, 'on-failure') };
  const map = entry.map('restart');
  map.onlyKeys(['policy', 'delay_ms', 'max_delay_ms', 'max_attempts', 'reset_after_ms'], "'restart'");
  return {
    policy: choice(map, 'policy', policies, 'on-failure'),
    delayMs: map.integer('delay_ms', DEFAULT_RESTART_POLICY.delayMs, 0),
    maxDelayMs: map.integer('max_delay_ms', DEFAULT_RESTART_POLICY.maxDelayMs, 0),
    maxAttempts: map.integer('max_attempts', DEFAULT_RESTART_POLICY.maxAttempts, 0),
    resetAfterMs: map.integer('reset_after_ms', DEFAULT_RESTART_POLICY.resetAfterMs, 0),
  };
}

function readAccess(map: MapChecker): ConfigAccess {
  map.onlyKeys(['config'], "'access'");
  const config = map.map('config');
  config.onlyKeys(['allow_global_read', 'allow_global_write', 'allow_set_read_only', 'modules'], "'config'");
  return {
    allowGlobalRead: config.boolean('allow_global_read', false),
    allowGlobalWrite: config.boolean('allow_global_write', false),
    allowSetReadOnly: config.boolean('allow_set_read_only', false),
    modules: Object.fromEntries(
      config
        .map('modules')
        .entries(NAME, 'a module')
        .map(([id, rights]) => {
          rights.onlyKeys(['allow_read', 'allow_write', 'allow_set_read_only'], `module '${id}'`);
          return [
            id,
            {
              allowRead: rights.boolean('allow_read', false),
              allowWrite: rights.boolean('allow_write', false),
              allowSetReadOnly: rights.boolean('allow_set_read_only', false),
            },
          ];
        }),
    ),
  };
}

function readTexts(entry: MapChecker, key: string): readonly string[] {
  return entry.list(key).flatMap((item, index) => {
    if (typeof item === 'string') return [item];
    entry.report([key, index], {
      code: 'wrong-type',
      message: `item ${index + 1} of '${key}' is ${kindOf(item)}`,
      expected: 'a text',
    });
    return [];
  });
}
