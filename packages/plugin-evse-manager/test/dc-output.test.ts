// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';
import { inOrder, permissions, since, supplyModes } from './support/expectations.js';

const inPreCharge = (bench: ChargerBench): boolean => supplyModes(bench).at(-1) === 'Export PreCharge';

describe('output of the power supply', () => {
  it('limits of one EV do not count for the next', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { evMaximum: { voltage: 800, current: 200, power: 90_000 } },
    });
    await bench.charge();
    await bench.unplug();
    await bench.advance(2000);
    const next = bench.now;
    bench.behaviour.evMaximum = { voltage: undefined, current: 200, power: 90_000 };
    await bench.charge();
    const [test] = since(bench.sent('powersupply_DC', 'setExportVoltageCurrent'), next);
    expect(test?.args).to.deep.equal({ voltage: 500, current: 2 });
    expect(since(bench.sent('over_voltage_monitor', 'set_limits'), next).at(-1)?.args).to.deep.include({
      emergency_over_voltage_limit_V: 550,
      error_over_voltage_limit_V: 500,
    });
  });

  it('relays that fall off in precharge: power supply off, a fault, no charge loop', async () => {
    await using bench = await ChargerBench.create();
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    for (let steps = 0; steps < 500 && !inPreCharge(bench); steps += 1) await bench.advance(10);
    expect(inPreCharge(bench)).to.equal(true);
    const before = supplyModes(bench).length;
    bench.forceRelays(false);
    await bench.advance(1);
    expect(supplyModes(bench).at(-1)).to.equal('Off PreCharge');
    expect(bench.errors()).to.deep.equal(['Internal/ContactorFault', 'Inoperative']);
    await bench.advance(3000);
    expect(supplyModes(bench).slice(before)).to.deep.equal(['Off PreCharge']);
    expect(bench.events()).to.not.include('ChargingStarted');
  });

  it('a target that comes after the charge loop does not switch the power supply on', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.advance(3000);
    bench.publish('hlc', 'current_demand_finished', null);
    await bench.advance(1);
    bench.vehicle.target(400, 40);
    await bench.advance(2000);
    expect(supplyModes(bench).at(-1)).to.equal('Off Charging');
  });

  it('a negative current of an EV that charges counts as none', async () => {
    await using bench = await ChargerBench.create({ behaviour: { supply: { min_export_current_A: 0 } } });
    await bench.charge();
    await bench.advance(3000);
    bench.vehicle.target(400, -2);
    await bench.advance(300);
    expect(bench.sent('powersupply_DC', 'setExportVoltageCurrent').at(-1)?.args).to.deep.equal({
      voltage: 400,
      current: 0,
    });
  });

  it('the current rises on the ramp when a derating is lifted between two grants', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { targets: { precharge: [400, 2], charge: [400, 150] } },
      grant: { W: 150_000, A: 250 },
    });
    await bench.charge();
    await bench.advance(10_000);
    const { set_external_derating: derate } = bench.harness.provides.dc_external_derate.call;
    await bench.run(derate({ derate: { max_export_current_A: 20 } }));
    await bench.advance(2000);
    expect(bench.supplyCurrent).to.equal(20);
    const lifted = bench.now;
    await bench.run(derate({ derate: {} }));
    await bench.advance(8000);
    const currents = since(bench.sent('powersupply_DC', 'setExportVoltageCurrent'), lifted).map(
      ({ args }) => args.current as number,
    );
    expect(currents[0]).to.be.within(20, 27);
    expect(currents.at(-1)).to.equal(150);
  });

  it('a bare C to B stops the isolation monitor as well', async () => {
    await using bench = await ChargerBench.create({ behaviour: { obeysStop: false } });
    await bench.charge();
    const edge = bench.now;
    bench.setCp('B');
    await bench.advance(10);
    expect(since(bench.sent('imd'), edge).map(({ command }) => command)).to.include('stop');
  });

  for (const [what, config] of [
    ['the voltage set for the cable check', { dc_isolation_voltage_V: 1200 }],
    ['the voltage of the early self test', { cable_check_enable_imd_self_test_relays_open: true }],
  ] as const)
    it(`${what} is more or less than the power supply can deliver: the cable check fails at once`, async () => {
      await using bench = await ChargerBench.create({ config });
      await bench.plug();
      await bench.advance(1000);
      await bench.authorise();
      await bench.advance(2000);
      expect(bench.sent('hlc', 'cable_check_finished').at(0)?.args).to.deep.equal({ status: false });
      const failure = bench.harness.journal.entries.find(
        (entry) => entry.kind === 'raised' && entry.error.type === 'evse_manager/MREC11CableCheckFault',
      );
      expect(failure).to.have.nested.property('error.message').that.includes('cannot deliver');
    });

  it('a self test counts only when the cable check has asked for it', async () => {
    await using bench = await ChargerBench.create({ behaviour: { selfTest: undefined } });
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(200);
    expect(bench.sent('imd', 'start_self_test')).to.deep.equal([]);
    bench.publish('imd', 'self_test_result', true);
    await bench.advance(4000);
    expect(bench.sent('imd', 'start_self_test')).to.have.length(1);
    expect(bench.sent('hlc', 'cable_check_finished')).to.deep.equal([]);
    bench.publish('imd', 'self_test_result', true);
    await bench.advance(3000);
    expect(bench.events().at(-1)).to.equal('ChargingStarted');
  });

  it('the charge loop may be without energy for the whole time that is set, however long the cable check took', async () => {
    await using bench = await ChargerBench.create({ grant: false, behaviour: { isolationPeriodMs: 4500 } });
    await bench.plug();
    await bench.advance(6000);
    await bench.authorise();
    const at = (name: string): number =>
      Date.parse(bench.eventObjects().find(({ event }) => event === name)?.timestamp as string);
    await bench.advance(20_000);
    expect(at('StoppingCharging') - at('ChargingStarted')).to.be.within(5000, 5100);
  });

  for (const end of ['dlink_terminate', 'dlink_pause'] as const)
    for (const phase of ['cable check', 'precharge', 'charge loop'] as const)
      it(`${end} in the ${phase}, and nothing else, switches the power supply off before the relays open`, async () => {
        await using bench = await ChargerBench.create({
          behaviour: { obeysStop: false, ...(phase === 'cable check' ? { selfTest: undefined } : {}) },
        });
        await bench.plug();
        await bench.advance(1000);
        await bench.authorise();
        const wanted = { 'cable check': 'CableCheck', precharge: 'PreCharge', 'charge loop': 'Charging' }[
          phase
        ];
        for (let steps = 0; steps < 500 && !(supplyModes(bench).at(-1) ?? '').endsWith(wanted); steps += 1)
          await bench.advance(10);
        await bench.advance(100);
        const before = bench.outputs().length;
        bench.behaviour.startsAfterAuth = false;
        bench.publish('hlc', end, null);
        await bench.advance(1);
        const outputs = bench.outputs().slice(before);
        inOrder(outputs, 'powersupply_DC.setMode', 'bsp.allow_power_on', 'bsp.cp_state_X1');
        expect(supplyModes(bench).at(-1)).to.match(/^Off/);
        expect(permissions(bench).at(-1)).to.equal(false);
        await bench.advance(15_000);
        expect(bench.supplyVoltage).to.equal(0);
        expect(bench.errors()).to.deep.equal([]);
        if (phase === 'cable check')
          expect(bench.sent('hlc', 'cable_check_finished').at(-1)?.args.status).to.equal(false);
      });

  it('an EV that goes to B in the cable check ends it; the one that it asks for next is its own', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { selfTest: undefined, endsAfterFailure: false },
    });
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(2000);
    expect(bench.sent('imd', 'start_self_test')).to.have.length(1);
    bench.setCp('B');
    await bench.advance(500);
    expect(bench.sent('hlc', 'cable_check_finished').map(({ args }) => args.status)).to.deep.equal([false]);
    bench.publish('imd', 'self_test_result', true);
    await bench.advance(100);
    bench.behaviour.selfTest = true;
    bench.setCp('C');
    bench.publish('hlc', 'start_cable_check', null);
    await bench.advance(3000);
    expect(bench.sent('imd', 'start_self_test')).to.have.length(2);
    expect(bench.sent('hlc', 'cable_check_finished').at(-1)?.args.status).to.equal(true);
    expect(bench.relaysClosed).to.equal(true);
  });

  it('relays that fall off in the cable check never let it pass', async () => {
    await using bench = await ChargerBench.create({ behaviour: { selfTest: undefined } });
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(2000);
    bench.forceRelays(false);
    await bench.advance(10);
    bench.publish('imd', 'self_test_result', true);
    await bench.advance(3000);
    expect(bench.sent('hlc', 'cable_check_finished').map(({ args }) => args.status)).to.not.include(true);
    expect(bench.errors()).to.include('Internal/ContactorFault');
  });

  it('relays that are welded after a broken link never let a cable check pass', async () => {
    await using bench = await ChargerBench.create({ behaviour: { relays: 'stuck' } });
    await bench.charge();
    bench.mark();
    bench.publish('hlc', 'dlink_error', null);
    await bench.advance(10_000);
    bench.publish('hlc', 'start_cable_check', null);
    await bench.advance(5000);
    const checks = bench.sent('hlc', 'cable_check_finished').map(({ args }) => args.status);
    expect(checks).to.deep.equal([true, false]);
    expect(bench.events()).to.not.include('ChargingStarted');
  });

  it('what is left of a failed cable check is nothing to the next vehicle', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { selfTest: false, supplyDischarges: false },
    });
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(2500);
    await bench.unplug();
    await bench.advance(500);
    expect(bench.events().at(-1)).to.equal('SessionFinished');
    const replugged = bench.now;
    await bench.plug();
    await bench.advance(12_000);
    expect(since(bench.sent('hlc', 'cable_check_finished'), replugged)).to.deep.equal([]);
    expect(bench.errors()).to.deep.equal([]);
  });

  it('relays that open while a stop is under way leave no power supply on', async () => {
    await using bench = await ChargerBench.create({ behaviour: { obeysStop: false } });
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(500);
    bench.forceRelays(false);
    await bench.advance(10);
    expect(supplyModes(bench).at(-1)).to.match(/^Off/);
    expect(permissions(bench).at(-1)).to.equal(false);
  });

  it('a power supply that delivers when the module starts is switched off, with and without a store', async () => {
    for (const without of [[], ['store']]) {
      await using bench = await ChargerBench.create({ boot: false, without });
      bench.supplyVoltage = 400;
      bench.publishSupply();
      await bench.advance(1);
      expect(supplyModes(bench)).to.deep.equal(['Off Other']);
      expect(permissions(bench)).to.deep.equal([false]);
      bench.publishSupply();
      await bench.advance(1);
      expect(supplyModes(bench)).to.have.length(1);
    }
  });
});
