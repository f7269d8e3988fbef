// SPDX-License-Identifier: Apache-2.0
import { bill, parseRecord, verifyRecord } from '@carabiner/ocmf';
import { FAULT_KINDS } from '@carabiner/plugin-simulator/iem-dcr';
import { expect } from 'chai';
import { MeterBench } from './meter-bench.js';
import { SeededRandom } from './random.js';

/**
 * A day of charging with everything going wrong, on virtual time over real HTTP. Each second of it takes a real request,
 * so the ordinary test run plays the first minutes only; CARABINER_SOAK_HOURS=24 plays the day.
 */
const HOURS = Number(process.env.CARABINER_SOAK_HOURS ?? '0.5');
const SEED = Number(process.env.CARABINER_SOAK_SEED ?? '4711');

const PATHS = [
  '/gw',
  '/metervalue',
  '/publickey',
  '/user',
  '/receipt',
  '/transaction',
  '/datetime',
  '/tariff',
];

/** One thing that goes wrong, and is over within a few minutes. */
async function disturb(bench: MeterBench, random: SeededRandom): Promise<void> {
  if (random.chance(0.75)) {
    bench.gateway.inject({
      kind: random.pick(FAULT_KINDS),
      path: random.pick(PATHS),
      times: random.between(1, 4),
      acts: random.chance(0.5),
      ms: random.between(10, 8000),
    });
    return;
  }
  if (random.chance(0.3)) {
    bench.meter.powerCycle();
    return;
  }
  const power = random.chance(0.5);
  await (power ? bench.gateway.powerOff() : bench.gateway.unplug());
  await bench.advance(random.between(1000, 90_000));
  await (power ? bench.gateway.powerOn() : bench.gateway.plugIn());
}

describe(`${HOURS} hours with random faults (seed ${SEED})`, () => {
  it('keep the live values coming, lose no transaction and leak nothing', async function () {
    this.timeout(30_000 + HOURS * 60_000);
    const random = new SeededRandom(SEED);
    const store = new Map<string, unknown>();
    await using bench = await MeterBench.ready({
      store,
      config: {
        TT_initial: 'welcome',
        datetime_resync_interval: 1,
        resilience_initial_connection_retry_delay: 5000,
      },
    });
    const endMs = bench.clock.monotonic() + HOURS * 3_600_000;
    let lastValueMs = bench.clock.monotonic();
    let longestGapMs = 0;
    let values = 0;
    const watch = (): void => {
      bench.main.subscribe.powermeter(() => {
        longestGapMs = Math.max(longestGapMs, bench.clock.monotonic() - lastValueMs);
        lastValueMs = bench.clock.monotonic();
        values++;
      });
    };
    watch();
    const begun: string[] = [];
    const refused: string[] = [];
    const calm = async (): Promise<void> => {
      bench.gateway.clearFaults();
      await bench.until(() => !bench.faultActive, 60_000);
      await bench.advance(12_000);
    };

    for (let number = 0; bench.clock.monotonic() < endMs; number++) {
      const id = `tx-${number}`;
      if (random.chance(0.4)) await disturb(bench, random);
      const { status } = await bench.start({ transaction_id: id, identification_data: `ID-${number}` });
      if (status !== 'OK') {
        refused.push(id);
        await calm();
        continue;
      }
      begun.push(id);
      bench.meter.setOutput(random.between(200, 900), random.between(10, 120));
      for (let phase = random.between(1, 4); phase > 0; phase--) {
        await bench.advance(random.between(5000, 60_000));
        await disturb(bench, random);
      }
      bench.meter.setOutput(0, 0);
      await bench.advance(1000);
      if (random.chance(0.15)) {
        await bench.driver.shutdown();
        await bench.advance(random.between(0, 10_000));
        await bench.startDriver();
        watch();
      }
      let stopped = await bench.stop(id);
      for (let attempt = 0; stopped.status !== 'OK' && attempt < 3; attempt++) {
        await calm();
        stopped = await bench.stop(id);
      }
      expect(stopped.status, `${id}: ${stopped.error ?? ''}`).to.equal('OK');
      const { signed_meter_data, public_key } = stopped.signed_meter_value!;
      const record = parseRecord(signed_meter_data);
      expect(record.payload.ID).to.equal(`ID-${number}`);
      expect(
        bill([record]).findings.filter(({ code }) => code === 'value-falling' || code === 'no-end'),
      ).to.deep.equal([]);
      expect(
        verifyRecord(record, public_key === '' ? bench.meter.publicKeyHex : public_key).verdict,
      ).to.equal('valid');
    }
    await calm();

    // Every record the meter ever signed was fetched, those of starts that were answered with an error included.
    const kept = [...store.keys()].filter((key) => key.includes('.record.'));
    expect(begun.length).to.be.greaterThan(HOURS * 5);
    expect(kept.length, 'records fetched').to.equal(bench.meter.nextPage);
    expect(kept.length).to.be.at.least(begun.length);
    let afterwards = 0;
    bench.main.subscribe.powermeter(() => {
      afterwards++;
    });
    await bench.advance(10_000);
    expect(afterwards, 'values in ten seconds').to.equal(10);
    expect(longestGapMs, 'longest time without a value').to.be.lessThan(240_000);
    expect(values).to.be.greaterThan(HOURS * 3600 * 0.4);
    expect(bench.gateway.connections).to.be.at.most(1);
    expect(bench.driver.pendingTimers).to.be.at.most(2);
    console.log(
      `      ${values} values, ${begun.length} transactions, ${refused.length} starts refused, ${bench.requests.length} requests`,
    );
  });
});
