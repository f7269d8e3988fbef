// SPDX-License-Identifier: Apache-2.0
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { connectAsync, type MqttClient } from 'mqtt';
import { createRuntime, type Runtime } from '@carabiner/core';
import { openSystem, type System } from '@carabiner/everest';
import { tempDir } from '@carabiner/testkit';
import { asked } from './support/asked.js';
import { embedded, type TestBroker } from './support/brokers.js';
import { eventually, PAIR } from './support/system.js';

const MODULES = {
  psu: { module: 'Supply', isolation: 'process' },
  reporter: { module: 'Reporter', isolation: 'process', telemetry: { id: 7 } },
  user: { module: 'Consumer', connections: { psu: [{ module_id: 'psu', implementation_id: 'main' }] } },
};

interface Station {
  readonly system: System;
  readonly runtime: Runtime;
}

describe('what a child was told', function () {
  this.timeout(20_000);
  let broker: TestBroker;
  let client: MqttClient;
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    broker = await embedded.start();
    ends.push(broker.stop.bind(broker));
    client = await connectAsync(`mqtt://127.0.0.1:${String(broker.address.port)}`);
    ends.push(async () => client.endAsync());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function run(file: string): Promise<Station> {
    const system = await openSystem({ file, folder: PAIR, log: { level: 'silent' } });
    if (system === undefined) throw new Error('one process only');
    const runtime = await createRuntime({ file, folder: PAIR, log: system.log, remote: system.remote });
    system.attach(runtime);
    ends.push(async () => runtime.stop());
    await runtime.start();
    return { system, runtime };
  }

  async function killAll({ system, runtime }: Station): Promise<void> {
    const pids = (): readonly number[] => [...(system.manager?.pids.values() ?? [])];
    const before = pids();
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await eventually(
      () =>
        pids().filter((pid) => !before.includes(pid)).length === before.length &&
        runtime.modules().every(({ state }) => state === 'running'),
      'the restart',
    );
    await eventually(async () => {
      try {
        return (await runtime.call('reporter', 'main', 'exists', { key: 'connection' })) === true;
      } catch {
        return false;
      }
    }, 'its connection');
    await eventually(
      async () => JSON.stringify(await runtime.call('user', 'main', 'load', { key: 'errors' })) === '[]',
      'the end of the fault',
    );
  }

  it('at run time, and by the settings, it knows in each further life, and with a new manager', async () => {
    const folder = await tempDir('carabiner-values-');
    ends.push(async () => folder.remove());
    const file = folder.join('station.yaml');
    const { host, port } = broker.address;
    const settings = {
      telemetry_enabled: true,
      telemetry_prefix: 'site-telemetry',
      carabiner: { log_level: 'silent', mqtt: { broker: { host, port } } },
    };
    await writeFile(file, JSON.stringify({ settings, active_modules: MODULES }));
    const first = await run(file);
    const identifier = { module_id: 'psu', configuration_parameter_name: 'limit' };
    const set = await asked(client, 'psu', { type: 'Set', request: { identifier, value: '800' } });
    expect(set).to.deep.nested.include({ 'response.status': 'Accepted' });
    // The supply refuses what is above its limit, which is 500 V in the composition.
    const stands = async ({ runtime }: Station, value: number): Promise<void> => {
      await runtime.call('user', 'main', 'store', { key: 'voltage', value });
    };
    await stands(first, 750);
    await killAll(first);
    await stands(first, 760);
    const topics: string[] = [];
    client.on('message', (topic) => void topics.push(topic));
    await client.subscribeAsync('+/payload/7/livedata');
    await first.runtime.call('reporter', 'main', 'store', { key: 'telemetry', value: 230 });
    await eventually(() => topics.length > 0, 'telemetry');
    expect(topics).to.deep.equal(['site-telemetry/payload/7/livedata']);
    await first.runtime.stop();
    await stands(await run(file), 770);
  });
});
