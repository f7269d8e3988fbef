// SPDX-License-Identifier: Apache-2.0
import { createHarness, describeContract, expectOrder, ScaledClock, systemClock } from '@carabiner/testkit';
import { expect } from 'chai';
import { VoltlinePsu } from 'voltline-psu-driver';
import { VoltlineSimulator } from 'voltline-psu-driver/simulator';

async function bench() {
  const clock = new ScaledClock(systemClock, 5);
  const unit = await VoltlineSimulator.start(0, clock);
  const harness = await createHarness(VoltlinePsu, { config: { port: unit.port }, clock });
  return {
    unit,
    harness,
    async [Symbol.asyncDispose]() {
      await harness.shutdown();
      await unit.stop();
    },
  };
}

describe('Voltline VL-60', () => {
  describeContract('power_supply_DC', async () => {
    const { harness, unit } = await bench();
    return {
      client: harness.provides.main,
      clock: harness.clock,
      shutdown: async () => await harness.shutdown(),
      dispose: async () => await unit.stop(),
      device: {
        setPoint: () => unit.setPoint,
        output: () => unit.output,
        connectLoad: (load_Ohm) => void (unit.load_Ohm = load_Ohm),
        loseCommunication: () => void (unit.reachable = false),
        restoreCommunication: () => void (unit.reachable = true),
        loseCaller: async () => await harness.loseCaller(),
      },
    };
  });

  it('raises an alarm of the unit and clears it', async () => {
    await using test = await bench();
    const { harness, unit } = test;
    const { errors } = harness.provides.main;
    unit.alarm = 'OVT';
    await harness.until(() => errors.isActive('power_supply_DC/OverTemperature'), 2_000);
    unit.alarm = undefined;
    await harness.until(() => errors.active.length === 0, 2_000);
    expectOrder(harness.journal.entries, [
      { kind: 'raised', error: { type: 'power_supply_DC/OverTemperature', message: 'alarm OVT' } },
      { kind: 'cleared' },
    ]);
  });

  it('keeps voltage and current within the set point under load', async () => {
    await using test = await bench();
    const { harness, unit } = test;
    const { call, latest } = harness.provides.main;
    unit.load_Ohm = 10;
    await call.setExportVoltageCurrent({ voltage: 400, current: 20 });
    await call.setMode({ mode: 'Export', phase: 'Charging' });
    await harness.until(() => latest.voltage_current?.current_A === 20, 2_000);
    expect(latest.voltage_current).to.deep.equal({ voltage_V: 200, current_A: 20 });
  });
});
