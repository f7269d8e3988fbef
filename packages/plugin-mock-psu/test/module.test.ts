// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { MemoryNetwork } from '@carabiner/goose';
import { MockPsu } from '@carabiner/plugin-mock-psu';
import { createHarness, freePort, VirtualClock, type ModuleHarness } from '@carabiner/testkit';
import { pass } from './bench.js';
import { TestDispenser } from './dispenser.js';

describe('the module MockPsu', () => {
  let clock: VirtualClock;
  let harness: ModuleHarness<MockPsu>;
  let dispenser: TestDispenser;

  const until = async (condition: () => boolean, what: string): Promise<void> => {
    for (let passed = 0; !condition(); passed += 5) {
      if (passed > 15_000) throw new Error(`${what} did not happen`);
      await pass(clock, 5);
    }
  };

  beforeEach(async () => {
    clock = new VirtualClock();
    const port = await freePort();
    const network = `mock-psu-${port}`;
    harness = await createHarness(MockPsu, {
      clock,
      config: { port, ethernet_link: 'memory', ethernet_interface: network, mqtt_base_topic: 'lab' },
      implementationConfig: {
        connector_1: { global_connector_number: 5 },
        connector_2: { global_connector_number: 6 },
      },
    });
    dispenser = await TestDispenser.connect({
      link: MemoryNetwork.named(network).link(),
      clock,
      port,
      connectors: [5, 6],
    });
  });
  afterEach(async () => {
    await dispenser.close();
    await harness.shutdown();
    expect(harness.violations.messages).to.deep.equal([]);
  });

  it('tells each output as the plant loads it', async () => {
    const { connector_1: port, connector_2: other } = harness.provides;
    dispenser.event('carConnected');
    await until(() => dispenser.situation().state === 'Running', 'the allocation');
    await port.call.set_load({ load: { connected: false } });
    dispenser.phase('ExportPrecharge', 1, { voltage: 400, current: 2 });
    await until(() => port.latest.output?.voltage_V === 400, 'the voltage');
    expect(port.latest.output).to.deep.equal({ voltage_V: 400, current_A: 0, enabled: true });
    await port.call.set_load({
      load: { connected: true, counter_voltage_V: 390, series_resistance_Ohm: 0.1 },
    });
    dispenser.phase('ExportCharging', 1, { voltage: 450, current: 50 });
    await until(() => port.latest.output?.current_A === 50, 'the current');
    expect(port.latest.output!.voltage_V).to.be.closeTo(395, 1e-9);
    expect(await port.call.get_output()).to.deep.equal(port.latest.output);
    expect(other.latest.output).to.deep.equal({ voltage_V: 0, current_A: 0, enabled: false });

    const publications: number[] = [];
    port.subscribe.output(() => {
      publications.push(clock.monotonic());
    });
    await pass(clock, 2000);
    expect(publications.length).to.be.within(7, 10);
    dispenser.phase('Off');
    await until(() => port.latest.output?.enabled === false, 'the stop');
    expect(port.latest.output!.current_A).to.equal(0);
  });

  it('refuses a load for a port that is not in use', async () => {
    const error: unknown = await harness.provides.connector_3.call
      .set_load({ load: { connected: false } })
      .catch((reason: unknown) => reason);
    expect(String(error)).to.contain('connector_3 is not in use');
    expect(await harness.provides.connector_3.call.get_output()).to.deep.equal({
      voltage_V: 0,
      current_A: 0,
      enabled: false,
    });
  });

  it('takes faults over its interface', async () => {
    const { faults } = harness.provides;
    await faults.call.inject_fault({ fault: { name: 'placeholder_withhold', connector: 5, duration_s: 60 } });
    expect(await faults.call.get_faults()).to.deep.equal({
      faults: [{ name: 'placeholder_withhold', connector: 5, duration_s: 60 }],
    });
    expect(faults.latest.active_faults?.faults).to.have.length(1);
    dispenser.event('carConnected');
    await until(() => dispenser.situation().state === 'ConnectedNoAllocation', 'the key');
    await pass(clock, 3000);
    expect(dispenser.replies).to.deep.equal([]);
    await faults.call.clear_faults({ name: '' });
    await until(() => dispenser.situation().state === 'Running', 'the allocation');
    expect(faults.latest.active_faults).to.deep.equal({ faults: [] });
    const error: unknown = await faults.call
      .inject_fault({ fault: { name: 'explode' } })
      .catch((reason: unknown) => reason);
    expect(String(error)).to.contain('drop_connection');
  });

  it('publishes power requests over MQTT and takes faults from there', async () => {
    const mqtt = harness.externalMqtt!;
    const published = (topic: string): string[] =>
      harness.journal.entries
        .filter((entry) => entry.kind === 'mqtt-published')
        .filter((entry) => entry.topic === topic)
        .map((entry) => String(entry.payload));
    dispenser.event('carConnected');
    await until(() => dispenser.situation().state === 'Running', 'the allocation');
    dispenser.phase('ExportCharging', 1, { voltage: 400, current: 50 });
    await until(
      () => published('lab/5/power_request').at(-1) === '{"voltage": 400.000000, "current": 50.000000}',
      'the power request',
    );
    await mqtt.receive('lab/fault/inject', '{"name": "port_unavailable", "connector": 5}');
    expect(harness.provides.connector_1.latest.output).to.include({ enabled: false, current_A: 0 });
    expect(published('lab/fault/active').at(-1)).to.equal('[{"name":"port_unavailable","connector":5}]');
    await mqtt.receive('lab/fault/inject', 'explode');
    await mqtt.receive('lab/fault/clear', 'port_unavailable');
    expect(published('lab/fault/active').at(-1)).to.equal('[]');
  });
});
