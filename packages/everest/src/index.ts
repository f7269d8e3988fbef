// SPDX-License-Identifier: Apache-2.0
export { describeBroker, type BrokerAddress } from './broker/broker-address.js';
export { BrokerSession, type BrokerSessionOptions } from './broker/broker-session.js';
export { topicMatches } from './broker/topic-filter.js';
export { startEmbeddedBroker, type EmbeddedBroker } from './broker/embedded-broker.js';
export { MqttBus, type MqttBusOptions } from './bus/mqtt-bus.js';
export { DEFAULT_PREFIXES, Topics, type TopicMeaning, type TopicPrefixes } from './protocol/topics.js';
export * from './protocol/envelope.js';
export { CONFIGURATION_MESSAGES, generationOf, type Generation } from './protocol/generation.js';
export {
  ModuleSettingsError,
  readModuleSettings,
  type ModuleOptions,
  type ModuleSettings,
} from './module-role/module-settings.js';
export { ModuleRoleError } from './module-role/module-role-error.js';
export { runModule, type RunModuleOptions } from './module-role/run-module.js';
export {
  parseModuleArguments,
  runModuleProcess,
  TIME_VARIABLES,
  type ModuleProcessArguments,
} from './module-role/module-process.js';
export { GuestIdentityError } from './manager-role/guest-identity.js';
export { Manager, type ManagerOptions } from './manager-role/manager.js';
export {
  openSystemBroker,
  prefixesOf,
  SystemBrokerError,
  type SystemBroker,
} from './manager-role/system-broker.js';
export { measureRoundTrip, SLOW_BROKER_CURE, SLOW_ROUND_TRIP_MS } from './broker/round-trip.js';
export { needsSystem } from './manager-role/needs-system.js';
export { openSystem, type System, type SystemOptions } from './manager-role/open-system.js';
export { diagnose, type Diagnosis } from './diagnosis.js';
export { EverestInstallError } from './install/install-error.js';
export type { FileAction } from './install/install-change.js';
export { installedShapes } from './install/installed-shapes.js';
export {
  installModules,
  uninstallModules,
  type InstallOptions,
  type InstallReport,
  type UninstallOptions,
} from './install/install-modules.js';
export { AccessControlError } from './access-control/access-control-error.js';
export {
  brokerAccessList,
  type AccessList,
  type AccessListOptions,
  type BrokerUser,
} from './access-control/access-list.js';
export { makePasswords, passwordVariable, writePasswords } from './access-control/broker-passwords.js';
export type { ExternalTopics } from './access-control/module-rules.js';
export type { TopicRule } from './access-control/topic-rule.js';
