// SPDX-License-Identifier: Apache-2.0
import { createRuntime } from '@carabiner/core';
import { ScaledClock, systemClock } from '@carabiner/testkit';
import { runCli, processIo } from 'carabiner';
import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { VoltlineSimulator } from 'voltline-psu-driver/simulator';

const folder = fileURLToPath(new URL('../compositions/', import.meta.url));
const textOf = async (name: string): Promise<string> => await readFile(`${folder}${name}`, 'utf8');

interface Composition {
  active_modules: Record<string, { config_module?: object }>;
}

describe('compositions of the example', () => {
  it('differ in one line', async () => {
    const [one = [], other = []] = [await textOf('simulated.yaml'), await textOf('voltline.yaml')].map(
      (text) => text.split('\n'),
    );
    expect(other.filter((line, index) => line !== one[index])).to.deep.equal(['    module: VoltlinePsu']);
    expect(other).to.have.length(one.length);
  });

  it('are found right by carabiner check', async () => {
    let out = '';
    const io = { ...processIo(), cwd: folder, out: (text: string) => void (out += text) };
    expect(await runCli(['check', 'simulated.yaml', 'voltline.yaml'], io)).to.equal(0);
    expect(out.match(/2 modules, nothing wrong/g)).to.have.length(2);
  });

  it('drive the simulated unit, and a simulated supply, through the soak test', async () => {
    const clock = new ScaledClock(systemClock, 5);
    const unit = await VoltlineSimulator.start(0, clock);
    for (const name of ['voltline.yaml', 'simulated.yaml']) {
      const composition = parse(await textOf(name)) as Composition;
      Object.assign(composition.active_modules['soak_test']!, { config_module: { step_ms: 400 } });
      if (name === 'voltline.yaml')
        Object.assign(composition.active_modules['psu']!, { config_module: { port: unit.port } });
      const runtime = await createRuntime({ composition, folder, clock, log: { level: 'silent' } });
      const voltages = new Set<number>();
      runtime.observe((event) => {
        if (event.kind === 'variable' && event.name === 'voltage_current')
          voltages.add(Math.round((event.value as { voltage_V: number }).voltage_V));
      });
      await runtime.start();
      const endMs = clock.monotonic() + 30_000;
      while (![200, 400, 800].every((voltage) => voltages.has(voltage)) && clock.monotonic() < endMs)
        await clock.sleep(50);
      await runtime.stop();
      expect([...voltages], name).to.include.members([200, 400, 800]);
    }
    expect(unit.setPoint.on).to.equal(false);
    await unit.stop();
  });
});

describe('the driver class', () => {
  it('is shorter than 120 lines', async () => {
    const text = await readFile(new URL('../src/voltline-psu.ts', import.meta.url), 'utf8');
    const lines = text.slice(text.indexOf('@injectable()')).trimEnd().split('\n');
    expect(lines.length).to.be.lessThan(120);
  });
});
