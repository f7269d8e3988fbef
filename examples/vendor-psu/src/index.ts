// SPDX-License-Identifier: Apache-2.0
export { SoakTest } from './soak-test.js';
export { VoltlinePsu } from './voltline-psu.js';
