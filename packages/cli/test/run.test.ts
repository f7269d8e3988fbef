// SPDX-License-Identifier: Apache-2.0
import { socketPathOf } from 'carabiner';
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { COMPOSITION, eventually, testProject, type TestProject, type TestTerminal } from './test-project.js';

const CARABINER = fileURLToPath(new URL('../bin/carabiner.js', import.meta.url));

/** A running instance that is asked to stop at the end. */
async function running(
  project: TestProject,
  ...options: readonly string[]
): Promise<{ terminal: TestTerminal; ended: Promise<number> }> {
  const instance = project.start('run', 'charger.yaml', ...options);
  await eventually(() => instance.terminal.stdout.includes('running'), 'the start');
  return instance;
}

describe('carabiner run', () => {
  it('runs until SIGINT, logs JSON without a terminal and ends with 0', async () => {
    await using project = await testProject();
    const { terminal, ended } = await running(project, '--boot-times');
    await eventually(() => terminal.stdout.includes('construct'), 'the boot tree');
    terminal.signal();
    expect(await ended).to.equal(0);
    expect(terminal.stderr).to.equal('charger.yaml has stopped\n');
    const lines = terminal.stdout.split('\n').filter((line) => line.startsWith('{'));
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).to.include('runtime running');
  });

  it('starts nothing when the composition has errors', async () => {
    await using project = await testProject(COMPOSITION.replace('AcmeImd', 'AcmeIdm'));
    const { code, stderr, stdout } = await project.carabiner('run', 'charger.yaml');
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/charger\.yaml:3:13: error: .*AcmeIdm/)
      .and.match(/1 error/);
    expect(stdout).to.equal('');
  });

  it('names the module whose start failed, without a stack', async () => {
    await using project = await testProject(COMPOSITION.replace('A-17', 'broken'));
    const { code, stderr } = await project.carabiner('run', 'charger.yaml');
    expect(code).to.equal(1);
    expect(stderr).to.match(/carabiner: module imd: ready .*no answer from the device/);
    expect(stderr).not.to.match(/\n\s+at /);
  });

  it('puts an uncaught exception down to its module and goes on', async () => {
    await using project = await testProject();
    // A process of its own: mocha listens for uncaught exceptions itself.
    const { env } = project.terminal();
    const child = spawn(process.execPath, [CARABINER, 'run', 'charger.yaml'], { cwd: project.path, env });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => output.includes('runtime running'), 'the start');
    // A failure that nobody awaits, as a driver's forgotten callback makes it.
    const args = ['call', 'charger.yaml', 'imd/main', 'start_self_test', 'test_voltage_V=13'] as const;
    expect((await project.carabiner(...args)).code).to.equal(0);
    await eventually(() => /"module":"imd".*unlucky/.test(output), 'the line in the log of the module');
    expect((await project.carabiner('call', 'charger.yaml', 'listener', 'x')).stderr).to.include('listener');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).to.deep.equal([0, null]);
  });

  it('ends at once at the second signal', async () => {
    await using project = await testProject();
    const { terminal, ended } = await running(project);
    terminal.signal('SIGTERM');
    terminal.signal('SIGTERM');
    terminal.signal('SIGINT');
    expect(terminal.exits).to.deep.equal([143, 130]);
    await ended;
  });

  it('keeps the control socket to its user and away from a second instance', async () => {
    await using project = await testProject();
    const { terminal, ended } = await running(project);
    const path = socketPathOf(`${project.path}/charger.yaml`, terminal.env);
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
    expect((await stat(`${project.path}/run`)).mode & 0o777).to.equal(0o700);
    const second = await project.carabiner('run', 'charger.yaml');
    expect([second.code, second.stderr]).to.deep.equal([
      1,
      `carabiner: charger.yaml runs already (its control socket ${path} answers)\n`,
    ]);
    expect((await project.carabiner('stop', 'charger.yaml')).code).to.equal(0);
    expect(await ended).to.equal(0);
    const gone = await stat(path).catch(() => undefined);
    expect(gone).to.equal(undefined);
  });

  it('ends when the folder of its control socket is not its own', async () => {
    await using project = await testProject();
    await mkdir(`${project.path}/run`, { mode: 0o755 });
    await chmod(`${project.path}/run`, 0o755);
    const { env } = project.terminal();
    const child = spawn(process.execPath, [CARABINER, 'run', 'charger.yaml'], { cwd: project.path, env });
    let shown = '';
    child.stderr.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    expect(await once(child, 'exit')).to.deep.equal([1, null]);
    expect(shown).to.include('mode 0700');
    expect(
      (await project.carabiner('run', 'charger.yaml', '--no-control', '--log-level', 'loud')).code,
    ).to.equal(2);
  });

  it('shows one line of status on a terminal, with logs above it', async () => {
    await using project = await testProject();
    const terminal = project.terminal(true);
    const { runCli } = await import('carabiner');
    const ended = runCli(['run', 'charger.yaml'], terminal);
    await eventually(() => terminal.stdout.includes('2 of 2 modules'), 'the status line');
    expect(terminal.stdout).to.match(/\r\u001b\[2K. running: 2 of 2 modules · \d+ values\/s · no errors/);
    terminal.signal();
    expect(await ended).to.equal(0);
    expect(terminal.stdout).to.match(/\r\u001b\[2K$/);
  });
});

describe('carabiner call, watch and swap', () => {
  it('calls a command and prints its result, or why it failed', async () => {
    await using project = await testProject();
    const { terminal, ended } = await running(project);
    const call = async (...args: readonly string[]): ReturnType<TestProject['carabiner']> =>
      await project.carabiner('call', 'charger.yaml', ...args);
    expect((await call('imd', 'start_self_test', 'test_voltage_V=500')).code).to.equal(0);
    const refused = await call('imd/main', 'start_self_test', 'test_voltage_V=5000');
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.match(/more than this device stands \[HandlerException\]/);
    const wrong = await call('imd/main', 'start_self_test', 'test_voltage_V=much');
    expect(wrong.stderr).to.match(/\[SchemaValidationError\]/);
    const unknown = await call('imd/main', 'begin');
    expect(unknown.stderr).to.match(/^carabiner: .*begin/);
    for (const [target, command, nearest] of [
      ['imdd/main', 'start', 'imd'],
      ['imd/mian', 'start', 'main'],
      ['imd/main', 'strat', 'start'],
    ] as const)
      expect((await call(target, command)).stderr).to.contain(`did you mean ${nearest}?`);
    const swapped = await project.carabiner('swap', 'charger.yaml', 'imdd', 'Any');
    expect(swapped.stderr).to.contain('did you mean imd?');
    expect((await call('imd/main', 'start', 'x')).code).to.equal(2);
    terminal.signal();
    await ended;
  });

  it('says that nothing can come of a module or kind that there is not', async () => {
    await using project = await testProject();
    const instance = await running(project);
    const kind = await project.carabiner('watch', 'charger.yaml', '--kind', 'errors');
    expect(kind.code).to.equal(2);
    expect(kind.stderr).to.contain('Allowed choices are variable, error, module, runtime');
    const watching = project.start('watch', 'charger.yaml', '--module', 'im');
    await eventually(() => watching.terminal.stderr.includes('did you mean imd?'), 'a hint');
    instance.terminal.signal();
    await Promise.all([instance.ended, watching.ended]);
  });

  it('shows variables and errors as they come', async () => {
    await using project = await testProject();
    const instance = await running(project);
    const watching = project.start('watch', 'charger.yaml', '--module', 'imd');
    const json = project.start('watch', 'charger.yaml', '--json', '--kind', 'error');
    await eventually(() => watching.terminal.stdout.includes('isolation_measurement'), 'a value');
    await project.carabiner('call', 'charger.yaml', 'imd/main', 'start_self_test', 'test_voltage_V=500');
    await eventually(() => watching.terminal.stdout.includes('raised'), 'an error');
    expect(watching.terminal.stdout).to.match(
      /\d\d:\d\d:\d\d\.\d{3} imd\/main isolation_measurement \{"resistance_F_Ohm":900000\}/,
    );
    expect(watching.terminal.stdout).to.include('imd/main raised High isolation_monitor/DeviceFault: broken');
    await eventually(() => json.terminal.stdout.includes('DeviceFault'), 'an error as JSON');
    for (const line of json.terminal.stdout.trim().split('\n'))
      expect(JSON.parse(line)).to.include({ kind: 'error' });
    watching.terminal.signal();
    expect(await watching.ended).to.equal(0);
    const late = project.start('watch', 'charger.yaml');
    await eventually(() => late.terminal.stdout.includes('raised'), 'the error that is active already');
    const others = project.start('watch', 'charger.yaml', '--kind', 'variable');
    const lateJson = project.start('watch', 'charger.yaml', '--json', '--kind', 'error');
    await eventually(() => lateJson.terminal.stdout.includes('DeviceFault'), 'it as JSON');
    expect(JSON.parse(lateJson.terminal.stdout.split('\n')[0] ?? '')).to.include({ kind: 'error' });
    await eventually(() => others.terminal.stdout.includes('isolation_measurement'), 'a value');
    expect(others.terminal.stdout).to.not.include('raised');
    instance.terminal.signal();
    const ends = [instance, json, late, others, lateJson].map(({ ended }) => ended);
    expect(await Promise.all(ends)).to.deep.equal([0, 0, 0, 0, 0]);
  });

  it('swaps a module for one of another package while the rest runs', async () => {
    await using project = await testProject();
    const instance = await running(project);
    const watching = project.start('watch', 'charger.yaml', '--kind', 'variable');
    await eventually(() => watching.terminal.stdout.includes('900000'), 'values of the old one');
    const swapped = await project.carabiner('swap', 'charger.yaml', 'imd', 'OtherImd');
    expect([swapped.code, swapped.stdout, swapped.stderr]).to.deep.equal([
      0,
      'imd is running: OtherImd (other-imd@0.9.0)\n',
      '',
    ]);
    await eventually(
      () => watching.terminal.stdout.includes('"resistance_F_Ohm":42'),
      'values of the new one',
    );
    const wrong = await project.carabiner('swap', 'charger.yaml', 'imd', 'NoSuchModule');
    expect(wrong.code).to.equal(1);
    expect(wrong.stderr).to.include('NoSuchModule');
    instance.terminal.signal();
    await Promise.all([instance.ended, watching.ended]);
  });
});
