// SPDX-License-Identifier: Apache-2.0
import type { Powermeter } from '@carabiner/interfaces/types/powermeter';
import { expect } from 'chai';
import { liveValuesSchema } from '../dist/device/answers.js';
import { toPowermeter } from '../dist/device/live-powermeter.js';
import { MeterBench } from './meter-bench.js';

const FIXTURE = {
  MS: '1ISA0200000001',
  TM: '2024-12-15T22:42:28,000+0200 U',
  EF: 't',
  ST: 'G',
  XT: false,
  RD: [
    { RV: '00000446.540', RI: '1-b:1.8.e', RU: 'kWh', RT: 'DC' },
    { RV: '00000004.881', RI: '1-b:2.8.e', RU: 'kWh', RT: 'DC' },
    { WV: '00000001.040', WI: 'transaction_1-b:1.8.e', WU: 'kWh', WT: 'DC' },
    { WV: '00000002.503', WI: 'transaction_1-b:2.8.e', WU: 'kWh', WT: 'DC' },
  ],
  U1: 1.089,
  U2: 60.1,
  U3: 0,
  U4: 0,
  I: 5,
  P: 300,
  XS: '0x0000004000000004',
  XC: '0x0000, 0x00000000, 0x00, 0x00',
};

describe('live values', () => {
  const common = {
    timestamp: '2024-12-15T22:42:28.000+02:00',
    meter_id: '1ISA0200000001',
    power_W: { total: 300 },
    voltage_V: { DC: 60.1 },
    current_A: { DC: 5 },
  };

  it('are those of the total registers', () =>
    expect(toPowermeter(liveValuesSchema.parse(FIXTURE), 'total', '')).to.deep.equal({
      ...common,
      energy_Wh_import: { total: 446_540 },
      energy_Wh_export: { total: 4881 },
    }));

  it('or those of the transaction, by choice', () =>
    expect(toPowermeter(liveValuesSchema.parse(FIXTURE), 'transaction', '')).to.deep.equal({
      ...common,
      energy_Wh_import: { total: 1040 },
      energy_Wh_export: { total: 2503 },
    }));

  it('are exact to the watt-hour where 32-bit floats are not, and with all digits used', () => {
    for (const [RV, wh] of [
      ['16777217.003', 16_777_217_003],
      ['99999999.999', 99_999_999_999],
      ['8000.001', 8_000_001],
    ] as const) {
      const live = liveValuesSchema.parse({ ...FIXTURE, RD: [{ RV }, ...FIXTURE.RD.slice(1)] });
      expect(toPowermeter(live, 'total', '').energy_Wh_import.total).to.equal(wh);
    }
  });

  it('come once a second', async () => {
    await using bench = await MeterBench.ready();
    let values = 0;
    bench.main.subscribe.powermeter(() => {
      values++;
    });
    await bench.advance(60_000);
    expect(values).to.equal(60);
  });

  it('use one connection when told to', async () => {
    await using bench = await MeterBench.ready({ config: { keep_alive: true } });
    await bench.advance(10_000);
    expect(bench.gateway.accepted).to.equal(1);
  });

  it('use a connection for each request unless told otherwise', async () => {
    await using bench = await MeterBench.ready();
    await bench.advance(10_000);
    expect(bench.gateway.accepted).to.equal(bench.requests.length);
  });

  it('show what flows', async () => {
    await using bench = await MeterBench.ready({ startMs: Date.UTC(2026, 5, 1, 12) });
    bench.meter.setOutput(400, 125.5);
    await bench.advance(360_000);
    expect(bench.main.latest.powermeter).to.deep.include({
      voltage_V: { DC: 400 },
      current_A: { DC: 125.5 },
      power_W: { total: 50_200 },
      energy_Wh_import: { total: 446_540 + 5020 },
      timestamp: '2026-06-01T14:06:00.000+02:00',
    });
  });

  it('name the path of what is wrong in an answer, and do not raise the fault at once', async () => {
    await using bench = await MeterBench.ready();
    const RD = [{ RV: 446.54 }, ...FIXTURE.RD.slice(1)];
    bench.gateway.inject({
      kind: 'malformed-json',
      path: '/metervalue',
      body: JSON.stringify({ ...FIXTURE, RD }),
    });
    await bench.advance(1500);
    const line = bench.driver.logLines.find(({ message }) => message === 'no live values');
    expect(JSON.stringify(line)).to.include('RD[0].RV');
    expect(bench.faultActive).to.be.false;
  });

  for (const [what, changes] of Object.entries({
    'current as text': { I: '5' },
    'no serial': { MS: undefined },
    'XT as text': { XT: 'false' },
    'a time that is no text': { TM: 1_734_296_548 },
    'too few registers': { RD: FIXTURE.RD.slice(0, 1) },
    'a register that is no number': { RD: [{ RV: 'x' }, ...FIXTURE.RD.slice(1)] },
    'a register without value': { RD: [{}, ...FIXTURE.RD.slice(1)] },
    'a register that is a JSON number': { RD: [{ RV: 446.54 }, ...FIXTURE.RD.slice(1)] },
    'a register with an exponent': { RD: [{ RV: '4.4654e2' }, ...FIXTURE.RD.slice(1)] },
    'registers that are none': { RD: 'none' },
    'power missing': { P: undefined },
  }))
    it(`with ${what} are refused, and the fault is raised when it goes on`, async () => {
      await using bench = await MeterBench.ready();
      const body = JSON.stringify({ ...FIXTURE, ...changes });
      bench.gateway.inject({ kind: 'malformed-json', path: '/metervalue', body, times: 0 });
      await bench.until(() => bench.faultActive, 10_000);
      bench.gateway.clearFaults();
      await bench.until(() => !bench.faultActive, 15_000);
    });

  const START_MS = Date.UTC(2026, 5, 1);
  const shown = async (changes: object, config: object = {}): Promise<Powermeter | undefined> => {
    const body = JSON.stringify({ ...FIXTURE, ...changes });
    await using bench = await MeterBench.create({
      config,
      startMs: START_MS,
      faults: [{ kind: 'malformed-json', path: '/metervalue', body, times: 0 }],
    });
    await bench.advance(4000);
    expect(bench.faultActive).to.equal(bench.main.latest.powermeter === undefined);
    return bench.main.latest.powermeter;
  };

  it('come without what is not shown, whatever it is', async () => {
    expect(await shown({ ST: 1, EF: null })).to.deep.equal(await shown({}));
    const { meter_id, ...rest } = common;
    expect(meter_id).to.not.equal('');
    expect(await shown({ MS: '' })).to.deep.equal({
      ...rest,
      energy_Wh_import: { total: 446_540 },
      energy_Wh_export: { total: 4881 },
    });
  });

  it('need the registers that are shown only', async () => {
    const [totalImport, totalExport, ...ofTransaction] = FIXTURE.RD;
    expect((await shown({ RD: [totalImport, totalExport] }))?.energy_Wh_import.total).to.equal(446_540);
    expect((await shown({ RD: [totalImport, totalExport, 7] }))?.energy_Wh_import.total).to.equal(446_540);
    const transaction = { energy_register: 'transaction' };
    expect(await shown({ RD: [totalImport, totalExport, ofTransaction[0]] }, transaction)).to.equal(
      undefined,
    );
    expect(
      (await shown({ RD: [null, null, ...ofTransaction] }, transaction))?.energy_Wh_import.total,
    ).to.equal(1040);
  });

  it('may have a sign', async () => {
    const RD = [{ RV: '+00000446.540' }, { RV: '-0000004.881' }];
    expect(await shown({ RD })).to.deep.include({
      energy_Wh_import: { total: 446_540 },
      energy_Wh_export: { total: -4881 },
    });
  });

  it('have the time of the driver when that of the meter cannot be read', async () => {
    for (const TM of ['', 'now', '2024-12-15 22:42:28'])
      expect(Date.parse((await shown({ TM }))?.timestamp ?? '')).to.be.within(START_MS, START_MS + 4000);
  });

  it('that are lost once do not raise the fault', async () => {
    await using bench = await MeterBench.ready();
    let raised = 0;
    bench.main.errors.subscribe('*', {
      raised: () => {
        raised++;
      },
    });
    bench.gateway.inject({ kind: 'reset', path: '/metervalue' });
    await bench.advance(5000);
    expect(bench.gateway.pendingFaults).to.equal(0);
    expect(raised).to.equal(0);
  });
});

describe('loss of communication', () => {
  it('raises the fault within three seconds and clears it after the first value', async () => {
    await using bench = await MeterBench.ready();
    await bench.gateway.unplug();
    expect(await bench.until(() => bench.faultActive)).to.be.at.most(3000);
    await bench.advance(30_000);
    await bench.gateway.plugIn();
    let values = 0;
    bench.main.subscribe.powermeter(() => {
      values++;
    });
    await bench.until(() => !bench.faultActive, 15_000);
    await bench.quiet();
    expect(values).to.equal(1);
    await bench.advance(10_000);
    expect(values).to.equal(11);
  });

  it('by silence ends with the time limit', async () => {
    await using bench = await MeterBench.ready();
    bench.gateway.inject({ kind: 'stall', path: '/metervalue', times: 0 });
    const took = await bench.until(() => bench.faultActive, 20_000);
    expect(took).to.be.within(5000, 6000);
    expect(bench.main.errors.active[0]?.message).to.include('no whole answer within 5000 ms');
    bench.gateway.clearFaults();
    await bench.until(() => !bench.faultActive, 20_000);
  });

  it('by silence does not hold up the end of the driver', async () => {
    await using bench = await MeterBench.ready();
    bench.gateway.inject({ kind: 'stall', path: '/metervalue', times: 0 });
    await bench.until(() => bench.gateway.held === 1);
    await bench.driver.shutdown();
    await bench.quiet();
    expect(bench.driver.module.client.inFlight).to.equal(0);
    expect(bench.driver.pendingTimers).to.equal(0);
  });

  it('is not seen in an answer that is only late', async () => {
    await using bench = await MeterBench.ready();
    bench.gateway.inject({ kind: 'latency', ms: 4000, path: '/metervalue', times: 3 });
    await bench.advance(20_000);
    expect(bench.gateway.pendingFaults).to.equal(0);
    expect(bench.faultActive).to.be.false;
  });
});

describe('clock of the meter', () => {
  const settings = (bench: MeterBench): string[] =>
    bench.briefs.filter((line) => line.startsWith('POST /datetime'));

  /** Hours without a connection pass quickly: the driver only knocks every ten seconds. */
  const away = async (bench: MeterBench, hours: number): Promise<void> => {
    await bench.gateway.unplug();
    await bench.advance(hours * 3_600_000);
    await bench.gateway.plugIn();
    await bench.until(() => !bench.faultActive);
  };

  it('is set when two hours have passed since it was', async () => {
    await using bench = await MeterBench.ready({ startMs: Date.UTC(2026, 0, 1) });
    await away(bench, 1.9);
    expect(settings(bench)).to.deep.equal([]);
    await bench.advance(0.1 * 3_600_000);
    expect(settings(bench)).to.deep.equal(['POST /datetime {"TM":"2026-01-01T03:00:00,000+0100"}']);
    await away(bench, 1.9);
    expect(settings(bench)).to.have.length(1);
  });

  it('is set at once where the gateway was set before', async () => {
    await using bench = await MeterBench.ready();
    await bench.driver.shutdown();
    await bench.startDriver();
    await bench.until(() => settings(bench).length === 1, 3000);
  });

  it('is not set during a transaction', async () => {
    await using bench = await MeterBench.ready({ config: { datetime_resync_interval: 1 } });
    await bench.start();
    await away(bench, 1.5);
    await bench.advance(5000);
    expect(settings(bench)).to.deep.equal([]);
    await bench.stop();
    await bench.until(() => settings(bench).length === 1, 3000);
  });

  it('is set later when it was refused, and the values go on', async () => {
    await using bench = await MeterBench.ready({ config: { datetime_resync_interval: 1 } });
    bench.gateway.inject({ kind: 'status', path: '/datetime', status: 500, times: 3 });
    await bench.advance(1000);
    await away(bench, 1);
    let values = 0;
    bench.main.subscribe.powermeter(() => {
      values++;
    });
    await bench.advance(40_000);
    expect(settings(bench)).to.have.length(4);
    expect(values).to.equal(40);
  });

  it('is set a second later when it was refused, and that is told once', async () => {
    await using bench = await MeterBench.ready();
    await bench.driver.shutdown();
    bench.gateway.inject({ kind: 'status', path: '/datetime', status: 500, times: 3 });
    await bench.startDriver();
    await bench.until(() => settings(bench).length === 4, 3500);
    await bench.advance(5000);
    expect(settings(bench)).to.have.length(4);
    const told = bench.driver.logLines.filter(
      ({ level, message }) => level === 'warn' && message === 'the clock of the meter could not be set',
    );
    expect(told).to.have.length(1);
  });
});
