// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench, type BenchOptions } from './support/charger-bench.js';
import { since, supplyModes } from './support/expectations.js';

const BIDIRECTIONAL = {
  bidirectional: true,
  max_import_voltage_V: 1000,
  min_import_voltage_V: 200,
  max_import_current_A: 100,
  min_import_current_A: 1,
  max_import_power_W: 50_000,
};

/** A session in the charge loop that was announced as one that may feed back. */
async function charging(
  options: BenchOptions,
  announce?: (bench: ChargerBench) => void,
): Promise<ChargerBench> {
  const bench = await ChargerBench.create({ ...options, behaviour: { supply: BIDIRECTIONAL } });
  await bench.plug();
  await bench.advance(500);
  announce?.(bench);
  await bench.advance(500);
  await bench.authorise();
  await bench.advance(8000);
  expect(bench.events().at(-1)).to.equal('ChargingStarted');
  return bench;
}

const imported = (bench: ChargerBench): unknown =>
  bench.sent('powersupply_DC', 'setImportVoltageCurrent').at(-1)?.args;

const limits = (bench: ChargerBench): unknown =>
  bench.sent('hlc', 'update_dc_maximum_limits').at(-1)?.args.maximum_limits;

const service = (bench: ChargerBench): void =>
  bench.publish('hlc', 'selected_service_parameters', {
    energy_transfer: 'DC_BPT',
    control_mode: 'DynamicControl',
    mobility_needs_mode: 'EVCC',
    connector: 'Extended',
    pricing: 'NoPricing',
  });

describe('feeding back', () => {
  it('ISO 15118-2 with positive numbers: limits in the charge fields, the magnitude flows out of the EV', async () => {
    await using bench = await charging({ config: { hack_allow_bpt_with_iso2: true } });
    bench.grant({ W: -10_000, A: -16 });
    await bench.advance(100);
    expect(limits(bench)).to.deep.include({
      evse_maximum_current_limit: 25,
      evse_maximum_power_limit: 10_000,
    });
    bench.vehicle.target(400, 20);
    await bench.advance(2000);
    expect(supplyModes(bench).at(-1)).to.equal('Import Charging');
    expect(imported(bench)).to.deep.equal({ voltage: 400, current: 20 });
    expect(bench.events().at(-1), 'there is power').to.equal('ChargingStarted');
  });

  it('SAE J2847/2: negative limits', async () => {
    await using bench = await charging({}, (b) => b.publish('hlc', 'sae_bidi_mode_active', null));
    bench.grant({ W: -10_000, A: -16 });
    await bench.advance(100);
    expect(limits(bench)).to.deep.include({
      evse_maximum_current_limit: -25,
      evse_maximum_power_limit: -10_000,
    });
    bench.vehicle.target(400, 80);
    await bench.advance(3000);
    expect(supplyModes(bench).at(-1)).to.equal('Import Charging');
    expect(imported(bench), 'within the grant').to.deep.equal({ voltage: 400, current: 25 });
  });

  it('ISO 15118-20 in dynamic mode: the EVSE decides within what the EV allows', async () => {
    await using bench = await charging({}, service);
    bench.grant({ W: -10_000, A: -16 });
    await bench.advance(100);
    expect(limits(bench)).to.deep.include({
      evse_maximum_current_limit: 0,
      evse_maximum_power_limit: 0,
      evse_maximum_discharge_current_limit: 25,
      evse_maximum_discharge_power_limit: 10_000,
    });
    bench.publish('hlc', 'd20_dc_dynamic_charge_mode', {
      target_energy_request: 1,
      max_energy_request: 1,
      min_energy_request: 1,
      min_voltage: 350,
      max_voltage: 450,
      min_charge_power: 0,
      max_charge_power: 50_000,
      max_charge_current: 100,
      max_discharge_power: 20_000,
      min_discharge_power: 0,
      max_discharge_current: 15,
    });
    await bench.advance(2000);
    expect(supplyModes(bench).at(-1)).to.equal('Import Charging');
    expect(imported(bench)).to.deep.equal({ voltage: 350, current: 15 });
  });

  it('the current begins at 0 when its direction changes, and charging goes on after it', async () => {
    await using bench = await charging({ config: { hack_allow_bpt_with_iso2: true } });
    bench.grant({ W: -40_000, A: -63 });
    const turned = bench.now;
    await bench.advance(600);
    const [first] = since(bench.sent('powersupply_DC', 'setImportVoltageCurrent'), turned);
    expect(first?.args.current).to.be.below(10);
    bench.grant({ W: 40_000, A: 63 });
    const back = bench.now;
    await bench.advance(3000);
    const [again] = since(bench.sent('powersupply_DC', 'setExportVoltageCurrent'), back);
    expect(again?.args.current).to.be.below(10);
    expect(supplyModes(bench).at(-1)).to.equal('Export Charging');
    expect(bench.supplyCurrent).to.equal(50);
  });

  it('a session that cannot feed back: all limits 0, it pauses for want of energy', async () => {
    await using bench = await charging({});
    bench.grant({ W: -10_000, A: -16 });
    await bench.advance(100);
    expect(limits(bench)).to.deep.include({
      evse_maximum_current_limit: 0,
      evse_maximum_power_limit: 0,
      evse_maximum_discharge_current_limit: 0,
      evse_maximum_discharge_power_limit: 0,
    });
    await bench.advance(10_000);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEVSE(NoEnergy)');
    expect(bench.sent('powersupply_DC', 'setImportVoltageCurrent')).to.deep.equal([]);
  });

  it('no energy to feed back is asked for once the service is over', async () => {
    await using bench = await charging({}, service);
    const exported = (): unknown => {
      const request = bench.published('energy_grid', 'energy_flow_request').at(-1) as {
        schedule_export: [{ limits_to_leaves: { total_power_W: { value: number } } }];
      };
      return request.schedule_export[0].limits_to_leaves.total_power_W.value;
    };
    await bench.advance(1000);
    expect(exported()).to.equal(50_000);
    bench.publish('hlc', 'dlink_terminate', null);
    await bench.advance(1500);
    expect(exported()).to.equal(0);
  });
});
