// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';
import { BEGIN, START, TRANSACTION, since } from './support/expectations.js';

const AGAIN = ['PrepareCharging', 'ChargingStarted'];

async function pulse(bench: ChargerBench, ms: number): Promise<void> {
  bench.setCp('C');
  await bench.advance(ms);
  bench.setCp('B');
  await bench.advance(300);
}

describe('pauses', () => {
  it('26: pause and resume by the EVSE, AC', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.charge();
    expect(await bench.run(bench.evse.pause_charging())).to.equal(true);
    await bench.advance(100);
    bench.setCp('B');
    await bench.advance(300);
    expect(bench.relaysClosed).to.equal(false);
    expect(await bench.run(bench.evse.resume_charging())).to.equal(true);
    await bench.advance(200);
    bench.setCp('C');
    await bench.advance(200);
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingPausedEVSE(UserPause)',
      ...AGAIN,
    ]);
  });

  it('27: pause and resume by the EVSE, DIN 70121 or ISO 15118-2', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(1500);
    expect(bench.sent('hlc', 'stop_charging').at(-1)?.args).to.deep.equal({ stop: true });
    expect(bench.sent('bsp').at(-1)?.command).to.equal('cp_state_X1');
    const resumed = bench.now;
    await bench.run(bench.evse.resume_charging());
    await bench.advance(4000);
    expect(since(bench.sent('slac', 'enter_bcd'), resumed)).to.have.length(1);
    expect(since(bench.sent('bsp', 'pwm_on'), resumed)[0]?.args).to.deep.equal({ value: 5 });
    expect(since(bench.sent('hlc', 'authorization_response'), resumed)).to.have.length(1);
    expect(since(bench.sent('hlc', 'cable_check_finished'), resumed)[0]?.args).to.deep.equal({
      status: true,
    });
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingPausedEVSE(UserPause)',
      ...AGAIN,
    ]);
  });

  it('28: pause and resume by the EVSE, ISO 15118-20', async () => {
    await using bench = await ChargerBench.create({ behaviour: { linkEnd: 'dlink_pause' } });
    await bench.charge();
    bench.publish('hlc', 'selected_service_parameters', {
      energy_transfer: 'DC',
      connector: 'Extended',
      control_mode: 'ScheduledControl',
      mobility_needs_mode: 'EVCC',
      pricing: 'NoPricing',
    });
    await bench.advance(10);
    await bench.run(bench.evse.pause_charging());
    await bench.advance(1500);
    expect(bench.sent('hlc', 'pause_charging').map((call) => call.args)).to.deep.equal([{ pause: true }]);
    expect(bench.sent('hlc', 'stop_charging').at(-1)?.args).to.deep.equal({ stop: false });
    const resumed = bench.now;
    await bench.run(bench.evse.resume_charging());
    await bench.advance(4000);
    expect(since(bench.sent('slac', 'enter_bcd'), resumed)).to.have.length(0);
    expect(bench.events().slice(-2)).to.deep.equal(AGAIN);
  });

  it('29: pause without a transaction, resume while paused by the EV', async () => {
    await using bench = await ChargerBench.create();
    expect(await bench.run(bench.evse.pause_charging())).to.equal(false);
    expect(await bench.run(bench.evse.resume_charging())).to.equal(false);
    await bench.charge();
    bench.vehicle.stops();
    await bench.advance(1000);
    expect(await bench.run(bench.evse.resume_charging())).to.equal(true);
    await bench.advance(1000);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEV');
  });

  it('30: pause by the EV, AC', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.charge();
    bench.setCp('B');
    await bench.advance(6000);
    bench.setCp('C');
    await bench.advance(300);
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingPausedEV',
      ...AGAIN,
    ]);
  });

  const paused = async (): Promise<ChargerBench> => {
    const bench = await ChargerBench.create();
    await bench.charge();
    bench.vehicle.stops();
    await bench.advance(1500);
    return bench;
  };

  it('31: the EV wakes the charger with three pulses', async () => {
    await using bench = await paused();
    for (let count = 0; count < 3; count += 1) await pulse(bench, 300);
    await bench.advance(200);
    expect(bench.events().at(-1)).to.equal('PrepareCharging');
    await bench.advance(4000);
    expect(bench.events().slice(-2)).to.deep.equal(AGAIN);
  });

  it('31: one valid pulse wakes the charger 3.7 s after it began', async () => {
    await using bench = await paused();
    await pulse(bench, 300);
    await bench.advance(2900);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEV');
    await bench.advance(400);
    expect(bench.events().at(-1)).to.equal('PrepareCharging');
  });

  for (const ms of [100, 600]) {
    it(`31: a pulse of ${ms} ms does not wake the charger`, async () => {
      await using bench = await paused();
      await pulse(bench, ms);
      await bench.advance(6000);
      expect(bench.events().at(-1)).to.equal('ChargingPausedEV');
    });
  }

  it('32: no energy before an AC session', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC', grant: false });
    await bench.plug();
    await bench.advance(500);
    await bench.authorise();
    await bench.advance(500);
    bench.setCp('C');
    await bench.advance(20_000);
    expect(bench.events()).to.deep.equal([...START, ...TRANSACTION]);
    bench.grant({ A: 16 });
    await bench.advance(300);
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
  });

  it('33: no energy before a DC session: it goes on to the charge loop, energy comes in time', async () => {
    await using bench = await ChargerBench.create({ grant: false });
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(3800);
    expect(bench.events()).to.deep.equal([...START, 'Authorized']);
    await bench.advance(400);
    expect(bench.events()).to.deep.equal([...START, ...TRANSACTION]);
    await bench.advance(4000);
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
    expect(bench.supplyCurrent).to.equal(1);
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(3000);
    expect(bench.supplyCurrent).to.equal(50);
  });

  it('33: energy does not come in time', async () => {
    await using bench = await ChargerBench.create({ grant: false });
    await bench.charge();
    await bench.advance(10_000);
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingPausedEVSE(NoEnergy)',
    ]);
  });

  for (const [allow, mode] of [
    [false, 'PauseBeforeCableCheck'],
    [true, 'AllowEvToIgnorePause'],
  ] as const) {
    it(`33: the EV is told to pause (${mode})`, async () => {
      await using bench = await ChargerBench.create({
        grant: false,
        config: { zero_power_ignore_pause: false, zero_power_allow_ev_to_ignore_pause: allow },
      });
      await bench.plug();
      await bench.advance(1000);
      await bench.authorise();
      await bench.advance(4200);
      expect(bench.sent('hlc', 'no_energy_pause_charging').map((call) => call.args.mode)).to.deep.equal([
        mode,
        mode,
      ]);
    });
  }

  it('34: no energy while charging, AC', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.charge();
    bench.grant({ A: 0 });
    await bench.advance(100);
    bench.setCp('B');
    await bench.advance(300);
    bench.grant({ A: 16 });
    await bench.advance(200);
    bench.setCp('C');
    await bench.advance(200);
    expect(bench.events().slice(-4)).to.deep.equal([
      'StoppingCharging',
      'ChargingPausedEVSE(NoEnergy)',
      ...AGAIN,
    ]);
  });

  it('35: no energy for a moment and for longer, DC', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.grant({ W: 0, A: 0 });
    await bench.advance(4000);
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(3000);
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
    bench.grant({ W: 0, A: 0 });
    await bench.advance(6500);
    expect(bench.events().slice(-2)).to.deep.equal(['StoppingCharging', 'ChargingPausedEVSE(NoEnergy)']);
  });

  it('36: pause and no energy together', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(100);
    bench.setCp('B');
    await bench.advance(300);
    bench.grant({ A: 0 });
    await bench.advance(200);
    await bench.run(bench.evse.resume_charging());
    await bench.advance(200);
    bench.grant({ A: 16 });
    await bench.advance(200);
    bench.setCp('C');
    await bench.advance(200);
    expect(bench.events().slice(-6)).to.deep.equal([
      'StoppingCharging',
      'ChargingPausedEVSE(UserPause)',
      'ChargingPausedEVSE(NoEnergy,UserPause)',
      'ChargingPausedEVSE(NoEnergy)',
      ...AGAIN,
    ]);
  });

  it('37: energy is requested again when a pause for missing energy alone is left', async () => {
    await using bench = await ChargerBench.create({ config: { request_zero_power_in_idle: true } });
    const requested = (): number => {
      const request = bench.published('energy_grid', 'energy_flow_request').at(-1) as {
        schedule_import: { limits_to_leaves: { total_power_W: { value: number } } }[];
      };
      return request.schedule_import[0]?.limits_to_leaves.total_power_W.value ?? -1;
    };
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(3000);
    expect(requested(), 'paused by the user').to.equal(0);
    bench.grant({ W: 0, A: 0 });
    await bench.run(bench.evse.resume_charging());
    await bench.advance(2000);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEVSE(NoEnergy)');
    expect(requested(), 'paused for missing energy').to.equal(150_000);
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(4000);
    expect(bench.events().slice(-2)).to.deep.equal(AGAIN);
  });

  it('38: wake-up of an EV that sleeps', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.plug();
    await bench.advance(500);
    await bench.authorise();
    const prepared = bench.now;
    await bench.advance(50_000);
    const f = bench.sent('bsp', 'cp_state_F');
    expect(f).to.have.length(1);
    expect((f[0]?.at ?? 0) - prepared).to.be.within(29_900, 30_200);
    const x1 = since(bench.sent('bsp', 'cp_state_X1'), f[0]?.at ?? 0)[0]?.at ?? 0;
    expect(x1 - (f[0]?.at ?? 0)).to.be.within(4000, 4100);
    const pwm = since(bench.sent('bsp', 'pwm_on'), x1)[0]?.at ?? 0;
    expect(pwm - x1).to.be.within(700, 900);
    expect(bench.events()).to.deep.equal([...START, ...TRANSACTION, 'PrepareCharging', 'ChargingPausedEV']);
    bench.setCp('C');
    await bench.advance(300);
    expect(bench.events().slice(-2)).to.deep.equal(AGAIN);
  });

  it('38: the wake-up counts anew after a stop', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.plug();
    await bench.advance(500);
    await bench.authorise();
    await bench.advance(36_000);
    bench.setCp('C');
    await bench.advance(6000);
    await bench.run(bench.evse.pause_charging());
    await bench.advance(1000);
    bench.setCp('B');
    await bench.advance(2000);
    await bench.run(bench.evse.resume_charging());
    const resumed = bench.now;
    await bench.advance(60_000);
    const [pulse] = bench.sent('bsp', 'cp_state_F').filter(({ at }) => at > resumed);
    expect((pulse?.at ?? 0) - resumed).to.be.within(30_000, 30_300);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEV');
  });

  it('a fault that begins while an AC session is paused is shown with a pulse of F', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(200);
    bench.setCp('B');
    await bench.advance(1000);
    const paused = bench.now;
    bench.raise('bsp', 'evse_board_support/MREC4OverCurrentFailure');
    await bench.advance(1000);
    const shown = bench
      .sent('bsp')
      .filter(({ at, command }) => at >= paused && command.startsWith('cp_state'))
      .map(({ command }) => command);
    expect(shown).to.deep.equal(['cp_state_F', 'cp_state_X1']);
  });
});
