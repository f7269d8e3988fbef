// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { ChargerBench } from './support/charger-bench.js';
import { BEGIN, START } from './support/expectations.js';
import { InvariantChecker } from './support/invariants.js';

/** Number of random scripts; more find more. */
const RUNS = Number(process.env.CARABINER_PROPERTY_RUNS ?? 30);

/** Something that happens to a charger. */
type Happening =
  | {
      readonly do:
        'plug' | 'unplug' | 'withdraw' | 'pause' | 'resume' | 'evStops' | 'forceUnlock' | 'slacAgain';
    }
  | { readonly do: 'authorise'; readonly token: string }
  | { readonly do: 'meterTakes'; readonly ms: number }
  | { readonly do: 'stop'; readonly reason: 'Local' | 'EmergencyStop' | 'PowerLoss' }
  | { readonly do: 'cp'; readonly level: 'B' | 'C' | 'E' }
  | { readonly do: 'link'; readonly event: 'dlink_error' | 'dlink_terminate' | 'dlink_pause' }
  | {
      readonly do: 'stack';
      readonly event:
        'start_cable_check' | 'current_demand_started' | 'current_demand_finished' | 'dc_open_contactor';
    }
  | { readonly do: 'raise' | 'clear'; readonly fault: number }
  | { readonly do: 'energy'; readonly kW: number; readonly phases: number }
  | { readonly do: 'enable'; readonly on: boolean; readonly connector: number }
  | { readonly do: 'isolation'; readonly ohm: number }
  | { readonly do: 'relaysFall' }
  | { readonly do: 'target'; readonly voltage: number; readonly current: number };

const FAULTS = [
  ['bsp', 'evse_board_support/MREC8EmergencyStop', 'High'],
  ['powersupply_DC', 'power_supply_DC/OverTemperature', 'Medium'],
  ['imd', 'isolation_monitor/DeviceFault', 'Medium'],
  ['powermeter_car_side', 'powermeter/CommunicationFault', 'Medium'],
  ['over_voltage_monitor', 'over_voltage_monitor/MREC5OverVoltage', 'High'],
] as const;

const fault = fc.nat({ max: FAULTS.length - 1 });

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      { do: 'plug' as const },
      { do: 'plug' as const },
      { do: 'authorise' as const, token: 'TOKEN1' },
      { do: 'authorise' as const, token: 'TOKEN2' },
    ),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'unplug' as const }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      { do: 'withdraw' as const },
      { do: 'pause' as const },
      { do: 'resume' as const },
      { do: 'evStops' as const },
      { do: 'forceUnlock' as const },
      { do: 'relaysFall' as const },
      { do: 'slacAgain' as const },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('meterTakes' as const), ms: fc.constantFrom(0, 400, 2500) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stop' as const),
      reason: fc.constantFrom('Local' as const, 'EmergencyStop' as const, 'PowerLoss' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('cp' as const),
      level: fc.constantFrom('B' as const, 'C' as const, 'E' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      event: fc.constantFrom('dlink_error' as const, 'dlink_terminate' as const, 'dlink_pause' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stack' as const),
      event: fc.constantFrom(
        'start_cable_check' as const,
        'current_demand_started' as const,
        'current_demand_finished' as const,
        'dc_open_contactor' as const,
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('raise' as const, 'clear' as const, 'clear' as const),
      fault,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('energy' as const),
      kW: fc.constantFrom(0, 4, 40, 40),
      phases: fc.constantFrom(3, 3, 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('enable' as const),
      on: fc.boolean(),
      connector: fc.constantFrom(0, 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('isolation' as const), ohm: fc.constantFrom(0, 900_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('target' as const),
      voltage: fc.constantFrom(0, 400, 600),
      current: fc.constantFrom(0, 20, 500),
    }),
  },
);

const script = fc.array(fc.tuple(happening, fc.constantFrom(0, 1, 60, 150, 600, 2000, 6000, 22_000)), {
  minLength: 5,
  maxLength: 30,
});

const enable = async (bench: ChargerBench, on: boolean, connector: number): Promise<boolean> =>
  await bench.evse.enable_disable({
    connector_id: connector,
    cmd_source: { enable_source: 'CSMS', enable_state: on ? 'Enable' : 'Disable', enable_priority: 100 },
  });

async function happen(bench: ChargerBench, what: Happening): Promise<void> {
  switch (what.do) {
    case 'plug':
      if (bench.cp === 'A') bench.setCp('B');
      break;
    case 'unplug':
      bench.setCp('A');
      break;
    case 'authorise':
      await bench.authorise(what.token);
      break;
    case 'slacAgain':
      bench.publish('slac', 'request_error_routine', null);
      break;
    case 'meterTakes':
      bench.behaviour.meterDelayMs = what.ms;
      break;
    case 'withdraw':
      await bench.run(bench.evse.withdraw_authorization());
      break;
    case 'pause':
      await bench.run(bench.evse.pause_charging());
      break;
    case 'resume':
      await bench.run(bench.evse.resume_charging());
      break;
    case 'evStops':
      bench.vehicle.stops();
      break;
    case 'forceUnlock':
      await bench.run(bench.evse.force_unlock({ connector_id: 1 }));
      break;
    case 'stop':
      await bench.run(bench.evse.stop_transaction({ request: { reason: what.reason } }));
      break;
    case 'cp':
      if (bench.cp !== 'A') bench.setCp(what.level);
      break;
    case 'link':
    case 'stack':
      bench.publish('hlc', what.event, null);
      break;
    case 'raise':
    case 'clear': {
      const [peer, type, severity] = FAULTS[what.fault] ?? FAULTS[0];
      if (what.do === 'raise') bench.raise(peer, type, severity);
      else bench.clear(peer, type);
      break;
    }
    case 'energy':
      bench.grant({ W: what.kW * 1000, A: what.kW === 0 ? 0 : 63, phases: what.phases });
      break;
    case 'enable':
      await bench.run(enable(bench, what.on, what.connector));
      break;
    case 'isolation':
      bench.behaviour.isolationOhm = what.ohm;
      break;
    case 'relaysFall':
      bench.forceRelays(false);
      break;
    case 'target':
      bench.vehicle.target(what.voltage, what.current);
      break;
  }
}

/** Brings everything back in order; a charger must always be able to charge again then. */
async function recover(bench: ChargerBench): Promise<void> {
  for (const [peer, type] of FAULTS) bench.clear(peer, type);
  bench.behaviour.isolationOhm = 900_000;
  bench.behaviour.meterDelayMs = 0;
  await bench.run(enable(bench, true, 1));
  await bench.run(enable(bench, true, 0));
  bench.grant({ W: 40_000, A: 63, phases: 3 });
  bench.setCp('A');
  await bench.advance(35_000);
  // What was authorised without a vehicle is withdrawn by the auth module sooner or later.
  await bench.run(bench.evse.withdraw_authorization());
  await bench.run(bench.evse.cancel_reservation({}));
  await bench.advance(1000);
  bench.mark();
}

describe('whatever happens', () => {
  for (const mode of ['DC', 'AC'] as const)
    it(`no invariant is violated, and the next vehicle can be charged, ${mode}`, async function () {
      this.timeout(60_000 + RUNS * 1000);
      await fc.assert(
        fc.asyncProperty(script, async (steps) => {
          await using bench = await ChargerBench.create({
            mode,
            behaviour: { board: { supports_changing_phases_during_charging: true } },
          });
          for (const [what, pauseMs] of steps) {
            await happen(bench, what);
            await bench.advance(pauseMs);
          }
          await recover(bench);
          await bench.charge();
          expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
          expect(bench.errors()).to.deep.equal([]);
          await bench.unplug();
          expect(bench.events().slice(-2)).to.deep.equal([
            'TransactionFinished(EVDisconnected)',
            'SessionFinished',
          ]);
          expect(bench.behaviour.stored ?? '').to.equal('');
          expect(new InvariantChecker().check(bench.harness.journal.entries).join('\n')).to.equal('');
        }),
        { numRuns: RUNS },
      );
    });
});
