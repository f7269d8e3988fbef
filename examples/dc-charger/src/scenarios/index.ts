// SPDX-License-Identifier: Apache-2.0
import { charge, twoConnectors } from './charge.js';
import { emergencyStop, isolationFault, pauseResume } from './interruptions.js';
import type { Scenario } from './scenario.js';

/** All scenarios, in the order of the help text. */
export const SCENARIOS: readonly Scenario[] = [
  charge,
  emergencyStop,
  isolationFault,
  pauseResume,
  twoConnectors,
];
