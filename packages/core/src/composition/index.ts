// SPDX-License-Identifier: Apache-2.0
export { checkComposition, type CheckedComposition, type ModuleCatalogue } from './check-composition.js';
export { CompositionSource, mergePatch, overlayPathOf } from './composition-source.js';
export { loadComposition, type CompositionOptions, type LoadedComposition } from './load-composition.js';
export { ModuleResolver, type LoadedModule, type ModuleClasses } from './module-resolver.js';
export { PackageCatalogue, type InstalledModule } from './package-catalogue.js';
export { readModulePackage, scanPackages, type DeclaredModule, type ModulePackage } from './package-scan.js';
export { digestOf, shapeOf, type ModuleShape } from './module-shape.js';
export { readComposition } from './read-composition.js';
export type { ConfigAccess, ConfigValues, ModuleEntry, RunConfiguration } from './run-configuration.js';
export type {
  CarabinerSettings,
  ExternalMqttSettings,
  Settings,
  SystemBrokerSettings,
  SystemMqttSettings,
} from './settings.js';
