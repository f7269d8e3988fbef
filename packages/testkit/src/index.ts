// SPDX-License-Identifier: Apache-2.0
export { ScaledClock, systemClock } from '@carabiner/clock';
export { VirtualClock } from '@carabiner/clock/virtual';
export {
  after,
  fails,
  hangs,
  inTurn,
  type Answer,
  type AnswerContext,
  type AnswerFunction,
} from './answers.js';
export { HarnessConfigError } from './config-values.js';
export { FakeExternalMqtt } from './fake-mqtt.js';
export { freePort } from './free-port.js';
export { createHarness } from './harness.js';
export type {
  AnyModule,
  HarnessOptions,
  ModuleClass,
  ModuleHarness,
  ProvidedClients,
} from './harness-types.js';
export { isOutput, Journal, type Entry, type Input, type Output, type RequirementPlace } from './journal.js';
export { expectNone, expectOrder, listing, matches, type EntryPattern } from './order.js';
export { DeadlineError } from './passage-of-time.js';
export type { Answers, FakeOf, FakePeer, Fakes, RecordedCall, RequirementAnswers } from './peer-types.js';
export type { LogLevel, LogLine } from './recorded-log.js';
export { tempDir, type TempDir } from './temp-dir.js';
export { makeVethPair, type VethPair } from './veth-pair.js';
export { ContractViolationError, type Violations } from './violations.js';
export {
  checkContract,
  describeContract,
  type ContractFactory,
  type ContractOptions,
  type Contracts,
} from './contract/describe-contract.js';
export type { IsolationMonitorDevice, IsolationMonitorLimits } from './contract/isolation-monitor.js';
export type { KvsDevice, KvsLimits } from './contract/kvs.js';
export type { PowerSupplyDevice, PowerSupplyLimits } from './contract/power-supply-dc.js';
export type { PowermeterDevice, PowermeterLimits } from './contract/powermeter.js';
export type { ContractSubject, SubjectFactory, Verdict } from './contract/rule.js';
