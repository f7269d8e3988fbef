// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { createHarness } from '@carabiner/testkit';
import { EvseManager, MissingDeviceError } from '@carabiner/plugin-evse-manager';
import { dutyCyclePercent } from '../dist/control-pilot/duty-cycle.js';
import {
  INITIAL_PILOT_STATE,
  stepPilot,
  type PilotConfig,
  type PilotInput,
  type PilotOutput,
  type PilotState,
} from '../dist/control-pilot/machine.js';
import { ChargerBench } from './support/charger-bench.js';
import { START, inOrder } from './support/expectations.js';

const CONFIG: PilotConfig = { hasVentilation: true, lockInStateB: true, unlockWhenDeauthorised: false };

/** The pilot machine on its own. */
class Pilot {
  state: PilotState = INITIAL_PILOT_STATE;
  nowMs = 0;

  constructor(private readonly config: Partial<PilotConfig> = {}) {
    this.step({ type: 'enable' });
    this.step({ type: 'level', level: 'A' });
  }

  step(...inputs: PilotInput[]): string[] {
    return inputs.flatMap((input) => {
      const { state, outputs } = stepPilot(this.state, input, { ...CONFIG, ...this.config }, this.nowMs);
      this.state = state;
      return outputs.map(describeOutput);
    });
  }

  level(level: 'A' | 'B' | 'C' | 'D' | 'E' | 'F'): string[] {
    return this.step({ type: 'level', level });
  }

  wait(ms: number): string[] {
    this.nowMs += ms;
    return this.step({ type: 'time' });
  }
}

function describeOutput(output: PilotOutput): string {
  switch (output.type) {
    case 'event':
      return output.event;
    case 'relayPermission':
      return output.on ? `permit ${output.reason}` : 'forbid';
    case 'pwm':
      return `pwm ${output.percent}`;
    default:
      return output.type;
  }
}

describe('control pilot', () => {
  it('duty cycle of IEC 61851-1', () => {
    const table: [number, number][] = [
      [0, 100],
      [5.8, 100],
      [6, 10],
      [16, 26.67],
      [32, 53.33],
      [51, 85],
      [52, 85],
      [63, 89.2],
      [80, 96],
      [80.05, 97],
      [81, 100],
    ];
    for (const [amperes, percent] of table)
      expect(dutyCyclePercent(amperes), `${amperes} A`).to.be.closeTo(percent, 0.01);
  });

  it('81: A to B locks', () => {
    expect(new Pilot().level('B')).to.deep.equal(['CarPluggedIn', 'lock']);
  });

  it('81: A to C is the simplified mode: power is requested when PWM starts', () => {
    const pilot = new Pilot();
    expect(pilot.level('C')).to.deep.equal(['CarPluggedIn', 'lock']);
    expect(pilot.step({ type: 'pwm', percent: 20 })).to.deep.equal(['pwm 20', 'CarRequestedPower']);
  });

  it('82: relays open when PWM stays off in C for 6 s', () => {
    const pilot = new Pilot();
    pilot.level('B');
    pilot.step({ type: 'pwm', percent: 20 }, { type: 'permit', reason: 'FullPowerCharging' });
    expect(pilot.level('C')).to.deep.equal(['CarRequestedPower', 'permit FullPowerCharging']);
    pilot.step({ type: 'x1' });
    expect(pilot.wait(5900)).to.deep.equal([]);
    expect(pilot.wait(100)).to.deep.equal(['forbid']);
  });

  it('82: PWM that comes back in time stops the timer and repeats the permission', () => {
    const pilot = new Pilot();
    pilot.level('B');
    pilot.step({ type: 'pwm', percent: 20 }, { type: 'permit', reason: 'FullPowerCharging' });
    pilot.level('C');
    pilot.step({ type: 'x1' });
    pilot.wait(3000);
    expect(pilot.step({ type: 'pwm', percent: 20 })).to.deep.equal(['pwm 20', 'permit FullPowerCharging']);
    expect(pilot.wait(10_000)).to.deep.equal([]);
  });

  it('83: D without ventilation, E, F', () => {
    const pilot = new Pilot({ hasVentilation: false });
    pilot.level('B');
    expect(pilot.level('D')).to.deep.equal(['forbid']);
    expect(pilot.level('E')).to.deep.equal(['forbid', 'x1', 'BCDtoEF', 'BCDtoE', 'unlock']);
    const other = new Pilot();
    other.level('B');
    expect(other.level('F')).to.deep.equal(['forbid', 'BCDtoEF']);
    expect(other.wait(4900)).to.deep.equal([]);
    expect(other.wait(100)).to.include('unlock');
    expect(other.level('B')).to.deep.equal(['forbid', 'CarRequestedStopPower', 'EFtoBCD', 'lock']);
  });

  it('84: locked only while authorised, if so configured', () => {
    const pilot = new Pilot({ unlockWhenDeauthorised: true });
    expect(pilot.level('B')).to.deep.equal(['CarPluggedIn']);
    expect(pilot.step({ type: 'authorised', value: true })).to.deep.equal(['lock']);
    expect(pilot.step({ type: 'relays', closed: true }, { type: 'authorised', value: false })).to.deep.equal(
      [],
    );
    expect(pilot.step({ type: 'relays', closed: false })).to.deep.equal(['unlock']);
  });

  it('84: stays locked from C to B, a forced unlock waits for the relays and holds until the EV left', () => {
    const pilot = new Pilot();
    pilot.level('B');
    pilot.level('C');
    expect(pilot.level('B')).not.to.include('unlock');
    pilot.step({ type: 'relays', closed: true });
    expect(pilot.step({ type: 'forceUnlock' })).to.deep.equal([]);
    expect(pilot.step({ type: 'relays', closed: false })).to.deep.equal(['unlock']);
    expect(pilot.level('C')).not.to.include('lock');
    pilot.level('A');
    expect(pilot.level('B')).to.include('lock');
  });

  it('84: lock_connector_in_state_b false unlocks in B', () => {
    const pilot = new Pilot({ lockInStateB: false });
    expect(pilot.level('B')).not.to.include('lock');
    expect(pilot.level('C')).to.include('lock');
    expect(pilot.level('B')).to.include('unlock');
  });
});

describe('boot', () => {
  it('85: an EV that came before the boot is noticed when the board is enabled, reports before are ignored', async () => {
    await using bench = await ChargerBench.create({ boot: false });
    bench.cp = 'B';
    bench.publish('bsp', 'event', { event: 'B' });
    await bench.advance(300);
    expect(bench.eventObjects()).to.deep.equal([]);
    await bench.advance(700);
    bench.mark();
    expect(bench.eventObjects().map((event) => event.event)).to.deep.equal([
      'Enabled',
      'SessionStarted',
      'AuthRequired',
    ]);
  });

  it('85: an EV that came while disabled', async () => {
    await using bench = await ChargerBench.create();
    const set = async (state: 'Enable' | 'Disable'): Promise<boolean> =>
      await bench.run(
        bench.evse.enable_disable({
          connector_id: 0,
          cmd_source: { enable_source: 'CSMS', enable_state: state, enable_priority: 5000 },
        }),
      );
    await set('Disable');
    bench.setCp('B');
    await bench.advance(1000);
    expect(bench.events()).to.deep.equal(['Disabled']);
    await set('Enable');
    await bench.advance(100);
    expect(bench.events()).to.deep.equal(['Disabled', 'Enabled', ...START]);
  });

  it('86: without a meter the boot does not wait (defect 24)', async () => {
    await using bench = await ChargerBench.create({ boot: false, without: ['powermeter_car_side'] });
    await bench.advance(50);
    expect(bench.published('evse', 'ready')).to.deep.equal([true]);
  });

  it('86: with a meter that delivers after 1 s; the source of the first event', async () => {
    await using bench = await ChargerBench.create({ boot: false, behaviour: { meterPublishes: false } });
    await bench.advance(900);
    expect(bench.published('evse', 'ready')).to.deep.equal([]);
    bench.behaviour.meterPublishes = true;
    await bench.advance(200);
    expect(bench.published('evse', 'ready')).to.deep.equal([true]);
    expect(bench.eventObjects()[0]).to.deep.include({
      event: 'Enabled',
      uuid: '',
      source: { enable_source: 'Unspecified', enable_state: 'Unassigned', enable_priority: 10_000 },
    });
    inOrder(
      bench.outputs(),
      'evse:evse_id',
      'energy_grid:energy_flow_request',
      'event Enabled',
      'evse:ready',
    );
  });

  it('86: a silent meter delays the boot for the configured time', async () => {
    await using bench = await ChargerBench.create({
      boot: false,
      behaviour: { meterPublishes: false },
      config: { initial_meter_value_timeout_ms: 2000 },
    });
    await bench.advance(1990);
    expect(bench.published('evse', 'ready')).to.deep.equal([]);
    await bench.advance(20);
    expect(bench.published('evse', 'ready')).to.deep.equal([true]);
  });

  it('86: waiting for the external signal', async () => {
    await using bench = await ChargerBench.create({
      boot: false,
      config: { external_ready_to_start_charging: true },
    });
    await bench.advance(2000);
    expect(bench.published('evse', 'waiting_for_external_ready')).to.deep.equal([true]);
    expect(bench.published('evse', 'ready')).to.deep.equal([]);
    expect(await bench.run(bench.evse.external_ready_to_start_charging({}))).to.equal(true);
    await bench.advance(10);
    expect(bench.eventObjects().map((event) => event.event)).to.deep.equal(['Enabled']);
    expect(bench.published('evse', 'ready')).to.deep.equal([true]);
    expect(await bench.run(bench.evse.external_ready_to_start_charging({}))).to.equal(true);
  });

  it('86: the command without the option', async () => {
    await using bench = await ChargerBench.create();
    expect(await bench.run(bench.evse.external_ready_to_start_charging({}))).to.equal(false);
  });

  it('87: DC without power supply, SLAC and communication does not start', async () => {
    let failure: unknown;
    try {
      await createHarness(EvseManager, {
        config: { connector_id: 1, charge_mode: 'DC' },
        connections: { slac: 0, hlc: 0, powersupply_DC: 0 },
      });
    } catch (error) {
      failure = error;
    }
    expect(failure).to.be.instanceOf(MissingDeviceError);
    expect((failure as MissingDeviceError).missing).to.deep.equal(['slac', 'hlc', 'powersupply_DC']);
  });

  it('force_unlock frees a connector for good while the EVSE is disabled, or in F', async () => {
    for (const blocked of ['disabled', 'F'] as const) {
      await using bench = await ChargerBench.create();
      await bench.charge();
      if (blocked === 'disabled')
        await bench.run(
          bench.evse.enable_disable({
            connector_id: 1,
            cmd_source: { enable_source: 'CSMS', enable_state: 'Disable', enable_priority: 100 },
          }),
        );
      else bench.publish('bsp', 'event', { event: 'F' });
      await bench.advance(3000);
      expect(await bench.run(bench.evse.force_unlock({ connector_id: 1 }))).to.equal(true);
      await bench.advance(1000);
      expect(bench.sent('connector_lock').at(-1)?.command).to.equal('unlock');
    }
  });
});
