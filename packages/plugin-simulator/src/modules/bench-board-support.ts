// SPDX-License-Identifier: Apache-2.0
import type { AcRcdProvider } from '@carabiner/interfaces/interfaces/ac_rcd';
import type { ConnectorLockProvider } from '@carabiner/interfaces/interfaces/connector_lock';
import type { EvseBoardSupportProvider } from '@carabiner/interfaces/interfaces/evse_board_support';
import type { Bench } from './bench.js';

/** Control pilot and output relays. */
export function boardSupport(bench: Bench): EvseBoardSupportProvider {
  const { pilot, relays } = bench;
  return {
    enable: ({ value }) => {
      pilot.enable(value);
      if (!value) {
        relays.setWanted(false);
        return;
      }
      // Whoever takes the port into service may have missed what the board can, and what became of the relays.
      bench.publishCapabilities();
      bench.provides.board_support.publish.event({ event: relays.closed ? 'PowerOn' : 'PowerOff' });
    },
    pwm_on: ({ value }) => pilot.setOutput({ kind: 'PWM', dutyPercent: value }),
    cp_state_X1: () => pilot.setOutput({ kind: 'X1' }),
    cp_state_F: () => pilot.setOutput({ kind: 'F' }),
    cp_state_E: () => pilot.setOutput({ kind: 'E' }),
    allow_power_on: ({ value }) => relays.permit(value.allow_power_on),
    ac_switch_three_phases_while_charging: ({ value }) => {
      bench.acPhases = value ? 3 : 1;
      bench.provides.board_support.publish.ac_nr_of_phases_available(bench.acPhases);
    },
    // The simulated board has no over-current switch of its own.
    ac_set_overcurrent_limit_A: () => undefined,
  };
}

/** Plug lock. */
export function connectorLock(bench: Bench): ConnectorLockProvider {
  return {
    lock: () => {
      bench.locked = true;
    },
    unlock: () => {
      bench.locked = false;
    },
  };
}

/** Residual current monitor. */
export function residualCurrentMonitor(bench: Bench): AcRcdProvider {
  return {
    self_test: () => bench.log.debug('residual current monitor: self test passed'),
    reset: () => {
      bench.provides.rcd.errors.clearAll();
      return true;
    },
  };
}
