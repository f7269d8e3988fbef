// SPDX-License-Identifier: Apache-2.0
import { bill, parseRecord } from '@carabiner/ocmf';
import { expect } from 'chai';
import { MeterBench, type BenchOptions } from './meter-bench.js';

const USER = JSON.stringify({ IS: true, IL: 'NONE', IF: [], IT: 'NONE', ID: 'SOMEBODY', US: false });

const JOURNAL = 'iem_dcr.iemdcr.journal';

/** A charging session, up to the moment when something happens. */
async function session(options: BenchOptions = {}): Promise<MeterBench> {
  const bench = await MeterBench.ready(options);
  expect((await bench.start()).status).to.equal('OK');
  await bench.charge();
  return bench;
}

const restartDriver = async (bench: MeterBench): Promise<void> => {
  await bench.driver.shutdown();
  await bench.advance(20_000);
  await bench.startDriver();
};

const powerFailure = async (bench: MeterBench): Promise<void> => {
  await bench.gateway.powerOff();
  await bench.advance(20_000);
  await bench.gateway.powerOn();
};

/** What EVerest's rules for a power failure of the station ask for: stop the last id, then end all that is open. */
async function recover(bench: MeterBench) {
  const stopped = await bench.stop('tx-1');
  const cleared = await bench.stop('');
  expect(cleared.status).to.equal('OK');
  return stopped;
}

describe('recovery', () => {
  for (const stored of [true, false]) {
    const store = (): BenchOptions => (stored ? { store: new Map() } : {});
    describe(stored ? 'with a store' : 'without a store', () => {
      it('hands over the record after the driver was restarted', async () => {
        await using bench = await session(store());
        await restartDriver(bench);
        const { status, signed_meter_value } = await recover(bench);
        expect(status).to.equal('OK');
        expect(signed_meter_value?.signed_meter_data).to.equal(bench.meter.lastRecord);
        expect(bench.meter.nextPage, 'one record only').to.equal(1);
      });

      for (const end of ['P', 'E', 'running'] as const)
        it(`hands over the record after the meter was without power (${end})`, async () => {
          await using bench = await session({ ...store(), switches: { transactionOnPowerFailure: end } });
          await powerFailure(bench);
          await bench.until(() => !bench.faultActive);
          const { status, signed_meter_value } = await recover(bench);
          expect(status).to.equal('OK');
          const record = parseRecord(signed_meter_value!.signed_meter_data);
          expect(record.payload.RD.at(-1)?.TX).to.equal(end === 'running' ? 'E' : end);
          expect(bill([record]).import?.energy.toString()).to.equal('0.666');
        });

      it('hands over the record after both were without power', async () => {
        await using bench = await session(store());
        await bench.driver.shutdown();
        await bench.gateway.powerOff();
        await bench.startDriver();
        const stopping = bench.main.call.stop_transaction({ transaction_id: 'tx-1' });
        await bench.advance(8000);
        await bench.gateway.powerOn();
        const { status, signed_meter_value } = await bench.finish(stopping);
        expect(status).to.equal('OK');
        expect(parseRecord(signed_meter_value!.signed_meter_data).payload).to.include({
          ID: '04281FD2FB7381',
          PG: 'T0',
        });
        expect((await bench.start({ transaction_id: 'tx-2', identification_data: 'NEXT' })).status).to.equal(
          'OK',
        );
      });
    });
  }

  it('ends a dangling transaction that nobody remembers', async () => {
    await using bench = await session();
    await restartDriver(bench);
    const { status, signed_meter_value } = await bench.stop('');
    expect(status).to.equal('OK');
    expect(signed_meter_value?.signed_meter_data).to.equal(bench.meter.lastRecord);
    expect(bench.meter.running).to.be.false;
  });

  it('does not pass off an older record when the meter has lost the transaction', async () => {
    await using bench = await MeterBench.ready({
      store: new Map(),
      switches: { transactionOnPowerFailure: 'lost' },
    });
    await bench.start({ transaction_id: 'tx-0', identification_data: 'BEFORE' });
    await bench.stop('tx-0');
    await bench.start();
    await bench.charge();
    await bench.driver.shutdown();
    await powerFailure(bench);
    await bench.startDriver();
    const { status, error } = await bench.stop('tx-1');
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.equal('the meter has no record of transaction tx-1');
  });

  it('does not pass off the record of somebody unknown, also when it was found before anybody asked', async () => {
    for (const wait of [0, 5000]) {
      await using bench = await MeterBench.ready({
        store: new Map(),
        switches: { transactionOnPowerFailure: 'lost' },
      });
      // A record from before this driver.
      bench.meter.handle('POST', '/counter/v1/ocmf/user', USER);
      bench.meter.handle('POST', '/counter/v1/ocmf/receipt', '{"TX":"B"}');
      bench.meter.handle('POST', '/counter/v1/ocmf/receipt', '{"TX":"E"}');
      await bench.advance(1000);
      await bench.start();
      await bench.charge();
      await bench.driver.shutdown();
      await powerFailure(bench);
      await bench.startDriver();
      await bench.advance(wait);
      expect((await bench.stop('tx-1')).status).to.equal('UNEXPECTED_ERROR');
      expect((await bench.stop('tx-1')).status, 'asked again').to.equal('UNEXPECTED_ERROR');
    }
  });

  it('does not hand the record of the open transaction to another one, and asks no more for it', async () => {
    await using bench = await MeterBench.ready({ store: new Map() });
    await bench.start();
    await bench.charge();
    await bench.driver.shutdown();
    await bench.gateway.powerOff();
    await bench.startDriver();
    const stopping = bench.main.call.stop_transaction({ transaction_id: 'tx-9' });
    await bench.advance(1000);
    await bench.gateway.powerOn();
    expect((await bench.finish(stopping)).error).to.equal(
      'the last record of the meter is not that of transaction tx-9: it is that of tx-1',
    );
    const requests = await bench.during(() => bench.advance(5000));
    expect(requests.filter((line) => line === 'GET /transaction')).to.deep.equal([]);
    expect((await bench.stop('tx-1')).signed_meter_value?.signed_meter_data).to.equal(bench.meter.lastRecord);
  });

  it('asks no more for the record of an open transaction that is known to be its', async () => {
    const store = new Map<string, unknown>();
    await using bench = await session({ store });
    const { open } = store.get(JOURNAL) as { open: unknown };
    expect((await bench.stop()).status).to.equal('OK');
    await bench.driver.shutdown();
    store.set(JOURNAL, { ...(store.get(JOURNAL) as object), open });
    await bench.startDriver();
    await bench.advance(3000);
    const requests = await bench.during(() => bench.advance(5000));
    expect(requests.filter((line) => line === 'GET /transaction')).to.deep.equal([]);
    expect(store.get(JOURNAL)).to.not.have.property('open');
    expect((await bench.stop()).signed_meter_value?.signed_meter_data).to.equal(bench.meter.lastRecord);
  });

  it('takes an id that is used again for the new transaction', async () => {
    await using bench = await MeterBench.ready({ store: new Map() });
    await bench.start();
    const first = await bench.stop();
    await bench.start();
    const second = await bench.stop();
    expect(second.status).to.equal('OK');
    expect(second.signed_meter_value?.signed_meter_data).to.equal(bench.meter.lastRecord);
    expect(second).to.not.deep.equal(first);
  });

  it('takes the records of a meter that was exchanged, though its pages begin anew', async () => {
    const store = new Map<string, unknown>();
    {
      await using before = await MeterBench.ready({ store, meter: { serial: '1ISA1', firstPage: 70 } });
      await before.start();
      await before.stop();
    }
    await using bench = await MeterBench.ready({ store, meter: { serial: '1ISA2' } });
    await bench.start({ transaction_id: 'tx-2' });
    expect((await bench.stop('tx-2')).status).to.equal('OK');
  });

  it('fetches a record later that it could not fetch at the stop, for the one who asked', async () => {
    for (const stored of [true, false]) {
      await using bench = await session(stored ? { store: new Map() } : {});
      await restartDriver(bench);
      await bench.until(() => bench.main.latest.powermeter !== undefined);
      for (const path of ['/receipt', '/transaction'])
        bench.gateway.inject({ kind: 'status', method: 'GET', path, times: 6 });
      expect((await bench.stop('tx-1')).status).to.equal('UNEXPECTED_ERROR');
      bench.gateway.clearFaults();
      await bench.advance(3000);
      expect((await bench.stop('tx-1')).signed_meter_value?.signed_meter_data).to.equal(
        bench.meter.lastRecord,
      );
    }
  });

  it('gives the record again after a restart in the middle of handing it over', async () => {
    await using bench = await session({ store: new Map() });
    const first = await bench.stop();
    await bench.start({ transaction_id: 'tx-2', identification_data: 'NEXT' });
    await restartDriver(bench);
    expect(await bench.stop('tx-1')).to.deep.equal(first);
  });

  it('keeps every record ever fetched under a key of its own', async () => {
    const store = new Map<string, unknown>();
    await using bench = await MeterBench.ready({ store });
    for (const id of ['a', 'b', 'c']) {
      await bench.start({ transaction_id: id, identification_data: id });
      await bench.stop(id);
    }
    const records = [...store.keys()].filter((key) => key.includes('.record.'));
    expect(records).to.deep.equal(
      ['T0', 'T1', 'T2'].map((page) => `iem_dcr.iemdcr.record.${bench.meter.serial}.${page}`),
    );
  });

  it('stops the charging when the meter ends a transaction by itself', async () => {
    await using bench = await session();
    bench.meter.powerCycle();
    await bench.advance(3000);
    expect(bench.main.errors.active.map(({ type, message }) => `${type}: ${message}`)).to.deep.equal([
      'powermeter/VendorError: the meter has ended transaction tx-1 by itself',
    ]);
    expect((await bench.stop()).signed_meter_value?.signed_meter_data).to.equal(bench.meter.lastRecord);
    expect(bench.main.errors.active).to.deep.equal([]);
  });

  it('takes its record for what it is though the clock of the meter was far off until just before', async () => {
    await using bench = await MeterBench.ready({ store: new Map() });
    bench.meter.handle('POST', '/counter/v1/ocmf/datetime', '{"TM":"2020-01-01T00:00:00,000+0100"}');
    await bench.driver.shutdown();
    await bench.startDriver();
    await bench.until(() => bench.briefs.some((line) => line.startsWith('POST /datetime')));
    expect((await bench.start()).status).to.equal('OK');
    expect((await bench.stop()).status).to.equal('OK');
  });

  it('raises nothing for a transaction of an earlier run', async () => {
    await using bench = await session({ store: new Map() });
    await bench.driver.shutdown();
    await powerFailure(bench);
    await bench.startDriver();
    await bench.advance(5000);
    expect(bench.main.errors.active).to.deep.equal([]);
    expect((await bench.stop()).status).to.equal('OK');
  });

  it('goes on with live values while the store does not answer', async () => {
    await using bench = await MeterBench.create({ store: new Map(), loadHangs: true });
    await bench.until(() => bench.main.latest.powermeter !== undefined, 1000);
    expect((await bench.start()).status).to.equal('OK');
    expect(bench.clock.monotonic()).to.be.within(5000, 8000);
  });

  it('asks a store that does not answer again, and loses nothing that either knows', async () => {
    const store = new Map<string, unknown>();
    await using bench = await MeterBench.ready({ store });
    expect((await bench.start()).status).to.equal('OK');
    expect((await bench.stop('tx-1')).status).to.equal('OK');
    const [record] = (store.get('iem_dcr.iemdcr.journal') as { kept: { record: string }[] }).kept;
    await bench.driver.shutdown();
    bench.storeAway = true;
    await bench.startDriver();
    expect((await bench.start({ transaction_id: 'tx-2' })).status).to.equal('OK');
    expect(store.get('iem_dcr.iemdcr.journal'), 'not written over').to.have.property('kept').of.length(1);
    bench.storeAway = false;
    await bench.advance(2000);
    const journal = store.get('iem_dcr.iemdcr.journal') as {
      kept: unknown[];
      open?: { transactionId: string };
    };
    expect(journal.open?.transactionId).to.equal('tx-2');
    expect(journal.kept).to.deep.equal([record]);
    expect((await bench.stop('tx-1')).signed_meter_value?.signed_meter_data).to.equal(record!.record);
    expect((await bench.stop('tx-2')).status).to.equal('OK');
  });

  for (const idle of [true, false])
    it(`keeps the record of a transaction that only the store remembers, which answers late (meter ${idle ? 'idle' : 'running'})`, async () => {
      const store = new Map<string, unknown>();
      await using bench = await session({ store });
      await bench.driver.shutdown();
      if (idle) bench.meter.handle('POST', '/counter/v1/ocmf/receipt', '{"TX":"E"}');
      bench.storeAway = true;
      await bench.startDriver();
      await bench.until(() => bench.main.latest.powermeter !== undefined);
      expect((await bench.start({ transaction_id: 'tx-2', identification_data: 'NEXT' })).status).to.equal(
        'OK',
      );
      bench.storeAway = false;
      await bench.advance(2000);
      const { signed_meter_value } = await bench.stop('tx-1');
      const { ID, PG } = parseRecord(signed_meter_value!.signed_meter_data).payload;
      expect({ ID, PG }).to.deep.equal({ ID: '04281FD2FB7381', PG: 'T0' });
      expect(bench.meter.running, 'the new one goes on').to.be.true;
      const next = (await bench.stop('tx-2')).signed_meter_value;
      expect(parseRecord(next!.signed_meter_data).payload.ID).to.equal('NEXT');
    });

  it('says that a transaction is lost of which neither the store nor the meter has the record', async () => {
    const store = new Map<string, unknown>();
    await using bench = await session({ store, switches: { transactionOnPowerFailure: 'lost' } });
    await bench.driver.shutdown();
    await powerFailure(bench);
    bench.storeAway = true;
    await bench.startDriver();
    await bench.until(() => bench.main.latest.powermeter !== undefined);
    expect((await bench.start({ transaction_id: 'tx-2' })).status).to.equal('OK');
    bench.storeAway = false;
    await bench.advance(2000);
    expect((await bench.stop('tx-1')).error).to.equal('the meter has no record of transaction tx-1');
    expect((await bench.stop('tx-2')).status).to.equal('OK');
  });

  it('works with a store that fails', async () => {
    await using bench = await MeterBench.ready({ store: new Map() });
    bench.driver.requires.store.answer({
      store: () => {
        throw new Error('disk full');
      },
    });
    expect((await bench.start()).status).to.equal('OK');
    expect((await bench.stop()).status).to.equal('OK');
    expect(
      bench.driver.logLines.some(({ message }) => message === 'the transaction journal cannot be written'),
    ).to.be.true;
  });

  it('begins anew with a journal that cannot be read', async () => {
    const store = new Map<string, unknown>([['iem_dcr.iemdcr.journal', { kept: 'nonsense' }]]);
    await using bench = await MeterBench.ready({ store });
    expect((await bench.start()).status).to.equal('OK');
    expect((await bench.stop()).status).to.equal('OK');
  });
});
