// SPDX-License-Identifier: Apache-2.0
import 'reflect-metadata';

export * from './contract/index.js';
export * from './exceptions/index.js';
export * from './injection/index.js';
export { isModuleClass, type ModuleClass } from './injection/module-class.js';
export { createRuntime, type RuntimeOptions } from './lifecycle/create-runtime.js';
export { Runtime, HOST_ORIGIN, type RuntimeParts } from './lifecycle/runtime.js';
export type { RuntimeEvent, RuntimeState } from './lifecycle/runtime-events.js';
export type { ModuleState, ModuleStatus } from './lifecycle/module-state.js';
export {
  CompositionError,
  ModuleStepError,
  RuntimeStateError,
  UnknownNameError,
  type LifeStep,
} from './lifecycle/lifecycle-errors.js';
