// SPDX-License-Identifier: Apache-2.0
export * from './config-parameter.js';
export * from './finding.js';
export * from './json.js';
export * from './manifest.js';
export * from './map-checker.js';
export * from './names.js';
export * from './nearest-name.js';
export { INT32_MAX, INT32_MIN } from './yaml-nodes.js';
export * from './yaml-source.js';
export * from './schema-checker.js';
export * from './schema-keywords.js';
export * from './schema-reference.js';
export * from './spec-files.js';
export * from './spec-set.js';
export * from './change.js';
export * from './compatibility.js';
export * from './schema-changes.js';
