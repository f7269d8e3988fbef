// SPDX-License-Identifier: Apache-2.0
import { systemClock } from '@carabiner/clock';
import { startEmbeddedBroker } from '@carabiner/everest';
import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { eventually, testProject, type TestProject, type TestTerminal } from './test-project.js';

const CARABINER = fileURLToPath(new URL('../bin/carabiner.js', import.meta.url));
/** A package with the modules Supply and Consumer. */
const PAIR = fileURLToPath(new URL('../../everest/test/fixtures/packages/pair', import.meta.url));

async function project(settings: object, modules: object): Promise<TestProject> {
  const made = await testProject(JSON.stringify({ settings, active_modules: modules }));
  await cp(PAIR, `${made.path}/node_modules/pair`, { recursive: true });
  return made;
}

/** Processes take their time to start on a busy machine. */
const PATIENCE_MS = 20_000;

const CONSUMER = {
  module: 'Consumer',
  connections: { psu: [{ module_id: 'psu', implementation_id: 'main' }] },
};

describe('carabiner run with more than one process', function () {
  this.timeout(60_000);
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function load(station: TestProject, key: string): Promise<string> {
    const { stdout, stderr } = await station.carabiner(
      'call',
      'charger.yaml',
      'user/main',
      'load',
      `key=${key}`,
    );
    return `${stdout}${stderr}`;
  }

  /** Waits for a line of the log. */
  async function shows(terminal: TestTerminal, text: string): Promise<void> {
    await eventually(() => terminal.stdout.includes(text), text, PATIENCE_MS);
  }

  /** Waits for what the consumer knows. */
  async function until(station: TestProject, key: string, fits: (text: string) => boolean): Promise<void> {
    const endMs = systemClock.monotonic() + PATIENCE_MS;
    for (;;) {
      const text = await load(station, key);
      if (fits(text)) return;
      if (systemClock.monotonic() > endMs) throw new Error(`${key} stays ${text}`);
      await systemClock.sleep(20);
    }
  }

  /** An instance in this process. */
  function instance(station: TestProject, ...options: readonly string[]): ReturnType<TestProject['start']> {
    const started = station.start('run', 'charger.yaml', ...options);
    let over = false;
    void started.ended.then(() => (over = true));
    ends.push(async () => {
      if (!over) started.terminal.signal();
      await started.ended;
    });
    return started;
  }

  it('--host runs the modules of a host in any order, its loss is an error, and its return ends that', async () => {
    const broker = await startEmbeddedBroker();
    ends.push(async () => broker.close());
    await using station = await project(
      { carabiner: { mqtt: { broker: { host: '127.0.0.1', port: broker.port } } } },
      { psu: { module: 'Supply', host: 'cabinet' }, user: CONSUMER },
    );
    const host = (): ChildProcess => {
      const args = [CARABINER, 'run', 'charger.yaml', '--host', 'cabinet', '--no-control'];
      const child = spawn(process.execPath, args, {
        cwd: station.path,
        env: station.terminal().env,
        stdio: 'ignore',
      });
      ends.push(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'exit');
      });
      return child;
    };
    const works = async (mode: string): Promise<void> => {
      const { code, stderr } = await station.carabiner(
        ...['call', 'charger.yaml', 'user/main', 'store', 'key=mode', `value=${mode}`],
      );
      expect(code, stderr).to.equal(0);
      await until(station, 'mode', (text) => text.includes(mode));
    };
    const first = host();
    const manager = instance(station);
    await shows(manager.terminal, 'runtime running');
    await works('Export');
    first.kill('SIGKILL');
    await until(station, 'errors', (text) => text.includes('module-lost'));
    host();
    await until(station, 'errors', (text) => text.trim() === '[]');
    await works('Off');
    manager.terminal.signal();
    expect(await manager.ended).to.equal(0);
  });

  it('--host started after the manager is missed when it stops, and ends with the manager, with status 0', async () => {
    const broker = await startEmbeddedBroker();
    ends.push(async () => broker.close());
    await using station = await project(
      { carabiner: { mqtt: { broker: { host: '127.0.0.1', port: broker.port } } } },
      { psu: { module: 'Supply', host: 'cabinet' }, user: CONSUMER },
    );
    const manager = instance(station);
    await shows(manager.terminal, 'connected to the broker');
    const first = instance(station, '--host', 'cabinet', '--no-control');
    for (const { terminal } of [manager, first]) await shows(terminal, 'runtime running');
    first.terminal.signal();
    expect(await first.ended).to.equal(0);
    await until(station, 'errors', (text) => text.includes('module-lost'));
    const cabinet = instance(station, '--host', 'cabinet', '--no-control');
    await shows(cabinet.terminal, 'runtime running');
    await until(station, 'errors', (text) => text.trim() === '[]');
    manager.terminal.signal();
    expect(await manager.ended).to.equal(0);
    const { stdout, stderr } = cabinet.terminal;
    expect(await cabinet.ended, `${stdout}${stderr}`).to.equal(0);
    expect(cabinet.terminal.stdout).to.include('the manager asked to shut down');
  });

  it('--strict ends everything when a child ends, and names it', async () => {
    await using station = await project(
      {},
      { psu: { module: 'Supply' }, user: { ...CONSUMER, isolation: 'process' } },
    );
    const { terminal, ended } = instance(station, '--strict');
    await shows(terminal, 'runtime running');
    process.kill(Number(await load(station, 'pid')), 'SIGKILL');
    expect(await ended).to.equal(1);
    expect(terminal.stdout).to.include('the process of module user ended: SIGKILL');
    expect(terminal.stderr).to.include('charger.yaml has stopped');
  });

  it('says what a host cannot run', async () => {
    await using station = await project({}, { psu: { module: 'Supply' }, user: CONSUMER });
    const { code, stderr } = await station.carabiner('run', 'charger.yaml', '--host', 'cabinet');
    expect([code, stderr]).to.deep.equal([
      1,
      "carabiner: host 'cabinet' cannot reach an embedded broker: name one in settings.carabiner.mqtt.broker\n",
    ]);
  });
});
