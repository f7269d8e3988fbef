// SPDX-License-Identifier: Apache-2.0
import { charge, twoConnectors } from './charge.js';
import { meterLoss, psuFaultAndRecovery } from './device-faults.js';
import { emergencyStop, isolationFault, pauseResume } from './interruptions.js';
import { recover } from './recover.js';
import type { Scenario } from './scenario.js';

/** All scenarios that play in one process, in the order of the help text. */
export const SCENARIOS: readonly Scenario[] = [
  charge,
  emergencyStop,
  isolationFault,
  psuFaultAndRecovery,
  meterLoss,
  pauseResume,
  twoConnectors,
  recover,
];

/** The scenario that needs processes of its own. */
export const POWER_FAILURE = {
  name: 'power-failure',
  description: 'the process is killed while charging and started again; the transaction is delivered then',
} as const;
