// SPDX-License-Identifier: Apache-2.0
import { createHarness, type ModuleHarness } from '@carabiner/testkit';
import { BenchSimulator } from '@carabiner/plugin-simulator';
import type { BspEvent } from '@carabiner/interfaces/types/board_support_common';
import { expect } from 'chai';
import { CcCvSource } from '../dist/plant/cc-cv-source.js';

type Bench = ModuleHarness<BenchSimulator>;

/** The charger's side of a DC session, in the order that IEC 61851-23 and the vehicle demand. */
class ScriptedCharger {
  readonly pilot: BspEvent['event'][] = [];
  readonly reports: string[] = [];
  readonly #source = new CcCvSource({
    maximumVoltageV: 1000,
    maximumCurrentA: 200,
    maximumPowerW: 150_000,
    rampVPerS: 5000,
  });
  isolationTest: boolean | undefined;
  exportedWh = 0;

  constructor(readonly bench: Bench) {
    const { board_support, hlc, imd, slac } = bench.provides;
    board_support.subscribe.event(({ event }) => void this.pilot.push(event));
    slac.subscribe.dlink_ready(async (value) => await hlc.call.dlink_ready({ value }));
    imd.subscribe.self_test_result((passed) => {
      this.isolationTest = passed;
    });
    hlc.subscribe.require_auth_eim(() => void this.reports.push('auth'));
    hlc.subscribe.start_cable_check(() => void this.reports.push('cable check'));
    hlc.subscribe.start_pre_charge(() => void this.reports.push('pre-charge'));
    hlc.subscribe.current_demand_started(() => void this.reports.push('demand'));
    hlc.subscribe.current_demand_finished(() => void this.reports.push('demand ends'));
    hlc.subscribe.dc_open_contactor(() => void this.reports.push('contactor'));
    hlc.subscribe.dlink_terminate(() => void this.reports.push('terminate'));
    hlc.subscribe.dlink_error(() => void this.reports.push('error'));
    hlc.subscribe.dc_ev_target_voltage_current((target) => {
      this.#source.setPoint = {
        voltageV: target.dc_ev_target_voltage,
        currentA: target.dc_ev_target_current,
      };
    });
    bench.requires.power_unit[0]!.answer({
      set_load: ({ load }) => {
        this.#source.load = load;
      },
    });
  }

  set powered(enabled: boolean) {
    this.#source.enabled = enabled;
  }

  /** Lets time pass; the power unit and the present values follow every 100 ms. */
  async run(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      this.#source.advanceTo(this.bench.clock.monotonic());
      const output = {
        voltage_V: this.#source.voltageV,
        current_A: this.#source.currentA,
        enabled: this.#source.enabled,
      };
      this.exportedWh += (output.voltage_V * output.current_A * 100) / 3_600_000;
      this.bench.requires.power_unit[0]!.publish.output(output);
      await this.bench.provides.hlc.call.update_dc_present_values({
        present_voltage_current: {
          evse_present_voltage: output.voltage_V,
          evse_present_current: output.current_A,
        },
      });
      await this.bench.advance(100);
    }
  }

  async start(): Promise<void> {
    const { board_support, hlc } = this.bench.provides;
    await hlc.call.update_dc_maximum_limits({
      maximum_limits: {
        evse_maximum_voltage_limit: 1000,
        evse_maximum_current_limit: 150,
        evse_maximum_power_limit: 60_000,
      },
    });
    await board_support.call.enable({ value: true });
    await this.run(100);
  }

  /** Goes through all phases up to the charge loop. */
  async charge(): Promise<void> {
    const { board_support, hlc, imd, ev } = this.bench.provides;
    await ev.call.execute_charging_session({
      value: 'plugin;iso_wait_slac_matched;iso_start_v2g_session DC;iso_wait_pwr_ready;wait_until_full',
    });
    await this.run(200);
    await board_support.call.pwm_on({ value: 5 });
    await this.run(1000);
    await hlc.call.authorization_response({
      authorization_status: 'Accepted',
      certificate_status: 'NoCertificateAvailable',
    });
    await this.run(500);
    await board_support.call.allow_power_on({ value: { allow_power_on: true, reason: 'DCCableCheck' } });
    await this.run(200);
    await imd.call.start_self_test({ test_voltage_V: 0 });
    await this.run(3500);
    await hlc.call.cable_check_finished({ status: true });
    this.powered = true;
    await this.run(2000);
  }
}

async function bench(
  config: Parameters<typeof createHarness<BenchSimulator>>[1] = {},
): Promise<ScriptedCharger> {
  const harness = await createHarness(BenchSimulator, {
    connections: { power_unit: 1, power_supply: 0 },
    ...config,
  });
  const charger = new ScriptedCharger(harness);
  await charger.start();
  return charger;
}

describe('BenchSimulator', () => {
  it('goes through a DC session and ends it when the vehicle has enough', async () => {
    const charger = await bench({ config: { battery_capacity_Wh: 2000, ev_stop_soc_percent: 50 } });
    await charger.charge();
    expect(charger.reports).to.deep.equal(['auth', 'cable check', 'pre-charge', 'demand']);
    expect(charger.pilot).to.deep.equal(['A', 'B', 'C', 'PowerOn']);
    expect(charger.isolationTest).to.equal(true);
    await charger.run(60_000);
    expect(charger.reports.slice(4)).to.deep.equal(['demand ends', 'contactor', 'terminate']);
    expect(charger.pilot.at(-1)).to.equal('PowerOff');
    await charger.bench.shutdown();
  });

  it('meters and stores exactly the energy that the power unit delivered', async () => {
    const charger = await bench({
      config: { battery_capacity_Wh: 4000, battery_soc_percent: 30, ev_stop_soc_percent: 60 },
    });
    await charger.charge();
    await charger.run(75_000);
    expect(charger.reports.at(-1)).to.equal('terminate');
    const metered = charger.bench.provides.powermeter.latest.powermeter?.energy_Wh_import.total ?? 0;
    expect(metered).to.be.greaterThan(1000);
    expect(metered).to.be.closeTo(charger.exportedWh, charger.exportedWh * 0.001);
    await charger.bench.shutdown();
  });

  it('opens the vehicle contactor and leaves the session when the plug is pulled', async () => {
    const charger = await bench();
    await charger.charge();
    await charger.bench.provides.ev.call.execute_charging_session({ value: 'unplug' });
    await charger.run(300);
    expect(charger.pilot.slice(-2)).to.have.members(['A', 'PowerOff']);
    expect(charger.bench.provides.output.latest.output?.current_A).to.equal(0);
    await charger.bench.shutdown();
  });

  it('ends the session when the charger signals an emergency', async () => {
    const charger = await bench();
    await charger.charge();
    await charger.bench.provides.hlc.call.send_error({ error: 'Error_EmergencyShutdown' });
    await charger.run(1000);
    expect(charger.reports.slice(4)).to.deep.equal(['demand ends', 'contactor', 'terminate']);
    await charger.bench.shutdown();
  });

  it('gives up when the cable check takes too long', async () => {
    const charger = await bench({ config: { cable_check_timeout_ms: 5000 } });
    const { board_support, hlc, ev } = charger.bench.provides;
    await ev.call.execute_charging_session({ value: 'plugin;iso_start_v2g_session DC' });
    await board_support.call.pwm_on({ value: 5 });
    await charger.run(1000);
    await hlc.call.authorization_response({
      authorization_status: 'Accepted',
      certificate_status: 'NoCertificateAvailable',
    });
    await charger.run(6500);
    expect(charger.reports).to.deep.equal(['auth', 'cable check', 'error']);
    await charger.bench.shutdown();
  });

  it('raises faults that its script makes', async () => {
    const charger = await bench();
    const { board_support, ev } = charger.bench.provides;
    await ev.call.execute_charging_session({ value: 'emergency_stop;sleep 1;release_emergency_stop' });
    await charger.run(100);
    expect(board_support.errors.isActive('evse_board_support/MREC8EmergencyStop')).to.equal(true);
    await charger.run(1500);
    expect(board_support.errors.active).to.deep.equal([]);
    await charger.bench.shutdown();
  });

  it('refuses a script it cannot read, naming the step', async () => {
    const charger = await bench();
    const failure = await charger.bench.provides.ev.call
      .execute_charging_session({ value: 'plugin;fly' })
      .then(
        () => undefined,
        (error: unknown) => String(error),
      );
    expect(failure).to.match(/step 2: unknown command 'fly'/);
    await charger.bench.shutdown();
  });

  it('opens the contactors when whoever commanded the board is lost', async () => {
    const charger = await bench({ config: { battery_capacity_Wh: 2000 } });
    await charger.charge();
    expect(charger.pilot.at(-1)).to.equal('PowerOn');
    await charger.bench.loseCaller();
    await charger.run(200);
    expect(charger.pilot.at(-1)).to.equal('PowerOff');
    await charger.bench.shutdown();
  });

  it('charges an AC vehicle with what the pilot allows', async () => {
    const charger = await bench();
    const { board_support, ev, powermeter } = charger.bench.provides;
    await ev.call.execute_charging_session({ value: 'plugin;draw_power_regulated 32,3' });
    await charger.run(200);
    await board_support.call.pwm_on({ value: 26.6667 });
    await board_support.call.allow_power_on({ value: { allow_power_on: true, reason: 'FullPowerCharging' } });
    await charger.run(2000);
    expect(charger.pilot).to.include.members(['C', 'PowerOn']);
    expect(powermeter.latest.powermeter?.current_A?.L3).to.be.closeTo(16, 0.01);
    await charger.run(3_600_000 / 60);
    expect(powermeter.latest.powermeter?.energy_Wh_import.total).to.be.closeTo((16 * 3 * 230) / 60, 10);
    await charger.bench.shutdown();
  });
});
