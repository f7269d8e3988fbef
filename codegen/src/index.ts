// SPDX-License-Identifier: Apache-2.0
export * from './generate.js';
export * from './output.js';
export * from './run.js';
