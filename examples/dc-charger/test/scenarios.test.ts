// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScenario, SCENARIOS, type View } from '@carabiner/example-dc-charger';
import { expect } from 'chai';
import { childrenOf } from '../dist/child-run.js';
import { judge, powerFailure } from '../dist/power-failure.js';
import type { RunOptions } from '../dist/options.js';
import type { Happening, RecordReport, Summary } from '../dist/view/view.js';

const COMPOSITIONS = new URL('../compositions/', import.meta.url);

const MAIN = new URL('../dist/main.js', import.meta.url).pathname;

/** True while a process runs; one that has ended and waits to be fetched does not. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

class Witness implements View {
  readonly happenings: Happening[] = [];
  readonly records: RecordReport[] = [];
  outcome: Summary | undefined;

  happened(happening: Happening): void {
    this.happenings.push(happening);
  }

  reading(): void {}

  record(report: RecordReport): void {
    this.records.push(report);
  }

  summary(summary: Summary): void {
    this.outcome = summary;
  }
}

async function play(name: string, changes: Partial<RunOptions> = {}): Promise<Witness> {
  const scenario = SCENARIOS.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  const witness = new Witness();
  await runScenario(
    scenario,
    {
      scenario: name,
      composition: undefined,
      link: 'udp',
      duration: 10,
      timeFactor: 10,
      json: false,
      logLevel: 'silent',
      storeFolder: undefined,
      meter: undefined,
      ...changes,
    },
    witness,
  );
  return witness;
}

function composition(file: string): string {
  return new URL(file, COMPOSITIONS).pathname;
}

describe('the command line of the DC charger', () => {
  it('refuses a composition that is no file as a wrong option', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--composition', 'nowhere.yaml'], {
      encoding: 'utf8',
    });
    expect(stderr).to.contain("'nowhere.yaml' is invalid. there is no such file");
    expect(status).to.equal(2);
  });

  for (const [scenario, signal, code] of [
    ['power-failure', 'SIGTERM', 143],
    ['charge', 'SIGINT', 130],
  ] as const)
    it(`leaves nothing behind when ${scenario} is ended by ${signal}`, async function () {
      this.timeout(30_000);
      const folder = mkdtempSync(join(tmpdir(), 'dc-charger-test-'));
      const child = spawn(process.execPath, [MAIN, '--scenario', scenario, '--json'], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      const grandchildren = childrenOf(child.pid);
      if (existsSync('/proc/self')) expect(grandchildren.length).to.equal(scenario === 'charge' ? 0 : 2);
      child.kill(signal);
      expect(await once(child, 'exit')).to.deep.equal([code, null]);
      expect(readdirSync(folder)).to.deep.equal([]);
      // A killed process needs a moment to be gone.
      for (let turns = 0; turns < 1000 && grandchildren.some(isAlive); turns += 1)
        await new Promise((resolve) => setImmediate(resolve));
      expect(grandchildren.filter(isAlive)).to.deep.equal([]);
      rmSync(folder, { recursive: true });
    });

  it('ends without a word when nobody reads it any more', async function () {
    this.timeout(30_000);
    const child = spawn(process.execPath, [MAIN, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect(await once(child, 'exit')).to.deep.equal([0, null]);
    expect(said).to.equal('');
  });
});

describe('DC charger example', function () {
  this.timeout(60_000);

  for (const name of [
    'charge',
    'emergency-stop',
    'isolation-fault',
    'psu-fault-and-recovery',
    'meter-loss',
    'two-connectors',
  ]) {
    it(`plays ${name} to its expected end, with a verified record`, async () => {
      const { outcome, records } = await play(name);
      expect(outcome?.problems).to.deep.equal([]);
      expect(outcome?.ok).to.equal(true);
      expect(records).to.have.length(name === 'two-connectors' ? 2 : 1);
      expect(records.every(({ verified }) => verified)).to.equal(true);
    });
  }

  it('charges with the plain meter when one line is changed, without a record', async () => {
    const { outcome, records } = await play('charge', { composition: composition('plain-meter.yaml') });
    expect(outcome?.problems).to.deep.equal([]);
    expect(records).to.deep.equal([]);
  });

  it('charges with the power unit of another vendor when one line is changed', async () => {
    const { outcome, records } = await play('charge', { composition: composition('vendor-supply.yaml') });
    expect(outcome?.problems).to.deep.equal([]);
    expect(records[0]?.verified).to.equal(true);
  });

  it('has swap compositions that differ from the first in one line each', () => {
    const lines = (file: string): string[] => readFileSync(new URL(file, COMPOSITIONS), 'utf8').split('\n');
    const original = lines('dc-charger.yaml');
    for (const file of ['plain-meter.yaml', 'vendor-supply.yaml']) {
      const other = lines(file);
      expect(other.length).to.equal(original.length);
      expect(other.filter((line, index) => line !== original[index])).to.have.length(1);
    }
  });

  it('says so when the expectation is broken: nobody is authorised', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dc-charger-test-'));
    try {
      const text = readFileSync(new URL('bench-only.yaml', COMPOSITIONS), 'utf8');
      const file = join(folder, 'broken.yaml');
      writeFileSync(file, text.replace('present_token: DEADBEEF', 'present_token: 0BAD0BAD'));
      const { outcome } = await play('charge', { composition: file, timeFactor: 60 });
      expect(outcome?.ok).to.equal(false);
      expect(outcome?.problems).to.deep.equal(['TransactionStarted of evse_1 did not happen within 120 s']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('delivers the transaction of a killed process exactly once, with its own id and a valid record', async () => {
    const outcome = await powerFailure(
      (run) => run.happenings.some(({ name }) => name === 'ChargingStarted'),
      undefined,
    );
    expect(judge(outcome)).to.deep.equal([]);
    expect(outcome.started).to.be.a('string');
    expect(outcome.finished).to.deep.equal([outcome.started]);
    expect(outcome.records.map(({ transactionId }) => transactionId)).to.deep.equal([outcome.started]);
  });

  it('notices a lost, a doubled and an unverified transaction', () => {
    const record = {
      evse: 'e',
      record: '',
      verified: false,
      reason: 'wrong key',
      energyKwh: undefined,
      durationS: undefined,
      identification: undefined,
    };
    expect(judge({ started: 'a', finished: [], records: [], problems: [] })).to.deep.equal([
      'transaction a was lost',
    ]);
    expect(judge({ started: 'a', finished: ['a', 'a'], records: [], problems: [] })).to.have.length(2);
    expect(
      judge({ started: 'a', finished: ['a'], records: [{ ...record, transactionId: 'a' }], problems: [] }),
    ).to.deep.equal(['record of a: wrong key']);
  });
});
