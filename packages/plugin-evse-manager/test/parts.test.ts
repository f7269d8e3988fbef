// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dynamicRequest } from '../dist/dc/dynamic-mode.js';
import { NO_CAPABILITIES } from '../dist/dc/power-supply.js';
import { isEnyaqGlitch, limitsWithoutGrant, rampCurrent, roundUpToLimit } from '../dist/dc/set-point.js';
import { causeName } from '../dist/errors/blocking.js';
import { SessionLog } from '../dist/session/session-log.js';
import { SupplyOutbox } from '../dist/supply-outbox.js';
import { ChargerBench } from './support/charger-bench.js';
import { inOrder, START } from './support/expectations.js';

describe('commands to a slow power supply', () => {
  const make = (): { outbox: SupplyOutbox; sent: string[]; answer: () => Promise<void> } => {
    const sent: string[] = [];
    const waiting: (() => void)[] = [];
    const outbox = new SupplyOutbox(
      async (command, args) => {
        sent.push(`${command} ${JSON.stringify(args)}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      },
      () => sent.push('failed'),
    );
    return {
      outbox,
      sent,
      answer: async () => {
        waiting.shift()?.();
        await new Promise<void>((resolve) => setImmediate(resolve));
      },
    };
  };

  it('only the newest set point is kept while one is under way', async () => {
    const { outbox, sent, answer } = make();
    for (const current of [1, 2, 3, 4]) outbox.send('setExportVoltageCurrent', { current });
    expect(sent).to.deep.equal(['setExportVoltageCurrent {"current":1}']);
    await answer();
    expect(sent.slice(1)).to.deep.equal(['setExportVoltageCurrent {"current":4}']);
  });

  it('switching off passes everything and drops what was kept', async () => {
    const { outbox, sent, answer } = make();
    outbox.send('setExportVoltageCurrent', { current: 1 });
    outbox.send('setExportVoltageCurrent', { current: 2 });
    outbox.send('setMode', { mode: 'Off' });
    await answer();
    expect(sent).to.deep.equal(['setExportVoltageCurrent {"current":1}', 'setMode {"mode":"Off"}']);
  });

  it('a set point that was kept goes out before the power supply is switched on', () => {
    const { outbox, sent } = make();
    outbox.send('setExportVoltageCurrent', { current: 1 });
    outbox.send('setExportVoltageCurrent', { current: 2 });
    outbox.send('setMode', { mode: 'Export' });
    expect(sent.slice(1)).to.deep.equal([
      'setExportVoltageCurrent {"current":2}',
      'setMode {"mode":"Export"}',
    ]);
  });
});

describe('set points', () => {
  it('ramp: rising with the slope, falling at once', () => {
    expect(rampCurrent(10, 100, 1000, 25)).to.equal(35);
    expect(rampCurrent(10, 20, 1000, 25)).to.equal(20);
    expect(rampCurrent(100, 5, 1, 25)).to.equal(5);
  });

  it('requests of whole amperes just below the limit get the limit', () => {
    expect(roundUpToLimit(62, 62.8)).to.equal(62.8);
    expect(roundUpToLimit(61, 62.8)).to.equal(61);
    expect(roundUpToLimit(62, 62)).to.equal(62);
  });

  it('first requests of the Enyaq are passed over', () => {
    expect(isEnyaqGlitch({ voltage: 10, current: 5 })).to.equal(true);
    expect(isEnyaqGlitch({ voltage: 400, current: -1 })).to.equal(true);
    expect(isEnyaqGlitch({ voltage: 400, current: 5 })).to.equal(false);
  });

  const dynamic = {
    target_energy_request: 0,
    max_energy_request: 0,
    min_energy_request: 0,
    max_charge_power: 50_000,
    min_charge_power: 0,
    max_charge_current: 100,
    max_voltage: 450,
    min_voltage: 300,
  };

  it('dynamic mode: the EVSE decides within both limits', () => {
    const evse = { ...limitsWithoutGrant(NO_CAPABILITIES), maximumPowerW: 20_000, maximumCurrentA: 200 };
    expect(dynamicRequest(dynamic, evse, 400, false)).to.deep.equal({ voltage: 450, current: 50 });
    expect(dynamicRequest({ ...dynamic, min_charge_power: 60_000 }, evse, 400, false)).to.equal(undefined);
    const feedback = { ...evse, dischargePowerW: 10_000, dischargeCurrentA: 50, minimumVoltageV: 200 };
    expect(
      dynamicRequest(
        { ...dynamic, max_discharge_power: 8000, max_discharge_current: 30 },
        feedback,
        400,
        true,
      ),
    ).to.deep.equal({ voltage: 300, current: 20 });
  });

  it('dynamic mode drives the power supply', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.publish('hlc', 'd20_dc_dynamic_charge_mode', { ...dynamic, max_charge_power: 8000 });
    await bench.advance(3000);
    expect(bench.supplyVoltage).to.equal(450);
    expect(bench.supplyCurrent).to.be.closeTo(8000 / 400, 2.5);
  });
});

describe('names of causes', () => {
  const error = { severity: 'High' as const, description: 'text', vendorId: 'v' };
  it('without the interface, with the sub type', () => {
    expect(causeName({ ...error, type: 'a/Fault', subType: '' })).to.equal('Fault');
    expect(causeName({ ...error, type: 'a/Fault', subType: 'x' })).to.equal('Fault/x');
    expect(causeName({ ...error, type: 'Fault', subType: '' })).to.equal('text');
    expect(causeName({ ...error, type: 'a/Fault/', subType: '' })).to.equal('Fault');
  });
});

describe('session log', () => {
  it('a CSV and an HTML file for each session, marked while they are incomplete', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'session-log-'));
    try {
      await using bench = await ChargerBench.create({
        config: { session_logging: true, session_logging_path: folder },
      });
      await bench.plug();
      const started = bench.eventObjects()[1]?.session_started as { logging_path: string };
      expect(readdirSync(started.logging_path)).to.have.members([
        'incomplete-eventlog.csv',
        'incomplete-eventlog.html',
      ]);
      await bench.unplug();
      expect(readdirSync(started.logging_path)).to.have.members(['eventlog.csv', 'eventlog.html']);
      expect(readFileSync(path.join(started.logging_path, 'eventlog.csv'), 'utf8')).to.match(
        /"bsp","evse","A"/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a suffix that leaves the folder is refused, trouble with files stops nothing', () => {
    const warnings: string[] = [];
    const ports = { now: () => 0, warn: (message: string) => warnings.push(message) };
    expect(
      new SessionLog({ enabled: true, folder: tmpdir(), suffix: '/../../x' }, ports).begin('id'),
    ).to.equal(undefined);
    const log = new SessionLog({ enabled: true, folder: '/dev/null/no', suffix: 'a' }, ports);
    expect(log.begin('id')).to.equal(undefined);
    log.note('a', 'b', 'c');
    log.end();
    expect(warnings).to.have.length(2);
  });
});

describe('AC with high level communication', () => {
  const config = { ac_hlc_enabled: true };
  const connected = ['slac', 'hlc'];
  const waiting = async (more: Record<string, boolean> = {}): Promise<ChargerBench> => {
    const bench = await ChargerBench.create({
      mode: 'AC',
      config: { ...config, ...more },
      with: connected,
      behaviour: { startsAfterAuth: false },
    });
    await bench.plug();
    return bench;
  };
  const pilot = (bench: ChargerBench): string[] =>
    bench
      .sent('bsp')
      .filter((call) => ['pwm_on', 'cp_state_X1', 'cp_state_F'].includes(call.command))
      .map((call) =>
        call.command === 'pwm_on' ? `pwm ${Math.round(call.args.value as number)}` : call.command.slice(-2),
      );

  it('authorised before SLAC began: F, X1, then the nominal duty cycle', async () => {
    await using bench = await ChargerBench.create({
      mode: 'AC',
      config,
      with: connected,
      behaviour: { vehicle: false },
    });
    bench.harness.requires.bsp.answer({ pwm_on: () => undefined });
    await bench.plug();
    await bench.advance(600);
    await bench.authorise();
    await bench.advance(6000);
    inOrder(pilot(bench), 'pwm 5', '_F', 'X1', 'pwm 27');
    expect(bench.events().slice(0, 5)).to.deep.equal([
      ...START,
      'Authorized',
      'TransactionStarted',
      'PrepareCharging',
    ]);
  });

  it('authorised before the vehicle came: the nominal duty cycle at once', async () => {
    await using bench = await ChargerBench.create({
      mode: 'AC',
      with: ['slac', 'hlc'],
      config: { ac_hlc_enabled: true },
      behaviour: { vehicle: false },
    });
    await bench.authorise();
    await bench.advance(500);
    const before = bench.now;
    await bench.plug();
    await bench.advance(2000);
    const shown = bench
      .sent('bsp')
      .filter(({ at, command }) => at >= before && (command === 'pwm_on' || command === 'cp_state_F'))
      .map(({ args, at }) => [args.value, at - before]);
    expect(shown).to.have.length(1);
    expect(shown[0]?.[0]).to.be.closeTo(26.7, 0.1);
    expect(shown[0]?.[1]).to.be.within(500, 600);
  });

  it('5 % enforced: it stays', async () => {
    await using bench = await waiting({ ac_enforce_hlc: true });
    await bench.advance(1500);
    await bench.authorise();
    await bench.advance(500);
    expect(pilot(bench).at(-1)).to.equal('pwm 5');
    expect(bench.events().at(-1)).to.equal('PrepareCharging');
  });

  it('charge loop entered: 5 % stays, the stack closes the relays', async () => {
    await using bench = await waiting();
    await bench.advance(1500);
    await bench.authorise();
    await bench.advance(1000);
    bench.publish('hlc', 'v2g_setup_finished', null);
    await bench.advance(200);
    expect(bench.events().at(-1)).to.equal('PrepareCharging');
    bench.setCp('C');
    await bench.advance(200);
    expect(bench.events().at(-1)).to.equal('PrepareCharging');
    bench.publish('hlc', 'ac_close_contactor', null);
    await bench.advance(200);
    expect(bench.events().at(-1)).to.equal('ChargingStarted');
    expect(pilot(bench).at(-1)).to.equal('pwm 5');
    expect(bench.relaysClosed).to.equal(true);
    expect(bench.sent('hlc', 'ac_contactor_closed').at(-1)?.args).to.deep.equal({ status: true });
  });

  it('no charge loop for 10 s: X1, then the nominal duty cycle', async () => {
    await using bench = await waiting();
    await bench.advance(1500);
    await bench.authorise();
    await bench.advance(9500);
    expect(pilot(bench).at(-1)).to.equal('pwm 5');
    await bench.advance(4500);
    expect(pilot(bench).slice(-2)).to.deep.equal(['X1', 'pwm 27']);
  });
});
