// SPDX-License-Identifier: Apache-2.0
export { BenchSimulator } from './modules/bench-simulator.js';
export { EnergySource } from './modules/energy-source.js';
export { LocalAuthoriser } from './modules/local-authoriser.js';
export { SimulatedPsu } from './modules/simulated-psu.js';
export * from './iem-dcr/index.js';
