// SPDX-License-Identifier: Apache-2.0
export * from './contract/index.js';
