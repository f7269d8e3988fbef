// SPDX-License-Identifier: Apache-2.0
import { ScaledClock, systemClock } from '@carabiner/clock';
import { describeContract } from '@carabiner/testkit';
import {
  outputOf,
  pilot,
  startMockCharger,
  untilDemand,
  untilQuiet,
  type MockChargerOptions,
} from './mock-charger.js';
import { skip } from './requirement.js';
import { makeVethPair, type VethPair } from './veth.js';

/** Slower than the other tests: the suite looks at the power unit right after a command has returned. */
const SPEED = 10;

/** A machine that is busy for a moment loses ten times as much of this time. */
const LIMITS = { voltageCurrentMs: 5_000, setPointMs: 5_000, switchOffMs: 15_000 };

function describeOver(title: string, link: () => MockChargerOptions['link'] & {}): void {
  describe(title, () => {
    describeContract(
      'power_supply_DC',
      async () => {
        const clock = new ScaledClock(systemClock, SPEED);
        const charger = await startMockCharger({
          link: link(),
          meters: true,
          clock,
          mock: { roundsWithoutRatings: 0 },
        });
        const number = charger.numbers[0]!;
        await untilQuiet(charger);
        pilot(charger, 1, 'B');
        await untilDemand(charger, 1, 1);
        return {
          client: outputOf(charger, 1),
          clock,
          shutdown: async () => await charger.driver.shutdown(),
          dispose: async () => await charger.stop(),
          device: {
            setPoint: () => {
              const message = charger.last.get(number);
              const on = message?.kind === 'request' && [2, 4, 5].includes(message.requirement);
              return on
                ? { on, voltage_V: message.voltage, current_A: message.current }
                : { on: false, voltage_V: 0, current_A: 0 };
            },
            output: () => {
              const { voltageV, currentA } = charger.mock.unit.state(number);
              return { voltage_V: voltageV, current_A: currentA };
            },
            connectLoad: (resistance_Ohm) =>
              charger.mock.unit.setLoad(number, { connected: true, seriesResistanceOhm: resistance_Ohm }),
            loseCommunication: () =>
              void charger.mock.faults.inject({ name: 'drop_connection', durationS: 3600 }),
            restoreCommunication: () => charger.mock.faults.clear(),
            loseCaller: async () => await charger.driver.loseCaller(),
          },
        };
      },
      { limits: LIMITS },
    );
  });
}

describe('HuaweiPsu with the simulated power unit', () => {
  describeOver('over udp', () => 'udp');

  describe('over packet sockets', () => {
    let veth: VethPair | { readonly unavailable: string } | undefined;

    before(function () {
      veth = makeVethPair('huc');
      if ('unavailable' in veth) skip(this, 'packet', veth.unavailable);
    });

    after(() => {
      if (veth !== undefined && 'remove' in veth) veth.remove();
    });

    describeOver('on a pair of interfaces', () => {
      if (veth === undefined || 'unavailable' in veth) throw new Error('no pair of interfaces');
      return veth;
    });
  });
});
