// SPDX-License-Identifier: Apache-2.0
export * from './config-parameter.js';
export * from './finding.js';
export * from './json.js';
export * from './manifest.js';
export * from './map-checker.js';
export * from './names.js';
export * from './nearest-name.js';
export * from './yaml-source.js';
