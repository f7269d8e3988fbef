// SPDX-License-Identifier: Apache-2.0
export * from './library.js';
export { IemDcrSimulator } from './iem-dcr-simulator.js';
