// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';

export * from './contract/index.js';
export * from './bus/index.js';
export * from './exceptions/index.js';
export * from './injection/index.js';
export { isModuleClass, type ModuleClass } from './injection/module-class.js';
export * from './composition/index.js';
export type { ParameterAddress, ParameterState, SetConfigResult } from './config/runtime-config.js';
export { OverlayError, OverlayFile } from './config/overlay-file.js';
export { createRuntime, type RuntimeOptions } from './lifecycle/create-runtime.js';
export { Runtime } from './lifecycle/runtime.js';
export { HOST_ORIGIN, type HostCallOptions } from './lifecycle/host-call.js';
export { EXIT_CODES, containFailures, runUntilStopped, type RunOptions } from './lifecycle/run-process.js';
export type { RemoteHost, RemoteModules, TelemetryMessage } from './lifecycle/remote-modules.js';
export { RestartCounter } from './lifecycle/restart-policy.js';
export type { RestartPolicy } from './lifecycle/restart-policy.js';
export type { RuntimeEvent, RuntimeState } from './lifecycle/runtime-events.js';
export type { ModuleState, ModuleStatus } from './lifecycle/module-state.js';
export { SwapError, type Replacement } from './lifecycle/swap.js';
export {
  CompositionError,
  ModuleStepError,
  RuntimeStateError,
  UnknownNameError,
  type LifeStep,
} from './lifecycle/lifecycle-errors.js';
export { formatBootTree, type BootStep } from './observability/boot-tree.js';
export { LogBook, type LogLevel, type LogOptions } from './observability/logger.js';
export { everestBroker, type EverestBroker } from './mqtt/everest-broker.js';
export { MetricsAddressError } from './observability/metrics-address-error.js';
export { MqttSettingsError } from './mqtt/mqtt-settings-error.js';
