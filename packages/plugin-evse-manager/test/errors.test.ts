// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';
import {
  BEGIN,
  END,
  START,
  TRANSACTION,
  inOrder,
  permissions,
  since,
  supplyModes,
} from './support/expectations.js';

const MREC8 = 'evse_board_support/MREC8EmergencyStop';
const OVER_TEMPERATURE = 'power_supply_DC/OverTemperature';
const PAUSED = ['StoppingCharging', 'ChargingPausedEVSE(Error)'];

async function preparing(bench: ChargerBench): Promise<void> {
  await bench.plug();
  await bench.advance(1000);
  await bench.authorise();
}

function inoperative(
  bench: ChargerBench,
): { message: string; description: string; vendor: string } | undefined {
  const error = bench.harness.provides.evse.errors.active.find((active) =>
    active.type.endsWith('/Inoperative'),
  );
  return error === undefined
    ? undefined
    : { message: error.message, description: error.description, vendor: error.vendor_id };
}

describe('errors', () => {
  it('39: an error before a session', async () => {
    await using bench = await ChargerBench.create();
    bench.raise('bsp', 'evse_board_support/MREC2GroundFailure');
    await bench.advance(200);
    expect(bench.sent('bsp', 'cp_state_F')).to.have.length(1);
    expect(inoperative(bench)).to.deep.include({
      message: 'evse_board_support/MREC2GroundFailure',
      description: 'MREC2GroundFailure',
    });
    bench.setCp('B');
    await bench.advance(10_000);
    expect(bench.events()).to.deep.equal([]);
    bench.clear('bsp', 'evse_board_support/MREC2GroundFailure');
    await bench.advance(500);
    expect(bench.events()).to.deep.equal(START);
    expect(inoperative(bench)).to.equal(undefined);
  });

  it('40: an error of severity Medium while charging', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    const raised = bench.now;
    bench.raise('powersupply_DC', OVER_TEMPERATURE);
    await bench.advance(0);
    expect(supplyModes(bench).at(-1)).to.equal('Off Charging');
    expect(permissions(bench).at(-1)).to.equal(false);
    expect(bench.sent('hlc', 'send_error').map((call) => call.args.error)).to.deep.equal([
      'Error_EmergencyShutdown',
    ]);
    expect(since(bench.sent('bsp', 'cp_state_X1'), raised), 'PWM is kept').to.have.length(0);
    await bench.advance(2000);
    expect(bench.events()).to.deep.equal([...START, ...BEGIN, ...PAUSED]);
    bench.clear('powersupply_DC', OVER_TEMPERATURE);
    await bench.advance(200);
    expect(bench.events().at(-1)).to.equal('PrepareCharging');
    await bench.advance(4000);
    expect(bench.events().at(-1)).to.equal('ChargingStarted');
  });

  it('40: an error while the relays are still closed after a stop acts at once', async () => {
    await using bench = await ChargerBench.create({ behaviour: { obeysStop: false } });
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(1000);
    expect(bench.relaysClosed).to.equal(true);
    bench.raise('powersupply_DC', OVER_TEMPERATURE);
    await bench.advance(100);
    expect(supplyModes(bench).at(-1)).to.equal('Off Charging');
    expect(bench.relaysClosed).to.equal(false);
    expect(bench.sent('hlc', 'send_error')).to.have.length(1);
  });

  it('41: an error of severity High while charging', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    const before = bench.outputs().length;
    bench.raise('bsp', MREC8, 'High');
    await bench.advance(2000);
    inOrder(
      bench.outputs().slice(before),
      'raised evse_manager/Inoperative',
      'bsp.cp_state_X1',
      'powersupply_DC.setMode',
      'imd.stop',
      'bsp.allow_power_on',
      'hlc.send_error',
      'event StoppingCharging',
      'hlc.stop_charging',
      'event ChargingPausedEVSE',
    );
    bench.clear('bsp', MREC8);
    await bench.advance(4500);
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      ...PAUSED,
      'PrepareCharging',
      'ChargingStarted',
    ]);
  });

  it('42: an error while waiting', async () => {
    await using bench = await ChargerBench.create();
    await bench.plug();
    await bench.advance(1000);
    bench.raise('imd', 'isolation_monitor/DeviceFault');
    await bench.advance(500);
    expect(bench.sent('slac', 'reset').map((call) => call.args)).to.deep.equal([{ enable: false }]);
    bench.clear('imd', 'isolation_monitor/DeviceFault');
    await bench.advance(1000);
    expect(bench.events()).to.deep.equal(START);
    await bench.unplug();
    expect(bench.events()).to.deep.equal([...START, 'SessionFinished']);
  });

  it('43: what does not block', async () => {
    await using bench = await ChargerBench.create({ with: ['ac_rcd'] });
    for (const [peer, type] of [
      ['bsp', 'evse_board_support/MREC3HighTemperature'],
      ['bsp', 'evse_board_support/MREC18CableOverTempDerate'],
      ['bsp', 'evse_board_support/VendorWarning'],
      ['connector_lock', 'connector_lock/VendorWarning'],
      ['ac_rcd', 'ac_rcd/VendorWarning'],
      ['imd', 'isolation_monitor/VendorWarning'],
      ['powersupply_DC', 'power_supply_DC/VendorWarning'],
      ['powermeter_car_side', 'powermeter/VendorWarning'],
      ['slac', 'generic/VendorWarning'],
      ['hlc', 'generic/VendorWarning'],
      ['over_voltage_monitor', 'over_voltage_monitor/VendorWarning'],
    ] as const)
      bench.raise(peer, type, 'High');
    await bench.advance(200);
    expect(bench.errors()).to.deep.equal([]);
  });

  it('44: several causes', async () => {
    await using bench = await ChargerBench.create();
    bench.raise('bsp', MREC8, 'Medium', 'v', 'sub');
    bench.raise('powersupply_DC', OVER_TEMPERATURE);
    await bench.advance(100);
    expect(inoperative(bench)?.description).to.equal('MREC8EmergencyStop/sub, OverTemperature');
    const raised = bench.harness.journal.entries.filter((entry) => entry.kind === 'raised').length;
    bench.raise('powersupply_DC', OVER_TEMPERATURE);
    await bench.advance(100);
    expect(bench.harness.journal.entries.filter((entry) => entry.kind === 'raised')).to.have.length(raised);
    bench.clear('bsp', MREC8, 'sub');
    await bench.advance(100);
    expect(inoperative(bench)).to.deep.include({ message: OVER_TEMPERATURE, description: 'OverTemperature' });
  });

  for (const [use, vendor, expected] of [
    [false, 'acme', 'EVerest'],
    [true, 'acme', 'acme'],
    [true, '', 'EVerest'],
  ] as const) {
    it(`45: vendor id ${JSON.stringify(vendor)}, used: ${use}`, async () => {
      await using bench = await ChargerBench.create({ config: { inoperative_error_use_vendor_id: use } });
      bench.raise('bsp', MREC8, 'High', vendor);
      await bench.advance(50);
      expect(inoperative(bench)?.vendor).to.equal(expected);
    });
  }

  it('46: low isolation in the cable check', async () => {
    await using bench = await ChargerBench.create({ behaviour: { isolationOhm: 0 } });
    await preparing(bench);
    await bench.advance(2800);
    expect(bench.errors()).to.include.members(['MREC22ResistanceFault/Resistance', 'Inoperative']);
    expect(bench.sent('hlc', 'cable_check_finished').map((call) => call.args.status)).to.deep.equal([false]);
    await bench.advance(5000);
    expect(
      bench.harness.journal.entries.some((e) => e.kind === 'raised' && e.error.type.includes('MREC11')),
    ).to.equal(true);
    expect(bench.errors()).to.deep.equal(['MREC22ResistanceFault/Resistance', 'Inoperative']);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEVSE(Error)');
    await bench.unplug();
    expect(bench.errors()).to.deep.equal([]);
  });

  const failures: [string, Parameters<typeof ChargerBench.create>[0], number][] = [
    ['self test fails', { behaviour: { selfTest: false } }, 1500],
    ['no result of the self test for 30 s', { behaviour: { selfTest: undefined } }, 31_500],
    ['no sample for 5 s', { behaviour: { isolationMeasures: false } }, 7000],
    ['relays do not close in 5 s', { behaviour: { relays: 'never' } }, 6000],
    ['voltage is not reached in 10 s', { behaviour: { supplyFollows: false } }, 11_500],
    ['voltage does not fall below 60 V', { behaviour: { supplyDischarges: false } }, 23_000],
  ];
  for (const [title, options, ms] of failures) {
    it(`47: ${title}`, async () => {
      await using bench = await ChargerBench.create(options);
      await preparing(bench);
      await bench.advance(ms);
      expect(bench.sent('hlc', 'cable_check_finished')[0]?.args).to.deep.equal({ status: false });
      const modes = supplyModes(bench);
      if (modes.length > 0) expect(modes[1]).to.match(/^Off/);
      const raised = bench.harness.journal.entries.filter((e) => e.kind === 'raised');
      expect(raised.some((e) => e.error.type.includes('MREC11'))).to.equal(true);
      expect(bench.events().slice(0, 7)).to.deep.equal([...START, ...TRANSACTION, ...PAUSED]);
      expect(permissions(bench).at(-1)).to.equal(false);
    });
  }

  it('47: no measurement of the power supply for 2 s', async () => {
    await using bench = await ChargerBench.create({ behaviour: { supplyFollows: false } });
    await preparing(bench);
    await bench.advance(500);
    bench.behaviour.supplyMeasures = false;
    await bench.advance(3000);
    expect(bench.sent('hlc', 'cable_check_finished')[0]?.args).to.deep.equal({ status: false });
  });

  it('48: unplug during the cable check', async () => {
    await using bench = await ChargerBench.create();
    await preparing(bench);
    await bench.advance(700);
    await bench.unplug();
    await bench.advance(1000);
    expect(bench.errors()).to.deep.equal([]);
    bench.mark();
    await bench.charge();
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
  });

  it('49: the next attempt sends the set point again', async () => {
    await using bench = await ChargerBench.create({ behaviour: { selfTest: false } });
    await preparing(bench);
    await bench.advance(1500);
    bench.behaviour.selfTest = true;
    const first = bench.sent('powersupply_DC', 'setExportVoltageCurrent').length;
    await bench.advance(20_000);
    const again = bench.sent('powersupply_DC', 'setExportVoltageCurrent').slice(first);
    expect(again[0]?.args).to.deep.equal({ voltage: 500, current: 2 });
    expect(bench.events().at(-1)).to.equal('ChargingStarted');
  });

  it('50: isolation drops while charging', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.behaviour.isolationOhm = 50_000;
    await bench.advance(1500);
    expect(bench.errors()).to.include('MREC22ResistanceFault/Resistance');
    expect(bench.events().slice(-2)).to.deep.equal(PAUSED);
  });

  it('50: voltage to earth has to be confirmed', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    const sample = (l1: number): void =>
      bench.publish('imd', 'isolation_measurement', {
        resistance_F_Ohm: 900_000,
        voltage_V: 400,
        voltage_to_earth_l1e_V: l1,
        voltage_to_earth_l2e_V: -10,
      });
    bench.behaviour.isolationMeasures = false;
    for (const l1 of [450, 200, 450]) {
      sample(l1);
      await bench.advance(1500);
    }
    expect(bench.errors()).to.deep.equal([]);
    sample(450);
    await bench.advance(700);
    expect(bench.errors(), 'after 1.5 s').to.deep.equal([]);
    sample(450);
    await bench.advance(10);
    expect(bench.errors()).to.include('MREC22ResistanceFault/VoltageToEarth');
  });

  const overVoltage = async (config: Record<string, number> = {}): Promise<ChargerBench> => {
    const bench = await ChargerBench.create({
      config,
      behaviour: { evMaximum: { voltage: 450, current: 200, power: 90_000 }, ovmEchoes: false },
    });
    await bench.charge();
    bench.behaviour.supplyMeasures = false;
    return bench;
  };

  it('51: over-voltage above the emergency limit', async () => {
    await using bench = await overVoltage();
    bench.publish('over_voltage_monitor', 'voltage_measurement_V', 550);
    await bench.advance(1);
    const [error] = bench.harness.provides.evse.errors.active;
    expect(error).to.include({ type: 'evse_manager/MREC5OverVoltage', severity: 'High' });
  });

  it('51: over-voltage above the limit of the EV counts after 400 ms', async () => {
    await using bench = await overVoltage();
    bench.publish('over_voltage_monitor', 'voltage_measurement_V', 460);
    await bench.advance(399);
    expect(bench.errors()).to.deep.equal([]);
    await bench.advance(1);
    const [error] = bench.harness.provides.evse.errors.active;
    expect(error).to.include({ type: 'evse_manager/MREC5OverVoltage', severity: 'Medium' });
  });

  it('51: a drop ends the time; 0 ms act at once; the end of the loop ends the watch', async () => {
    await using bench = await overVoltage();
    bench.publish('over_voltage_monitor', 'voltage_measurement_V', 460);
    await bench.advance(300);
    bench.publish('over_voltage_monitor', 'voltage_measurement_V', 440);
    await bench.advance(300);
    expect(bench.errors()).to.deep.equal([]);
    bench.vehicle.stops();
    await bench.advance(10);
    bench.publish('over_voltage_monitor', 'voltage_measurement_V', 600);
    await bench.advance(500);
    expect(bench.errors()).to.deep.equal([]);
    await using immediate = await overVoltage({ internal_over_voltage_duration_ms: 0 });
    immediate.publish('over_voltage_monitor', 'voltage_measurement_V', 460);
    await immediate.advance(1);
    expect(immediate.errors()).to.include('MREC5OverVoltage');
  });

  it('52: voltages have to be plausible', async () => {
    await using bench = await ChargerBench.create({ behaviour: { meterVoltageV: 460 } });
    await bench.charge();
    await bench.advance(20_000);
    bench.behaviour.meterVoltageV = 420;
    await bench.advance(2000);
    bench.behaviour.meterVoltageV = 460;
    await bench.advance(29_000);
    expect(bench.errors()).to.deep.equal([]);
    await bench.advance(3000);
    const [error] = bench.harness.provides.evse.errors.active;
    expect(error).to.include({ type: 'evse_manager/VoltagePlausibilityFault', severity: 'High' });
  });

  it('53: soft over-current', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC', behaviour: { meterCurrentsA: 18.1 } });
    await bench.charge();
    await bench.advance(10_000);
    expect(bench.errors()).to.deep.equal([]);
    bench.behaviour.meterCurrentsA = 18.2;
    await bench.advance(7000);
    expect(bench.errors()).to.deep.equal([]);
    await bench.advance(1500);
    const [error] = bench.harness.provides.evse.errors.active;
    expect(error).to.include({ type: 'evse_manager/MREC4OverCurrentFailure', severity: 'High' });
  });

  describe('54: a broken link', () => {
    it('in PrepareCharging: X1, F, X1, then again', async () => {
      await using bench = await ChargerBench.create({
        behaviour: { selfTest: undefined, endsAfterFailure: false },
      });
      await preparing(bench);
      await bench.advance(500);
      const broken = bench.now;
      bench.publish('hlc', 'dlink_error', null);
      await bench.advance(9000);
      const steps = since(bench.sent('bsp'), broken)
        .map((call) => call.command)
        .filter((command) => command !== 'allow_power_on');
      expect(steps).to.deep.equal([
        'cp_state_X1',
        'cp_state_X1',
        'cp_state_F',
        'cp_state_X1',
        'cp_state_X1',
        'pwm_on',
      ]);
      expect(bench.events().slice(-2)).to.deep.equal(['AuthRequired', 'PrepareCharging']);
      expect(bench.events().filter((event) => event === 'TransactionStarted')).to.have.length(1);
      expect(bench.sent('slac', 'dlink_error')).to.have.length(1);
    });

    it('while stopping for a pause: the walk', async () => {
      await using bench = await ChargerBench.create({ behaviour: { obeysStop: false } });
      await bench.charge();
      await bench.run(bench.evse.pause_charging());
      await bench.advance(100);
      bench.publish('hlc', 'dlink_error', null);
      await bench.advance(8000);
      expect(bench.sent('bsp', 'cp_state_F')).to.have.length(1);
    });

    it('while stopping for the end: X1, no restart', async () => {
      await using bench = await ChargerBench.create({ behaviour: { obeysStop: false, relays: 'stuck' } });
      await bench.charge();
      await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
      await bench.advance(100);
      bench.publish('hlc', 'dlink_error', null);
      await bench.advance(8000);
      expect(bench.sent('bsp', 'cp_state_F')).to.have.length(0);
      expect(supplyModes(bench).at(-1)).to.equal('Off Charging');
      expect(permissions(bench).at(-1)).to.equal(false);
      expect(bench.events().at(-1)).to.equal('StoppingCharging');
    });

    it('in Finished: X1, no restart', async () => {
      await using bench = await ChargerBench.create({ behaviour: { linkEnd: 'dlink_error' } });
      await bench.charge();
      await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
      await bench.advance(9000);
      expect(bench.sent('bsp', 'cp_state_F')).to.have.length(0);
      expect(bench.sent('bsp').at(-1)?.command).to.match(/cp_state_X1|allow_power_on/);
      expect(bench.events().at(-1)).to.equal('TransactionFinished(Local)');
    });

    it('in precharge: power off and permission withdrawn, then a cable check that passes', async () => {
      await using bench = await ChargerBench.create({
        behaviour: { targets: { precharge: [400, 2], charge: [400, 50] } },
      });
      await preparing(bench);
      await bench.advance(2150);
      expect(supplyModes(bench).at(-1)).to.equal('Export PreCharge');
      bench.vehicle.unplugged();
      bench.publish('hlc', 'dlink_error', null);
      await bench.advance(10);
      expect(supplyModes(bench).at(-1)).to.equal('Off PreCharge');
      expect(permissions(bench).at(-1)).to.equal(false);
      bench.setCp('B');
      await bench.advance(15_000);
      expect(bench.events().slice(-3)).to.deep.equal(['AuthRequired', 'PrepareCharging', 'ChargingStarted']);
    });
  });

  it('an error that a session ends with does not survive the unplug', async () => {
    await using bench = await ChargerBench.create({ behaviour: { isolationOhm: 0 } });
    await preparing(bench);
    await bench.advance(4000);
    await bench.unplug();
    expect(bench.events().slice(-4)).to.deep.equal(['StoppingCharging', ...END]);
    bench.behaviour.isolationOhm = 900_000;
    bench.mark();
    await bench.charge();
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
  });
});
