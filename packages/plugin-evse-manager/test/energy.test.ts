// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';
import { BEGIN, START, since } from './support/expectations.js';

interface Entry {
  limits_to_root: Record<string, { value: number }>;
  limits_to_leaves: Record<string, { value: number }>;
}

function requested(bench: ChargerBench): { imported: Entry; exported: Entry } {
  const request = bench.published('energy_grid', 'energy_flow_request').at(-1) as {
    schedule_import: [Entry];
    schedule_export: [Entry];
  };
  return { imported: request.schedule_import[0], exported: request.schedule_export[0] };
}

function maximum(bench: ChargerBench): Record<string, number> {
  return (bench.sent('hlc', 'update_dc_maximum_limits').at(-1)?.args.maximum_limits ?? {}) as Record<
    string,
    number
  >;
}

const wanted = (bench: ChargerBench): { voltage: number; current: number } =>
  bench.sent('powersupply_DC', 'setExportVoltageCurrent').at(-1)?.args as {
    voltage: number;
    current: number;
  };

describe('energy', () => {
  it('67: request of a DC charger', async () => {
    await using bench = await ChargerBench.create();
    await bench.advance(1000);
    const { imported, exported } = requested(bench);
    expect(imported.limits_to_leaves).to.deep.include({
      total_power_W: { value: 150_000, source: 'evse update_max_watt_limit' },
    });
    expect(imported.limits_to_root.ac_max_current_A?.value).to.equal(63);
    expect(exported.limits_to_leaves.total_power_W?.value).to.equal(0);
  });

  it('67: request of an AC socket with a cable for 20 A', async () => {
    await using bench = await ChargerBench.create({
      mode: 'AC',
      behaviour: { board: { connector_type: 'IEC62196Type2Socket' } },
    });
    bench.publish('bsp', 'ac_pp_ampacity', { ampacity: 'A_20' });
    await bench.advance(1100);
    expect(requested(bench).imported.limits_to_root.ac_max_current_A?.value).to.equal(20);
    expect(requested(bench).exported.limits_to_leaves.ac_max_current_A?.value).to.equal(0);
  });

  it('68: from grants to limits', async () => {
    await using bench = await ChargerBench.create();
    expect(maximum(bench).evse_maximum_current_limit, 'no target yet').to.equal(200);
    await bench.charge();
    await bench.advance(2000);
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(10);
    expect(maximum(bench)).to.deep.include({
      evse_maximum_current_limit: 100,
      evse_maximum_power_limit: 40_000,
    });
    const count = bench.sent('hlc', 'update_dc_maximum_limits').length;
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(10);
    expect(bench.sent('hlc', 'update_dc_maximum_limits'), 'unchanged').to.have.length(count);
    bench.vehicle.target(402, 50);
    await bench.advance(100);
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(10);
    expect(bench.sent('hlc', 'update_dc_maximum_limits'), '2 V more').to.have.length(count + 1);
    bench.behaviour.supply = { max_export_current_A: 80 };
    bench.publishSupplyCapabilities();
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(10);
    expect(maximum(bench).evse_maximum_current_limit, 'power supply').to.equal(80);
  });

  it('69: a grant without power or without current changes no DC limit', async () => {
    await using bench = await ChargerBench.create();
    const count = bench.sent('hlc', 'update_dc_maximum_limits').length;
    bench.grant({ W: 1000 });
    bench.grant({ A: 6 });
    await bench.advance(10);
    expect(bench.sent('hlc', 'update_dc_maximum_limits')).to.have.length(count);
  });

  for (const mode of ['AC', 'DC'] as const) {
    it(`70: a grant expires, ${mode}`, async () => {
      await using bench = await ChargerBench.create({ mode });
      await bench.charge();
      bench.grant(mode === 'AC' ? { A: 16, validFor: 10 } : { W: 40_000, A: 63, validFor: 10 });
      await bench.advance(10_500);
      expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
      await bench.advance(1000);
      if (mode === 'DC') {
        expect(bench.supplyCurrent).to.equal(1);
        await bench.advance(6000);
      } else {
        bench.setCp('B');
        await bench.advance(300);
      }
      expect(bench.events().slice(-2)).to.deep.equal(['StoppingCharging', 'ChargingPausedEVSE(NoEnergy)']);
    });
  }

  it('71: a lowered limit counts at once, although the EV asks for more and every grant differs', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.advance(2500);
    expect(bench.supplyCurrent).to.equal(50);
    for (let count = 0; count < 10; count += 1) {
      bench.grant({ W: 4000 + count, A: 63 });
      await bench.advance(1000);
      expect(bench.supplyCurrent).to.be.at.most((4000 + count) / 400 + 0.001);
    }
  });

  it('72: targets within all limits', async () => {
    await using bench = await ChargerBench.create({ config: { dc_ramp_ampere_per_second: 10_000 } });
    await bench.charge();
    const ask = async (voltage: number, current: number): Promise<unknown> => {
      bench.vehicle.target(voltage, current);
      await bench.advance(300);
      return wanted(bench);
    };
    expect(await ask(400, 500), 'power of the EVSE').to.deep.equal({ voltage: 400, current: 100 });
    bench.grant({ W: 150_000, A: 63 });
    await bench.advance(10);
    expect(await ask(400, 500), 'current of the EV').to.deep.equal({ voltage: 400, current: 200 });
    expect(await ask(0, 30), 'voltage left out').to.deep.equal({ voltage: 400, current: 30 });
    expect(await ask(600, 30), 'voltage of the EV').to.deep.equal({ voltage: 500, current: 30 });
    expect(await ask(400, 0), 'least of the power supply').to.deep.equal({ voltage: 400, current: 1 });
    expect(await ask(100, 30), 'out of range').to.deep.equal({ voltage: 400, current: 1 });
  });

  it('73: the current rises with 25 A/s and falls at once', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.advance(5000);
    const asked = bench.now;
    bench.vehicle.target(400, 100);
    await bench.advance(5000);
    const steps = since(bench.sent('powersupply_DC', 'setExportVoltageCurrent'), asked);
    for (const { at, args } of steps) {
      expect(args.current, `after ${at - asked} ms`).to.be.at.most(50 + ((at - asked) / 1000) * 25 + 6.3);
    }
    expect(steps.length).to.be.greaterThan(6);
    expect(bench.supplyCurrent).to.equal(100);
    bench.vehicle.target(400, 5);
    await bench.advance(60);
    expect(bench.supplyCurrent).to.equal(5);
  });

  it('74: derating from outside', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.advance(3000);
    const derate = async (values: { max_export_current_A?: number }): Promise<void> => {
      await bench.run(
        bench.harness.provides.dc_external_derate.call.set_external_derating({ derate: values }),
      );
      bench.grant({ W: 40_000, A: 63 });
      await bench.advance(1000);
    };
    bench.vehicle.target(400, 90);
    await derate({ max_export_current_A: 50 });
    expect(requested(bench).imported.limits_to_leaves.total_power_W?.value).to.equal(20_000);
    expect(maximum(bench)).to.deep.include({
      evse_maximum_current_limit: 50,
      evse_maximum_power_limit: 20_000,
    });
    expect(bench.supplyCurrent).to.equal(50);
    await derate({});
    expect(requested(bench).imported.limits_to_leaves.total_power_W?.value).to.equal(150_000);
    await bench.advance(2000);
    expect(bench.supplyCurrent).to.equal(90);
  });

  it('75: the power supply derates itself', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.advance(3000);
    bench.behaviour.supply = { max_export_current_A: 20 };
    bench.publishSupplyCapabilities();
    await bench.advance(60);
    expect(wanted(bench).current).to.equal(20);
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(10);
    expect(maximum(bench).evse_maximum_current_limit).to.equal(20);
  });

  for (const [ev, supply, fixed, expected] of [
    [410, 1000, 0, 460],
    [480, 1000, 0, 500],
    [500, 450, 0, 450],
    [800, 1000, 0, 880],
    [950, 1000, 0, 1000],
    [800, 1000, 600, 600],
  ] as const) {
    it(`76: cable check of an EV with ${ev} V at ${supply} V${fixed > 0 ? `, fixed ${fixed} V` : ''}`, async () => {
      await using bench = await ChargerBench.create({
        config: { dc_isolation_voltage_V: fixed },
        behaviour: {
          evMaximum: { voltage: ev, current: 200, power: 90_000 },
          supply: { max_export_voltage_V: supply },
        },
      });
      await bench.plug();
      await bench.advance(1000);
      await bench.authorise();
      await bench.advance(500);
      const { voltage, current } = wanted(bench);
      expect(voltage).to.be.closeTo(expected, 1e-9);
      expect(current).to.equal(2);
    });
  }

  for (const [ev, supply, emergency] of [
    [400, 1500, 550],
    [600, 1500, 825],
    [800, 1500, 935],
    [900, 1500, 1100],
    [1250, 1500, 1375],
    [900, 500, 550],
  ] as const) {
    it(`77: over-voltage limits for an EV with ${ev} V at ${supply} V`, async () => {
      await using bench = await ChargerBench.create({
        behaviour: {
          evMaximum: { voltage: ev, current: 200, power: 90_000 },
          supply: { max_export_voltage_V: supply },
        },
      });
      await bench.plug();
      await bench.advance(1000);
      await bench.authorise();
      await bench.advance(300);
      expect(bench.sent('over_voltage_monitor', 'set_limits').at(-1)?.args).to.deep.equal({
        emergency_over_voltage_limit_V: emergency,
        error_over_voltage_limit_V: ev,
      });
    });
  }

  it('78: grants for others and before board support told its capabilities', async () => {
    await using bench = await ChargerBench.create({ boot: false });
    bench.grant({ W: 40_000, A: 63 });
    await bench.advance(1000);
    bench.grant({ W: 40_000, A: 63, uuid: 'other' });
    await bench.advance(10);
    expect(bench.published('evse', 'enforced_limits')).to.deep.equal([]);
  });

  describe('79: switch between three phases and one', () => {
    const board = { supports_changing_phases_during_charging: true };

    it('while charging', async () => {
      await using bench = await ChargerBench.create({ mode: 'AC', behaviour: { board } });
      await bench.charge();
      const at = bench.now;
      bench.grant({ A: 16, phases: 1 });
      await bench.advance(10);
      expect(bench.events().at(-1)).to.equal('SwitchingPhases');
      expect(since(bench.sent('bsp'), at).at(-1)?.command).to.equal('cp_state_X1');
      bench.setCp('B');
      await bench.advance(10_100);
      expect(
        bench.sent('bsp', 'ac_switch_three_phases_while_charging').map((call) => call.args),
      ).to.deep.equal([{ value: false }]);
      bench.setCp('C');
      await bench.advance(200);
      expect(bench.events().slice(-3)).to.deep.equal([
        'SwitchingPhases',
        'PrepareCharging',
        'ChargingStarted',
      ]);
    });

    it('unplugged meanwhile: board support is told nevertheless', async () => {
      await using bench = await ChargerBench.create({ mode: 'AC', behaviour: { board } });
      await bench.charge();
      bench.grant({ A: 16, phases: 1 });
      await bench.advance(1000);
      await bench.unplug();
      expect(bench.sent('bsp', 'ac_switch_three_phases_while_charging')).to.have.length(1);
      expect(bench.events().at(-1)).to.equal('SessionFinished');
    });

    it('refused where the hardware cannot', async () => {
      await using bench = await ChargerBench.create({ mode: 'AC' });
      await bench.charge();
      bench.grant({ A: 16, phases: 1 });
      await bench.advance(12_000);
      expect(bench.sent('bsp', 'ac_switch_three_phases_while_charging')).to.have.length(0);
      expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
    });
  });

  it('80: random delay', async () => {
    await using bench = await ChargerBench.create({
      mode: 'AC',
      grant: false,
      config: { uk_smartcharging_random_delay_max_duration: 600 },
    });
    const limit = (): unknown =>
      (bench.published('evse', 'limits').at(-1) as { max_current: number }).max_current;
    bench.grant({ A: 10 });
    await bench.charge();
    expect(limit()).to.equal(10);
    await bench.run(bench.harness.provides.random_delay.call.enable({}));
    bench.grant({ A: 10 });
    await bench.advance(6000);
    bench.grant({ A: 16 });
    await bench.advance(10);
    expect(limit(), 'held').to.equal(10);
    const countdown = bench.published('random_delay', 'countdown').at(-1) as Record<string, number>;
    expect(countdown).to.deep.include({ current_limit_after_delay_A: 16, current_limit_during_delay_A: 10 });
    expect(countdown.countdown_s).to.be.within(0, 599);
    await bench.run(bench.harness.provides.random_delay.call.cancel({}));
    expect(limit(), 'until the next grant').to.equal(10);
    bench.grant({ A: 16 });
    await bench.advance(10);
    expect(limit()).to.equal(16);
  });

  it('80: a random delay ends by itself, and the grant counts then', async () => {
    await using bench = await ChargerBench.create({
      mode: 'AC',
      config: { uk_smartcharging_random_delay_enable: true, uk_smartcharging_random_delay_max_duration: 10 },
    });
    bench.clock.setInterval(() => bench.grant({ A: 16 }), 1000);
    await bench.charge();
    await bench.advance(14_000);
    expect(bench.published('evse', 'limits').at(-1)).to.have.property('max_current', 16);
    const countdowns = bench.published('random_delay', 'countdown').length;
    await bench.advance(30_000);
    expect(bench.published('random_delay', 'countdown'), 'no other one begins').to.have.length(countdowns);
    expect(bench.published('evse', 'limits').at(-1)).to.have.property('max_current', 16);
  });

  it('the energy tree is told the efficiency of the power supply', async () => {
    for (const config of [{}, { request_zero_power_in_idle: true }]) {
      await using bench = await ChargerBench.create({
        config,
        behaviour: { supply: { conversion_efficiency_export: 0.9, conversion_efficiency_import: 0.8 } },
      });
      await bench.advance(1100);
      const { imported, exported } = requested(bench);
      expect(imported).to.have.property('conversion_efficiency', 0.9);
      expect(exported).to.have.property('conversion_efficiency', 0.8);
    }
  });

  it('two phases granted to two active ones change nothing', async () => {
    await using bench = await ChargerBench.create({
      mode: 'AC',
      behaviour: { board: { max_phase_count_import: 2, supports_changing_phases_during_charging: true } },
    });
    await bench.charge();
    bench.grant({ A: 16, phases: 2 });
    await bench.advance(500);
    expect(bench.events().at(-1)).to.equal('ChargingStarted');
    expect(bench.sent('bsp', 'ac_switch_three_phases_while_charging')).to.deep.equal([]);
  });
});
