// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { SerialQueue } from '../dist/serial-queue.js';
import { ChargerBench } from './support/charger-bench.js';
import { BEGIN, END, START, TRANSACTION, permissions, since, supplyModes } from './support/expectations.js';

/* Defects of the reference, by the numbers of the specification's list, each with the behaviour that is better. */

async function prepare(bench: ChargerBench): Promise<void> {
  await bench.plug();
  await bench.advance(1000);
  await bench.authorise();
}

describe('known defects of the reference', () => {
  it('1: the first DC session after the boot is stopped by message, not by X1', async () => {
    await using bench = await ChargerBench.create({ behaviour: { startsAfterAuth: false } });
    await prepare(bench);
    await bench.advance(500);
    const stopped = bench.now;
    await bench.run(bench.evse.stop_transaction({ request: { reason: 'EmergencyStop' } }));
    await bench.advance(10);
    expect(bench.sent('hlc', 'stop_charging').at(-1)?.args).to.deep.equal({ stop: true });
    expect(bench.sent('hlc', 'send_error')).to.have.length(1);
    expect(since(bench.sent('bsp', 'cp_state_X1'), stopped)).to.have.length(0);
  });

  it('2: an error does not repeat the event of the state', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.raise('bsp', 'evse_board_support/MREC8EmergencyStop');
    await bench.advance(2000);
    bench.raise('powersupply_DC', 'power_supply_DC/OverTemperature', 'High');
    await bench.advance(500);
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingPausedEVSE(Error)',
    ]);
  });

  it('3: without a grant in time DC has no power either', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.advance(2000);
    bench.grant({ W: 40_000, A: 63, validFor: 2 });
    await bench.advance(3500);
    expect(bench.supplyCurrent).to.equal(1);
    expect(bench.sent('hlc', 'update_dc_maximum_limits').at(-1)?.args.maximum_limits).to.deep.include({
      evse_maximum_current_limit: 0,
      evse_maximum_power_limit: 0,
    });
  });

  it('4: DC without an isolation monitor charges', async () => {
    await using bench = await ChargerBench.create({ without: ['imd'] });
    await bench.charge();
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
    expect(supplyModes(bench)).to.deep.equal(['Export PreCharge', 'Export Charging']);
    expect(bench.supplyCurrent).to.be.greaterThan(10);
  });

  it('5: the ramp goes on without a new request', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.advance(2500);
    expect(bench.supplyCurrent).to.equal(50);
  });

  it('6: the power supply learns of the charge loop when it begins', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { targets: { precharge: [400, 2], charge: [400, 2] } },
    });
    await bench.charge();
    expect(supplyModes(bench).at(-1)).to.equal('Export Charging');
  });

  it('7: a pause while preparing acts at once', async () => {
    await using bench = await ChargerBench.create();
    await prepare(bench);
    await bench.advance(500);
    await bench.run(bench.evse.pause_charging());
    await bench.advance(1500);
    expect(bench.events()).to.deep.equal([
      ...START,
      ...TRANSACTION,
      'StoppingCharging',
      'ChargingPausedEVSE(UserPause)',
    ]);
  });

  it('8: a stop while the link is restarted closes the transaction', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.publish('hlc', 'dlink_error', null);
    bench.setCp('B');
    await bench.advance(2000);
    expect(await bench.run(bench.evse.stop_transaction({ request: { reason: 'Remote' } }))).to.equal(true);
    await bench.advance(8000);
    expect(bench.events().slice(-2)).to.deep.equal(['ChargingFinished', 'TransactionFinished(Remote)']);
  });

  it('9: a stop by the EV is told as EVDisconnected, as the backends know it', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.vehicle.stops();
    await bench.advance(1000);
    await bench.unplug();
    expect(bench.events()).to.include('TransactionFinished(EVDisconnected)');
  });

  it('11: a withdrawal while charging is not announced and does nothing', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.run(bench.evse.withdraw_authorization());
    await bench.advance(1000);
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
  });

  it('11: a withdrawal while plugged in keeps the session open', async () => {
    await using bench = await ChargerBench.create({ grant: false });
    await prepare(bench);
    await bench.run(bench.evse.withdraw_authorization());
    await bench.advance(6000);
    expect(bench.events()).to.deep.equal([...START, 'Authorized', 'Deauthorized']);
    await bench.authorise('OTHER');
    await bench.advance(500);
    expect(bench.events().slice(-3)).to.deep.equal([...TRANSACTION]);
    await bench.unplug();
    expect(bench.events().filter((event) => event === 'SessionFinished')).to.have.length(1);
  });

  it('13: allowed energy transfer modes reach the stack', async () => {
    await using bench = await ChargerBench.create();
    const allow = async (modes: readonly ('DC_extended' | 'AC_three_phase_core')[]): Promise<string> =>
      await bench.run(
        bench.evse.update_allowed_energy_transfer_modes({ allowed_energy_transfer_modes: [...modes] }),
      );
    expect(await allow(['DC_extended', 'AC_three_phase_core'])).to.equal('Accepted');
    expect(bench.sent('hlc', 'update_energy_transfer_modes').at(-1)?.args).to.deep.equal({
      supported_energy_transfer_modes: ['DC_extended'],
    });
    expect(await allow(['AC_three_phase_core'])).to.equal('IncompatibleEnergyTransfer');
    await using ac = await ChargerBench.create({ mode: 'AC' });
    expect(
      await ac.run(
        ac.evse.update_allowed_energy_transfer_modes({ allowed_energy_transfer_modes: ['DC_extended'] }),
      ),
    ).to.equal('NoHlc');
  });

  it('14: the EV is told after the meter has started, and not while an error blocks', async () => {
    await using bench = await ChargerBench.create();
    bench.behaviour.meterDelayMs = 2000;
    await prepare(bench);
    await bench.advance(1900);
    expect(bench.sent('hlc', 'authorization_response')).to.have.length(0);
    await bench.advance(200);
    expect(bench.sent('hlc', 'authorization_response')).to.have.length(1);
  });

  it('16: the protocol of the session is known without a session log', async () => {
    await using bench = await ChargerBench.create();
    await bench.plug();
    bench.publish('hlc', 'selected_protocol', 'ISO15118-2-2013');
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(100);
    expect(bench.published('evse', 'selected_protocol').at(-1)).to.equal('ISO15118-2-2013');
  });

  it('17: state F for 300 ms after a fault without high level communication, with relays open', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.charge();
    bench.raise('bsp', 'evse_board_support/MREC4OverCurrentFailure');
    await bench.advance(20);
    expect(bench.sent('bsp', 'cp_state_F'), 'relays still closed').to.have.length(0);
    await bench.advance(1000);
    const [f] = bench.sent('bsp', 'cp_state_F');
    const x1 = since(bench.sent('bsp', 'cp_state_X1'), (f?.at ?? 0) + 1)[0];
    expect((x1?.at ?? 0) - (f?.at ?? 0)).to.equal(300);
  });

  it('18: a request for authorisation that comes before the plug-in is reported is answered', async () => {
    await using bench = await ChargerBench.create({ behaviour: { vehicle: false } });
    bench.publish('hlc', 'require_auth_eim', null);
    await bench.advance(50);
    await prepare(bench);
    await bench.advance(100);
    expect(
      bench.sent('hlc', 'authorization_response').map((call) => call.args.authorization_status),
    ).to.deep.equal(['Accepted']);
  });

  it('19: over-voltage is seen without an over voltage monitor', async () => {
    await using bench = await ChargerBench.create({ without: ['over_voltage_monitor'] });
    await bench.charge();
    bench.supplyVoltage = 600;
    bench.publishSupply();
    await bench.advance(1);
    expect(bench.errors()).to.include('MREC5OverVoltage');
    expect(supplyModes(bench).at(-1)).to.equal('Off Charging');
  });

  it('20: a device that stopped to measure is not compared any more', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { ovmEchoes: false },
      config: { voltage_plausibility_fault_duration_ms: 5000 },
    });
    await bench.charge();
    bench.publish('over_voltage_monitor', 'voltage_measurement_V', 300);
    await bench.advance(20_000);
    expect(bench.errors()).to.deep.equal([]);
  });

  it('21: a request above what the power supply can do is brought within it', async () => {
    await using bench = await ChargerBench.create({
      behaviour: {
        supply: { max_export_voltage_V: 450 },
        evMaximum: { voltage: 500, current: 200, power: 90_000 },
      },
    });
    await bench.charge();
    bench.vehicle.target(480, 20);
    await bench.advance(100);
    expect(bench.sent('powersupply_DC', 'setExportVoltageCurrent').at(-1)?.args.voltage).to.equal(450);
  });

  it('21a: the power supply is not switched on for a set point that it cannot deliver', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { targets: { precharge: [100, 2], charge: [100, 2] } },
    });
    await bench.charge();
    expect(supplyModes(bench)).to.deep.equal(['Export CableCheck', 'Off CableCheck']);
  });

  it('21b: relays that fall off while charging are a fault', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.forceRelays(false);
    await bench.advance(10);
    expect(supplyModes(bench).at(-1)).to.equal('Off Charging');
    expect(bench.errors()).to.deep.equal(['Internal/ContactorFault', 'Inoperative']);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEVSE(Error)');
  });

  it('22: relays that do not open after the hard stop are a fault', async () => {
    await using bench = await ChargerBench.create({ behaviour: { obeysStop: false, relays: 'stuck' } });
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(22_300);
    expect(bench.errors()).to.include('Internal/ContactorFault');
  });

  it('22a: a bare C to B, and a broken link, switch the power supply off before the permission goes', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    const before = bench.outputs().length;
    bench.setCp('B');
    await bench.advance(1);
    const outputs = bench.outputs().slice(before);
    expect(outputs.slice(0, 3)).to.deep.equal(['powersupply_DC.setMode', 'imd.stop', 'bsp.allow_power_on']);
    await using other = await ChargerBench.create();
    await other.charge();
    const at = other.outputs().length;
    other.publish('hlc', 'dlink_error', null);
    await other.advance(1);
    const calls = other.outputs().slice(at);
    expect(calls.indexOf('powersupply_DC.setMode')).to.be.within(0, calls.indexOf('bsp.allow_power_on') - 1);
    expect(calls.indexOf('bsp.allow_power_on')).to.be.lessThan(calls.indexOf('bsp.cp_state_X1'));
  });

  it('22d: an EV that went to C while the EVSE paused is served when it goes on', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(100);
    bench.setCp('B');
    await bench.advance(1000);
    bench.setCp('C');
    await bench.advance(1000);
    await bench.run(bench.evse.resume_charging());
    await bench.advance(300);
    expect(bench.events().slice(-2)).to.deep.equal(['PrepareCharging', 'ChargingStarted']);
    expect(bench.relaysClosed).to.equal(true);
  });

  it('22e: a withdrawal while the link is restarted keeps the id of the transaction', async () => {
    await using bench = await ChargerBench.create({ behaviour: { requestsAuth: true } });
    await bench.charge();
    bench.publish('hlc', 'dlink_error', null);
    bench.setCp('B');
    await bench.advance(7950);
    expect(bench.events().at(-1)).to.equal('AuthRequired');
    await bench.run(bench.evse.withdraw_authorization());
    await bench.advance(100);
    await bench.unplug();
    const events = bench.eventObjects().slice(1);
    expect(new Set(events.map((event) => event.uuid)).size).to.equal(1);
    expect(bench.events().slice(-4)).to.deep.equal([
      'Deauthorized',
      'ChargingFinished',
      'TransactionFinished(DeAuthorized)',
      'SessionFinished',
    ]);
  });

  it('23: waiting for energy does not count towards the wake-up', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC', grant: false });
    await bench.plug();
    await bench.advance(500);
    await bench.authorise();
    await bench.advance(40_000);
    expect(bench.sent('bsp', 'cp_state_F')).to.have.length(0);
    bench.grant({ A: 16 });
    await bench.advance(29_000);
    expect(bench.sent('bsp', 'cp_state_F')).to.have.length(0);
    await bench.advance(1500);
    expect(bench.sent('bsp', 'cp_state_F')).to.have.length(1);
  });

  it('25: nothing waits for a power supply that hangs', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.harness.requires.powersupply_DC.answer({
      setExportVoltageCurrent: async () => await new Promise<void>(() => undefined),
      setMode: async () => await new Promise<void>(() => undefined),
    });
    bench.raise('bsp', 'evse_board_support/MREC8EmergencyStop', 'High');
    await bench.advance(1);
    expect(supplyModes(bench).at(-1)).to.equal('Off Charging');
    expect(permissions(bench).at(-1)).to.equal(false);
  });

  it('26: what a device reports while it is called waits for the end of the decision', () => {
    const order: string[] = [];
    const queue = new SerialQueue(() => order.push('error'));
    queue.run(() => {
      order.push('outer begins');
      queue.run(() => order.push('inner'));
      order.push('outer ends');
    });
    queue.run(() => {
      throw new Error('a task that fails');
    });
    queue.run(() => order.push('after'));
    expect(order).to.deep.equal(['outer begins', 'outer ends', 'inner', 'error', 'after']);
  });

  it('the unplug counts before the error that ends with it (correction of 3.7)', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.raise('over_voltage_monitor', 'over_voltage_monitor/MREC5OverVoltage', 'High');
    await bench.advance(2000);
    const before = bench.now;
    await bench.unplug();
    expect(since(bench.sent('slac', 'enter_bcd'), before)).to.have.length(0);
    expect(bench.events().slice(-4)).to.deep.equal(['StoppingCharging', ...END]);
  });

  it('an EV may request exactly its maximum voltage (correction of 4.9)', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { targets: { precharge: [400, 2], charge: [500, 20] } },
    });
    await bench.charge();
    await bench.advance(3000);
    expect(bench.supplyVoltage).to.equal(500);
    expect(bench.errors()).to.deep.equal([]);
  });

  it('the stack cannot begin the charge loop without a cable check', async () => {
    await using bench = await ChargerBench.create({ behaviour: { startsAfterAuth: false } });
    await prepare(bench);
    await bench.advance(500);
    bench.setCp('C');
    bench.publish('hlc', 'v2g_setup_finished', null);
    bench.publish('hlc', 'current_demand_started', null);
    bench.vehicle.target(400, 50);
    await bench.advance(1000);
    expect(bench.events().at(-1)).to.equal('PrepareCharging');
    expect(bench.relaysClosed).to.equal(false);
    expect(supplyModes(bench)).to.deep.equal([]);
  });
});
