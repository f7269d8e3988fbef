// SPDX-License-Identifier: Apache-2.0
export { Charger, ExpectationError } from './charger.js';
export { Composition } from './composition.js';
export { runScenario } from './run-scenario.js';
export { SCENARIOS } from './scenarios/index.js';
export type { Scenario, Stage } from './scenarios/scenario.js';
export type { View } from './view/view.js';
