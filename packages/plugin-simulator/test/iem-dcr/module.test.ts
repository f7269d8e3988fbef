// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IemDcrSimulator } from '@carabiner/plugin-simulator';
import { createHarness } from '@carabiner/testkit';
import { expect } from 'chai';
import { ask } from './simulated-meter.js';

const ask1 = async (simulator: IemDcrSimulator): Promise<Record<string, unknown>> =>
  JSON.parse((await ask(simulator.gateway.port, 'GET', '/counter/v1/ocmf/metervalue')).body) as Record<
    string,
    unknown
  >;

describe('IemDcrSimulator', () => {
  it('measures the output that is connected to it', async () => {
    const clock = new VirtualClock();
    await using harness = await createHarness(IemDcrSimulator, {
      clock,
      config: { port: 0, serial: '1ISA7' },
    });
    harness.requires.output.publish.output({ voltage_V: 400, current_A: 100, enabled: true });
    await clock.advance(3_600_000);
    expect(await ask1(harness.module)).to.include({ MS: '1ISA7', U2: 400, I: 100, P: 40_000 });
    expect(harness.module.meter.registers.import).to.equal(446_540n + 40_000n);
    harness.requires.output.publish.output({ voltage_V: 400, current_A: 100, enabled: false });
    await clock.advance(3_600_000);
    expect(await ask1(harness.module)).to.include({ I: 0 });
    expect(harness.module.meter.registers.import).to.equal(446_540n + 40_000n);
  });

  it('plays a script when no output is connected', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'iem-dcr-'));
    try {
      const script_file = join(folder, 'script.yaml');
      writeFileSync(script_file, 'steps: [{for_s: 3600, voltage_V: 500, current_A: 20}]');
      const clock = new VirtualClock();
      await using harness = await createHarness(IemDcrSimulator, {
        clock,
        config: { port: 0, script_file, key_file: join(folder, 'key.pem') },
        connections: { output: 0 },
      });
      await clock.advance(4_000_000);
      expect(harness.module.meter.registers.import).to.equal(446_540n + 10_000n);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('takes switches as text, and refuses wrong ones with the name', async () => {
    await using harness = await createHarness(IemDcrSimulator, {
      config: { port: 0, switches: '{signatureForm: raw-rs, signingMs: 5}' },
      connections: { output: 0 },
    });
    expect(harness.module.meter.switches).to.include({ signatureForm: 'raw-rs', signingMs: 5 });
    let failure = '';
    await createHarness(IemDcrSimulator, { config: { switches: '{signatureFrom: raw-rs}' } }).catch(
      (error: unknown) => (failure = String(error)),
    );
    expect(failure).to.include('signatureFrom');
  });

  it('frees its ports at the end', async () => {
    const harness = await createHarness(IemDcrSimulator, { config: { port: 0 }, connections: { output: 0 } });
    const { port } = harness.module.gateway;
    expect((await ask(port, 'GET', '/counter/v1/ocmf/gw')).status).to.equal(200);
    await harness.shutdown();
    let refused = false;
    await ask(port, 'GET', '/counter/v1/ocmf/gw').catch(() => (refused = true));
    expect(refused).to.be.true;
  });
});
