// SPDX-License-Identifier: Apache-2.0
import { bill, OcmfPublicKey, parseRecord, verifyRecord } from '@carabiner/ocmf';
import type { TransactionStopResponse } from '@carabiner/interfaces/types/powermeter';
import type { Fault } from '@carabiner/plugin-simulator/iem-dcr';
import { expect } from 'chai';
import { MeterBench } from './meter-bench.js';

const recordOf = (response: TransactionStopResponse): string => {
  expect(response.status, response.error).to.equal('OK');
  return response.signed_meter_value!.signed_meter_data;
};

describe('stop_transaction', () => {
  it('sends exactly the requests of the protocol, 250 ms apart', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.charge();
    const startMs = bench.clock.monotonic();
    const requests = await bench.during(async () => expect((await bench.stop()).status).to.equal('OK'));
    expect(requests).to.deep.equal(['POST /receipt {"TX":"E"}', 'GET /receipt']);
    expect(bench.clock.monotonic() - startMs).to.equal(250);
  });

  it('hands over the record untouched, with the key that verifies it', async () => {
    await using bench = await MeterBench.ready({ startMs: Date.UTC(2026, 2, 2, 7) });
    await bench.start({ tariff_text: 'Grundgebühr 1 €' });
    await bench.charge(3_600_000 / 60, 400, 150);
    const { signed_meter_value } = await bench.stop();
    expect(signed_meter_value).to.deep.equal({
      signed_meter_data: bench.meter.lastRecord,
      signing_method: '',
      encoding_method: 'OCMF',
      public_key: bench.meter.publicKeyHex,
    });
    const { signed_meter_data, public_key } = signed_meter_value!;
    expect(verifyRecord(signed_meter_data, public_key).verdict).to.equal('valid');
    const result = bill([parseRecord(signed_meter_data)]);
    expect(result.billable).to.be.true;
    expect(result.import?.energy.toString()).to.equal('1.000');
    expect(parseRecord(signed_meter_data).payload).to.include({
      TT: 'Grundgebühr 1 €',
      CI: 'DE*ABC*E0001',
      CT: 'EVSEID',
    });
  });

  for (const signatureForm of ['der', 'der-fixed-width', 'raw-rs'])
    for (const keyForm of ['spki', 'point', 'raw-xy'])
      it(`hands over records signed as ${signatureForm} with a key as ${keyForm}`, async () => {
        await using bench = await MeterBench.ready({
          switches: { signatureForm, keyForm, exportReadings: true },
        });
        for (const id of ['a', 'b', 'c']) {
          await bench.start({ transaction_id: id, identification_data: id });
          const { signed_meter_data, public_key } = (await bench.stop(id)).signed_meter_value!;
          expect(verifyRecord(signed_meter_data, OcmfPublicKey.parse(public_key!)).verdict).to.equal('valid');
        }
        expect(bench.driver.logLines.filter(({ level }) => level === 'error')).to.deep.equal([]);
      });

  const keyReads = (bench: MeterBench): number =>
    bench.briefs.filter((line) => line === 'GET /publickey').length;

  it('reads the key once when it is known, and again when it is not', async () => {
    await using known = await MeterBench.ready();
    await known.start();
    await known.stop();
    expect(keyReads(known)).to.equal(1);
    await using unknown = await MeterBench.ready({ faults: [{ kind: 'status', path: '/publickey' }] });
    await unknown.start();
    expect((await unknown.stop()).signed_meter_value?.public_key).to.equal(unknown.meter.publicKeyHex);
    expect(keyReads(unknown)).to.equal(2);
  });

  it('hands over the record without key when the meter gives none', async () => {
    for (const kind of ['status', 'reset', 'malformed-json'] as const) {
      await using bench = await MeterBench.ready({ faults: [{ kind: 'status', path: '/publickey' }] });
      bench.gateway.inject({ kind, path: '/publickey', times: 0 });
      await bench.start();
      expect((await bench.stop()).signed_meter_value).to.include({
        public_key: '',
        signed_meter_data: bench.meter.lastRecord,
      });
    }
  });

  it('gives the same record again for the same transaction, without asking the meter', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    const first = await bench.stop();
    await bench.start({ transaction_id: 'tx-2', identification_data: 'OTHER' });
    const requests = await bench.during(async () => expect(await bench.stop()).to.deep.equal(first));
    expect(requests).to.deep.equal([]);
    expect(bench.meter.running).to.be.true;
  });

  it('refuses to end a transaction that was not asked for', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    const { status, error } = await bench.stop('tx-9');
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.equal('transaction tx-9 is not known; the meter runs tx-1, which goes on');
    expect(bench.meter.running).to.be.true;
  });

  it('ends whatever runs when the id is empty', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.charge();
    expect(recordOf(await bench.stop(''))).to.equal(bench.meter.lastRecord);
    expect(bench.meter.running).to.be.false;
    expect(recordOf(await bench.stop('tx-1')), 'it was kept for its own id').to.equal(bench.meter.lastRecord);
  });

  it('with an empty id is OK when nothing runs, with the last record if there is one', async () => {
    await using bench = await MeterBench.ready();
    expect(await bench.stop('')).to.deep.equal({ status: 'OK' });
    await bench.start();
    await bench.stop();
    expect(recordOf(await bench.stop(''))).to.equal(bench.meter.lastRecord);
  });

  it('says so when there is no transaction to return', async () => {
    await using bench = await MeterBench.ready();
    const requests = await bench.during(async () => {
      const { status, error } = await bench.stop('tx-0');
      expect(status).to.equal('UNEXPECTED_ERROR');
      expect(error).to.match(
        /GET .*\/counter\/v2\/ocmf\/transaction with status 404 Maybe no transaction to return\?$/,
      );
    });
    expect(requests).to.deep.equal(['GET /transaction', 'GET v2/ocmf/transaction']);
  });

  for (const transactionPath of ['v1', 'v2', 'both'])
    it(`fetches the last record where the firmware has it under ${transactionPath}`, async () => {
      await using bench = await MeterBench.ready({ switches: { transactionPath } });
      await bench.start();
      bench.meter.handle('POST', '/counter/v1/ocmf/receipt', '{"TX":"E"}');
      await bench.advance(1100);
      expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord);
    });

  it('does not hand out the record of another transaction', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.stop();
    const { status, error } = await bench.stop('tx-2');
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.equal(
      'the last record of the meter is not that of transaction tx-2: it is that of tx-1',
    );
  });

  it('compares the record with what was started, and keeps what does not fit', async () => {
    const store = new Map<string, unknown>();
    await using bench = await MeterBench.ready({ store });
    await bench.start();
    const other = JSON.stringify({ IS: true, IL: 'NONE', IF: [], IT: 'NONE', ID: 'SOMEBODY', US: false });
    for (const [path, body] of [
      ['receipt', '{"TX":"E"}'],
      ['user', other],
      ['receipt', '{"TX":"B"}'],
    ] as const)
      bench.meter.handle('POST', `/counter/v1/ocmf/${path}`, body);
    const { status, error } = await bench.stop();
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.include('ID is SOMEBODY, not 04281FD2FB7381');
    expect([...store.keys()]).to.include(`iem_dcr.iemdcr.record.${bench.meter.serial}.T1`);
  });

  it('says why when current flows, and succeeds when it does not', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    bench.meter.setOutput(400, 80);
    await bench.advance(1100);
    const { status, error } = await bench.stop();
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.match(/with status 428; the meter measures 80 A/);
    expect(bench.meter.running).to.be.true;
    bench.meter.setOutput(0, 0);
    expect((await bench.stop()).status).to.equal('OK');
  });

  for (const kind of ['reset', 'stall', 'truncated-body', 'status'] as const)
    it(`succeeds when the meter ended and its answer was lost by ${kind}`, async () => {
      await using bench = await MeterBench.ready();
      await bench.start();
      bench.gateway.inject({ kind, path: '/receipt', method: 'POST', acts: true });
      expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord);
    });

  it('waits for a meter that signs slowly', async () => {
    await using bench = await MeterBench.ready({ switches: { signingMs: 900 } });
    await bench.start();
    expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord);
  });

  it('fetches the record from the other place when the meter gives it no more', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    bench.gateway.inject({ kind: 'status', path: '/receipt', method: 'GET', times: 0 });
    const requests = await bench.during(async () => expect((await bench.stop()).status).to.equal('OK'));
    expect(requests).to.include('GET /transaction');
  });

  it('fetches it from there also while a little current flows', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    bench.meter.setOutput(400, 0.2);
    await bench.advance(1100);
    bench.gateway.inject({ kind: 'status', path: '/receipt', method: 'GET', times: 0 });
    expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord);
  });

  it('never repairs a record', async () => {
    await using bench = await MeterBench.ready({ switches: { receiptForm: 'wrapped' } });
    await bench.start();
    const { status, error } = await bench.stop();
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.match(/unexpected answer of the meter to GET .*receipt: no record, it begins with/);
  });

  it('asks again for a record that arrives damaged', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    bench.gateway.inject({ kind: 'malformed-json', path: '/receipt', method: 'GET', times: 2 });
    expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord);
  });

  it('hands over a record whose signature is wrong, and says so beside it', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    bench.meter.handle('POST', '/counter/v1/ocmf/receipt', '{"TX":"E"}');
    await bench.advance(1000);
    const body = bench.meter.lastRecord!.replace('"IL":"TRUSTED"', '"IL":"SECURE"');
    bench.gateway.inject({ kind: 'status', status: 200, body, path: '/transaction', times: 0 });
    await bench.driver.shutdown();
    await bench.startDriver();
    expect(recordOf(await bench.stop())).to.equal(body);
    const line = bench.driver.logLines.find(
      ({ message }) => message === 'the signature of the record is not right',
    );
    expect(line?.level).to.equal('error');
  });

  it('works before the first live value', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.driver.shutdown();
    bench.gateway.inject({ kind: 'latency', ms: 3000, path: '/metervalue' });
    await bench.startDriver();
    expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord);
    await using idle = await MeterBench.create();
    const { error } = await idle.stop('tx-1');
    expect(error).to.include('Maybe no transaction to return?');
  });
});

describe('stop_transaction without a connection', () => {
  it('waits for the meter, and hands over the right record', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.charge();
    await bench.gateway.unplug();
    await bench.until(() => bench.faultActive);
    const stopping = bench.main.call.stop_transaction({ transaction_id: 'tx-1' });
    await bench.advance(10_000);
    await bench.gateway.plugIn();
    const record = recordOf(await bench.finish(stopping));
    expect(record).to.equal(bench.meter.lastRecord);
    expect(bill([parseRecord(record)]).billable).to.be.true;
  });

  it('gives up after a bounded time, ends the transaction when the meter is back, and has its record then', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.charge();
    await bench.gateway.unplug();
    await bench.until(() => bench.faultActive);
    const startMs = bench.clock.monotonic();
    const { status, error } = await bench.stop();
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.match(
      /^Init of communication not finished yet\. HTTP client error on GET .*ECONNREFUSED/,
    );
    expect(bench.clock.monotonic() - startMs).to.be.at.most(15_000);
    await bench.gateway.plugIn();
    await bench.until(() => !bench.meter.running);
    await bench.advance(2000);
    expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord);
  });

  it('that nobody has noticed waits as well', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.charge();
    await bench.gateway.unplug();
    const stopping = bench.main.call.stop_transaction({ transaction_id: 'tx-1' });
    await bench.advance(10_000);
    await bench.gateway.plugIn();
    expect(recordOf(await bench.finish(stopping))).to.equal(bench.meter.lastRecord);
  });

  it('that nobody has noticed is made up for when the meter is back', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.charge();
    await bench.gateway.unplug();
    const startMs = bench.clock.monotonic();
    const { status, error } = await bench.stop();
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.match(
      /^Init of communication not finished yet\. HTTP client error on GET .*ECONNREFUSED/,
    );
    expect(bench.clock.monotonic() - startMs).to.be.within(14_000, 15_000);
    await bench.gateway.plugIn();
    await bench.until(() => !bench.meter.running);
    await bench.advance(2000);
    const requests = await bench.during(async () =>
      expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord),
    );
    expect(requests).to.deep.equal([]);
  });

  for (const [what, fault] of Object.entries<Fault>({
    'before the stop': { kind: 'stall', times: 0 },
    'after the end was sent': { kind: 'stall', path: '/receipt', method: 'POST', acts: true, times: 0 },
    'before the record came': { kind: 'stall', path: '/receipt', method: 'GET' },
  }))
    it(`that is silence ${what} does not take much longer`, async () => {
      await using bench = await MeterBench.ready();
      await bench.start();
      await bench.charge();
      bench.gateway.inject(fault);
      if (fault.path !== undefined) bench.gateway.inject({ kind: 'stall', times: 0, after: 1 });
      const startMs = bench.clock.monotonic();
      expect((await bench.stop()).status).to.equal('UNEXPECTED_ERROR');
      expect(bench.clock.monotonic() - startMs).to.be.within(14_000, 20_000);
      bench.gateway.clearFaults();
      await bench.until(() => !bench.faultActive && !bench.meter.running);
      await bench.advance(2000);
      expect(recordOf(await bench.stop())).to.equal(bench.meter.lastRecord);
    });

  it('counts what the stop had to wait for before its turn', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    bench.gateway.inject({ kind: 'stall', times: 0 });
    await bench.until(() => bench.gateway.held === 1);
    const startMs = bench.clock.monotonic();
    expect((await bench.stop()).status).to.equal('UNEXPECTED_ERROR');
    expect(bench.clock.monotonic() - startMs).to.be.at.most(20_000);
  });

  it('owes the record to the one who asked first when nobody remembers the transaction', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.charge();
    await bench.driver.shutdown();
    await bench.gateway.unplug();
    await bench.startDriver();
    for (const id of ['tx-1', '']) expect((await bench.stop(id)).status).to.equal('UNEXPECTED_ERROR');
    await bench.gateway.plugIn();
    await bench.until(() => !bench.meter.running);
    await bench.advance(2000);
    const record = bench.meter.lastRecord;
    const next = { transaction_id: 'tx-2', identification_data: 'NEXT' };
    expect((await bench.start(next)).status).to.equal('OK');
    expect(recordOf(await bench.stop('tx-1'))).to.equal(record);
  });

  it('owes it to that one also when the end of all that runs gets through first', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.driver.shutdown();
    await bench.gateway.unplug();
    await bench.startDriver();
    expect((await bench.stop('tx-1')).status).to.equal('UNEXPECTED_ERROR');
    const clearing = bench.main.call.stop_transaction({ transaction_id: '' });
    await bench.gateway.plugIn();
    const record = recordOf(await bench.finish(clearing));
    expect(recordOf(await bench.stop('tx-1'))).to.equal(record);
  });

  it('in a session that goes on is nothing the record would show', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    bench.meter.setOutput(400, 90);
    await bench.advance(30_000);
    await bench.gateway.unplug();
    await bench.advance(30_000);
    await bench.gateway.plugIn();
    await bench.until(() => !bench.faultActive);
    await bench.advance(60_000);
    bench.meter.setOutput(0, 0);
    const record = recordOf(await bench.stop());
    expect(record).to.equal(bench.meter.lastRecord);
    expect(parseRecord(record).payload.RD.map(({ TX }) => TX)).to.deep.equal(['B', 'E']);
  });
});
