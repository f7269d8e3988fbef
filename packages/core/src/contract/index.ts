// SPDX-License-Identifier: Apache-2.0
export type * from './client.js';
export type * from './errors.js';
export type * from './interface-descriptor.js';
export * from './module.js';
export * from './tokens.js';
