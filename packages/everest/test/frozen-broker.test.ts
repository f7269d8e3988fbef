// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { systemClock, withTimeout } from '@carabiner/clock';
import { createRuntime, LogBook, type ModuleClass, type Runtime } from '@carabiner/core';
import { openSystem, readModuleSettings, runModule } from '@carabiner/everest';
import { expect } from 'chai';
import { embedded, type TestBroker } from './support/brokers.js';
import { startFreezingProxy, type FreezingProxy } from './support/freezing-proxy.js';
import { eventually, PAIR } from './support/system.js';

const BIN = fileURLToPath(new URL('../bin/module-process.js', import.meta.url));
const CONSUMER = {
  module: 'Consumer',
  connections: { psu: [{ module_id: 'psu', implementation_id: 'main' }] },
};

/** A broker whose process is stopped, or whose machine is gone without a word. */
describe('with a broker that does not answer any more', function () {
  this.timeout(30_000);
  let broker: TestBroker;
  let proxy: FreezingProxy;
  const ends: (() => Promise<unknown>)[] = [];
  const lines: string[] = [];

  beforeEach(async () => {
    lines.length = 0;
    broker = await embedded.start();
    proxy = await startFreezingProxy(broker);
  });
  afterEach(async () => {
    await proxy.stop();
    for (const end of ends.splice(0).reverse()) await end();
    await broker.stop();
  });

  /** What leads through `address` to the broker, with everything of a composition that is not on another host. */
  async function open(
    { address }: TestBroker,
    modules: Readonly<Record<string, object>>,
    host?: string,
  ): Promise<Runtime> {
    const { port } = address;
    const composition = {
      settings: {
        mqtt_external_prefix: 'outside/',
        carabiner: {
          log_level: 'silent',
          mqtt: { broker: { host: '127.0.0.1', port } },
          external_mqtt: { url: `mqtt://127.0.0.1:${String(port)}` },
        },
      },
      active_modules: modules,
    };
    const options = { composition, folder: PAIR, ...(host === undefined ? {} : { host }) };
    const destination = { write: (line: string) => void lines.push(line) };
    const log = new LogBook({ level: 'warn', format: 'json', destination });
    const system = await openSystem({ ...options, log });
    const runtime = await createRuntime({
      ...options,
      log,
      ...(system === undefined ? {} : { remote: system.remote }),
    });
    system?.attach(runtime);
    ends.push(async () => runtime.stop());
    return runtime;
  }

  const stands = async (end: Promise<unknown>, limitMs: number): Promise<void> => {
    await withTimeout(systemClock, end, limitMs, 'end');
  };

  it('a module ends when it is told to', async () => {
    const main = await open(broker, { psu: { module: 'Supply', standalone: true }, user: CONSUMER });
    const started = main.start();
    const end = new AbortController();
    const classes = (await import(pathToFileURL(`${PAIR}index.js`).href)) as Record<string, ModuleClass>;
    const { host, port } = proxy.address;
    const ended = runModule({
      settings: readModuleSettings({ moduleId: 'psu', brokerHost: host, brokerPort: String(port) }, {}),
      modules: classes,
      log: { level: 'silent' },
      signal: end.signal,
    });
    await started;
    proxy.freeze();
    end.abort();
    await stands(ended, 4_000);
    expect(await ended).to.equal(0);
  });

  it('the process of a module ends on SIGTERM, also one that talks to the outside world', async () => {
    const main = await open(broker, {
      reporter: { module: 'Reporter', standalone: true },
      user: { module: 'Reporter' },
    });
    const started = main.start();
    const child = spawn(process.execPath, [BIN, 'Reporter', '--module', 'reporter', '--folder', PAIR], {
      env: { ...process.env, EV_MQTT_BROKER_PORT: String(proxy.address.port), CARABINER_LOG_LEVEL: 'silent' },
      stdio: 'inherit',
    });
    const ended = once(child, 'exit');
    await started;
    await eventually(
      async () => (await main.call('reporter', 'main', 'exists', { key: 'connection' })) === true,
      'its connection to the outside world',
    );
    proxy.freeze();
    child.kill('SIGTERM');
    await stands(ended, 5_000);
    expect(await ended).to.deep.equal([0, null]);
  });

  it('a manager ends with its children, none of which has to be killed', async () => {
    const runtime = await open(proxy, {
      psu: { module: 'Supply', isolation: 'process' },
      reporter: { module: 'Reporter' },
      user: CONSUMER,
    });
    await runtime.start();
    await eventually(
      async () => (await runtime.call('reporter', 'main', 'exists', { key: 'connection' })) === true,
      'the connection to the outside world',
    );
    proxy.freeze();
    await stands(runtime.stop(), 8_000);
    expect(lines.filter((line) => line.includes('was killed'))).to.deep.equal([]);
  });

  it('a further host ends', async () => {
    const modules = { psu: { module: 'Supply', host: 'cabinet' }, user: CONSUMER };
    const main = await open(broker, modules);
    const cabinet = await open(proxy, modules, 'cabinet');
    await Promise.all([main.start(), cabinet.start()]);
    proxy.freeze();
    await stands(cabinet.stop(), 4_000);
  });
});
