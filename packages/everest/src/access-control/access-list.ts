// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import type { ModuleEntry, SystemMqttSettings } from '@carabiner/core';
import { Placements } from '../manager-role/placement.js';
import { prefixesOf } from '../manager-role/system-broker.js';
import { BROKER_VARIABLES } from '../module-role/module-settings.js';
import { Topics } from '../protocol/topics.js';
import { AccessControlError } from './access-control-error.js';
import { readDeclaredSystem, type DeclaredSystem } from './declared-system.js';
import { externalFilters, moduleRules, type ExternalTopics } from './module-rules.js';
import { merged, type TopicRule } from './topic-rule.js';

/** User name of the process that plays the manager, where the composition names none. */
export const MANAGER_USER = 'manager';

/** What an access list is made of. */
export interface AccessListOptions {
  /** Path of the composition. */
  readonly file: string;
  /** Topics of the outside world by module id, without the prefix of the outside world. */
  readonly external?: ExternalTopics;
}

/** A client of the broker. */
export interface BrokerUser {
  /** undefined for modules of EVerest, whose clients have no user name: they share what anonymous clients may do. */
  readonly name: string | undefined;
  /** Ids of the modules in its process; none for the manager that runs all modules elsewhere. */
  readonly modules: readonly string[];
  readonly kind: 'manager' | 'host' | 'child' | 'standalone' | 'anonymous';
  /** Name of the host it runs on; undefined for the manager's. */
  readonly host: string | undefined;
  readonly rules: readonly TopicRule[];
}

/** An access list and what its user should know. */
export interface AccessList {
  /** For Mosquitto's `acl_file`. */
  readonly text: string;
  readonly users: readonly BrokerUser[];
  /** Environment variable that the manager's password is taken from. */
  readonly managerVariable: string;
  readonly warnings: readonly string[];
}

/**
 * Makes the access list of a composition for Mosquitto: each process may publish and get what the manifests and
 * connections of its modules need. The process that plays the manager, which hands out everybody's configuration, may use
 * everything inside the system.
 *
 * @throws AccessControlError when something of the composition is not known here
 */
export function brokerAccessList({ file, external = {} }: AccessListOptions): AccessList {
  const system = readDeclaredSystem(file);
  const { configuration } = system;
  const topics = new Topics(prefixesOf(configuration.settings));
  const unknown = Object.keys(external).find((id) => !configuration.modules.some((entry) => entry.id === id));
  if (unknown !== undefined)
    throw new AccessControlError(
      `topics are given for a module '${unknown}' that the composition does not have`,
    );
  const users = usersOf(system, dirname(resolve(file))).map((user): BrokerUser => ({
    ...user,
    rules: merged(rulesOf(user, system, topics, external)),
  }));
  checkNames(users);
  const { broker } = configuration.settings.carabiner.mqtt;
  const given = broker === 'embedded' ? undefined : broker?.passwordEnv;
  return {
    text: textOf(users),
    users,
    managerVariable: given ?? BROKER_VARIABLES.password,
    warnings: [...brokerWarnings(broker), ...warningsOf(system, users, topics, external)],
  };
}

function brokerWarnings(broker: SystemMqttSettings['broker']): readonly string[] {
  if (broker === undefined || broker === 'embedded')
    return [
      'the composition does not name a broker that could have an access list: see settings.carabiner.mqtt.broker',
    ];
  if (broker.username !== undefined || broker.tls?.cert !== undefined) return [];
  return [
    `the composition logs in without a name: set username: ${MANAGER_USER} and password_env: ${BROKER_VARIABLES.password} in ` +
      'settings.carabiner.mqtt.broker',
  ];
}

type UserWithoutRules = Omit<BrokerUser, 'rules'>;

function usersOf({ configuration, placements }: DeclaredSystem, folder: string): readonly UserWithoutRules[] {
  const { modules, settings } = configuration;
  const { broker } = settings.carabiner.mqtt;
  const managerName = (broker === 'embedded' ? undefined : broker?.username) ?? MANAGER_USER;
  const idsOf = (entries: readonly ModuleEntry[]): readonly string[] => entries.map(({ id }) => id);
  const hosts = [...new Set(modules.flatMap(({ host }) => (host === undefined ? [] : [host])))];
  const guests: string[] = [];
  const users: UserWithoutRules[] = [];
  for (const host of [undefined, ...hosts]) {
    const own = host === undefined ? placements : new Placements(settings, folder, host);
    const here = modules.filter((entry) => entry.host === host);
    const ofKind = (kind: string): readonly ModuleEntry[] =>
      here.filter((entry) => own.of(entry).kind === kind);
    users.push({
      name: host ?? managerName,
      modules: idsOf(ofKind('inline')),
      kind: host === undefined ? 'manager' : 'host',
      host,
    });
    for (const kind of ['child', 'standalone'] as const)
      users.push(...ofKind(kind).map(({ id }) => ({ name: id, modules: [id], kind, host })));
    guests.push(...idsOf(ofKind('guest')));
  }
  return guests.length === 0
    ? users
    : [{ name: undefined, modules: guests, kind: 'anonymous', host: undefined }, ...users];
}

function rulesOf(
  { modules, kind, name }: UserWithoutRules,
  system: DeclaredSystem,
  topics: Topics,
  external: ExternalTopics,
): readonly TopicRule[] {
  const own = system.configuration.modules
    .filter(({ id }) => modules.includes(id))
    .flatMap((entry) => moduleRules(entry, system, topics, external));
  const everything = `${topics.prefixes.everest}#`;
  if (kind === 'manager')
    return [
      { access: 'readwrite', filter: everything },
      // What lies inside the system is held by the first rule.
      ...own.filter(({ filter }) => !filter.startsWith(topics.prefixes.everest)),
    ];
  if (kind !== 'host' || name === undefined) return own;
  return [
    ...own,
    { access: 'readwrite', filter: topics.lost(name) },
    { access: 'readwrite', filter: topics.present(name) },
    { access: 'readwrite', filter: `${topics.prefixes.everest}carabiner/probe/+` },
  ];
}

function checkNames(users: readonly BrokerUser[]): void {
  const seen = new Set<string>();
  for (const { name } of users) {
    if (name === undefined) continue;
    if (seen.has(name))
      throw new AccessControlError(
        `two processes would be the user '${name}': module ids, hosts and the manager's user name must differ`,
      );
    seen.add(name);
  }
}

function textOf(users: readonly BrokerUser[]): string {
  const anonymousFirst = [...users].sort(
    (a, b) => Number(a.name !== undefined) - Number(b.name !== undefined),
  );
  return [
    '# Access list for Mosquitto (acl_file), made by "carabiner everest acl". What is not listed is forbidden.',
    ...anonymousFirst.map(({ name, modules, kind, rules }) =>
      [
        '',
        `# ${kind}${modules.length === 0 ? '' : `: ${modules.join(', ')}`}`,
        ...(name === undefined ? [] : [`user ${name}`]),
        ...rules.map(({ access, filter }) => `topic ${access} ${filter}`),
      ].join('\n'),
    ),
    '',
  ].join('\n');
}

function warningsOf(
  system: DeclaredSystem,
  users: readonly BrokerUser[],
  topics: Topics,
  external: ExternalTopics,
): readonly string[] {
  const anonymous = users.find(({ kind }) => kind === 'anonymous');
  return [
    ...(anonymous === undefined
      ? []
      : [
          `modules of EVerest have no user name: ${anonymous.modules.join(', ')} share what anonymous clients may do, and the ` +
            'broker needs "allow_anonymous true"',
        ]),
    ...system.configuration.modules
      .filter(
        (entry) =>
          system.shapeOf(entry).enableExternalMqtt &&
          externalFilters(entry.id, topics, external).length === 0,
      )
      .map(
        ({ id }) =>
          `module '${id}' uses topics of the outside world; it was given none: name them with --external ${id}=<filter>, or set ` +
          'settings.mqtt_external_prefix',
      ),
  ];
}
