// SPDX-License-Identifier: Apache-2.0
export { checkComposition, type CheckedComposition, type ModuleCatalogue } from './check-composition.js';
export { ClassCatalogue } from './class-catalogue.js';
export { CompositionSource, mergePatch, overlayPathOf } from './composition-source.js';
export { shapeOf, type ModuleShape } from './module-shape.js';
export { readComposition } from './read-composition.js';
export type { ConfigAccess, ConfigValues, ModuleEntry, RunConfiguration } from './run-configuration.js';
export type { CarabinerSettings, ExternalMqttSettings, Settings } from './settings.js';
