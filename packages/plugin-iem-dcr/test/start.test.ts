// SPDX-License-Identifier: Apache-2.0
import { parseRecord } from '@carabiner/ocmf';
import type { Fault } from '@carabiner/plugin-simulator/iem-dcr';
import { expect } from 'chai';
import { EVSE, MeterBench } from './meter-bench.js';

const loopGoesOn = async (bench: MeterBench): Promise<void> => {
  let values = 0;
  bench.main.subscribe.powermeter(() => {
    values++;
  });
  await bench.advance(5000);
  expect(values).to.equal(5);
};

describe('start_transaction', () => {
  it('sends exactly the requests of the protocol', async () => {
    await using bench = await MeterBench.ready({ config: { US: true } });
    const requests = await bench.during(async () =>
      expect(await bench.start()).to.deep.equal({ status: 'OK' }),
    );
    expect(requests).to.deep.equal([
      'GET /gw',
      'POST /receipt {"TX":"E"}',
      'POST /user {"IS":true,"IL":"TRUSTED","IF":["RFID_PLAIN","OCPP_AUTH"],"IT":"ISO14443","ID":"04281FD2FB7381","US":true,"TT":"0,42 EUR/kWh"}',
      'POST /receipt {"TX":"B"}',
    ]);
    expect(bench.meter.running).to.be.true;
  });

  it('pauses 250 ms after the end of what ran before', async () => {
    await using bench = await MeterBench.ready();
    const startMs = bench.clock.monotonic();
    await bench.start();
    expect(bench.clock.monotonic() - startMs).to.equal(250);
  });

  const userOf = async (changes: object, config: object = {}): Promise<unknown> => {
    await using bench = await MeterBench.ready({ config });
    expect((await bench.start(changes)).status).to.equal('OK');
    return JSON.parse(bench.requests.find(({ path }) => path.endsWith('/user'))!.body);
  };

  it('identifies by the transaction when there is no identification', async () => {
    for (const identification_data of [undefined, ''])
      expect(await userOf({ identification_data })).to.include({ ID: 'tx-1' });
  });

  it('leaves out a tariff text that is empty', async () => {
    for (const tariff_text of [undefined, ''])
      expect(await userOf({ tariff_text })).to.not.have.property('TT');
  });

  it('gives a missing level a conforming one', async () => {
    expect(await userOf({ identification_level: undefined })).to.include({ IS: true, IL: 'HEARSAY' });
    expect(
      await userOf({ identification_level: undefined }, { identification_level_fallback: 'VERIFIED' }),
    ).to.include({ IL: 'VERIFIED' });
    expect(
      await userOf({ identification_level: undefined, identification_status: 'NOT_ASSIGNED' }),
    ).to.include({ IS: false, IL: 'NONE' });
  });

  it('accepts an empty evse_id', async () => {
    await using bench = await MeterBench.ready();
    expect(await bench.start({ evse_id: '' })).to.deep.equal({ status: 'OK' });
  });

  it('answers NOT_SUPPORTED to another evse_id, and goes on living', async () => {
    await using bench = await MeterBench.ready();
    expect(await bench.start({ evse_id: 'DE*XYZ*E1' })).to.deep.equal({
      status: 'NOT_SUPPORTED',
      error: 'config: CI does not match evse_id. This is not allowed.',
    });
    await loopGoesOn(bench);
  });

  it('answers UNEXPECTED_ERROR before the meter is initialised', async () => {
    await using bench = await MeterBench.create({ plugged: false });
    expect(await bench.start()).to.deep.equal({
      status: 'UNEXPECTED_ERROR',
      error: 'Init of communication not finished yet. Please try again later.',
    });
    await bench.gateway.plugIn();
    await bench.until(() => bench.main.latest.powermeter !== undefined);
    await loopGoesOn(bench);
  });

  it('answers UNEXPECTED_ERROR with the error words of the meter', async () => {
    await using bench = await MeterBench.ready();
    bench.meter.errorWords = '0x0000, 0x00000010, 0x00, 0x00';
    await bench.advance(1100);
    expect(await bench.start()).to.deep.equal({
      status: 'UNEXPECTED_ERROR',
      error: 'IEM-DCR is in error state. XC: 0x0000, 0x00000010, 0x00, 0x00',
    });
    await loopGoesOn(bench);
    bench.meter.errorWords = '0x0000, 0x00000000, 0x00, 0x00';
    await bench.advance(1100);
    expect(await bench.start()).to.deep.equal({ status: 'OK' });
  });

  it('initialises a meter that has lost its CT, and starts the next time', async () => {
    await using bench = await MeterBench.ready();
    bench.meter.powerCycle();
    expect(await bench.start()).to.deep.equal({
      status: 'UNEXPECTED_ERROR',
      error: 'Init seems to be missing. Re-Init triggered. Please try again later.',
    });
    await bench.advance(1100);
    expect(await bench.start()).to.deep.equal({ status: 'OK' });
  });

  it('says why when current flows, with the words of the meter', async () => {
    await using bench = await MeterBench.ready();
    bench.meter.setOutput(400, 12.5);
    await bench.advance(1100);
    const { status, error } = await bench.start();
    expect(status).to.equal('UNEXPECTED_ERROR');
    expect(error).to.match(/POST .*\/receipt with status 428; the meter measures 12.5 A/);
    bench.meter.setOutput(0, 0);
    expect(await bench.start()).to.deep.equal({ status: 'OK' });
  });

  it('repeats what fails, with a pause between the attempts only', async () => {
    await using bench = await MeterBench.ready({
      config: { resilience_transaction_request_retry_delay: 300 },
    });
    bench.gateway.inject({ kind: 'status', path: '/user', status: 503, body: 'display busy', times: 0 });
    const startMs = bench.clock.monotonic();
    const requests = await bench.during(async () => {
      const { status, error } = await bench.start();
      expect(status).to.equal('UNEXPECTED_ERROR');
      expect(error).to.match(/the meter refused POST .*\/user with status 503: display busy/);
    });
    expect(requests.filter((line) => line.startsWith('POST /user'))).to.have.length(4);
    expect(bench.clock.monotonic() - startMs).to.equal(250 + 3 * 300);
  });

  it('succeeds when the third repetition does', async () => {
    await using bench = await MeterBench.ready();
    bench.gateway.inject({ kind: 'status', path: '/user', status: 503, times: 3 });
    expect(await bench.start()).to.deep.equal({ status: 'OK' });
  });

  it('does not repeat when told so', async () => {
    await using bench = await MeterBench.ready({ config: { resilience_transaction_request_retries: 0 } });
    bench.gateway.inject({ kind: 'status', path: '/user', status: 503 });
    expect((await bench.start()).status).to.equal('UNEXPECTED_ERROR');
  });

  for (const kind of ['reset', 'stall', 'truncated-body', 'status'] as const)
    it(`succeeds when the meter began and its answer was lost by ${kind}`, async () => {
      await using bench = await MeterBench.ready();
      bench.gateway.inject({ kind, path: '/receipt', method: 'POST', after: 1, acts: true });
      expect(await bench.start()).to.deep.equal({ status: 'OK' });
      expect(bench.meter.running).to.be.true;
      expect((await bench.stop()).status).to.equal('OK');
    });

  it('initialises a meter again whose CT is empty in another way', async () => {
    for (const CT of [null, [], {}]) {
      await using bench = await MeterBench.ready();
      bench.gateway.inject({
        kind: 'malformed-json',
        method: 'GET',
        path: '/gw',
        body: JSON.stringify({ CT }),
      });
      const requests = await bench.during(async () => {
        expect((await bench.start()).error).to.match(/^Init seems to be missing\. Re-Init triggered\./);
        await bench.advance(1100);
      });
      expect(requests.filter((line) => line.startsWith('POST /gw'))).to.have.length(1);
    }
  });

  it('does not start where the meter tells no CT', async () => {
    await using bench = await MeterBench.ready();
    bench.gateway.inject({ kind: 'malformed-json', method: 'GET', path: '/gw', body: '{}' });
    expect((await bench.start()).error).to.include('the answer of the meter to GET /gw has no CT');
    expect(await bench.start()).to.deep.equal({ status: 'OK' });
  });

  it('does not start with the CI of an earlier configuration in the meter', async () => {
    await using bench = await MeterBench.ready({ config: { CI: '1234' } });
    await bench.driver.shutdown();
    await bench.startDriver({ CI: 'DE*NEW*E1' });
    await bench.until(() => bench.main.latest.powermeter !== undefined);
    const requests = await bench.during(async () => {
      const { status, error } = await bench.start({ evse_id: 'DE*NEW*E1' });
      expect(status).to.equal('UNEXPECTED_ERROR');
      expect(error).to.equal(
        'the meter signs for CI "1234", and "DE*NEW*E1" is configured; it takes another one only after its power-up: ' +
          'switch its power off and on',
      );
    });
    expect(requests).to.deep.equal(['GET /gw']);
    bench.meter.powerCycle();
    await bench.advance(2500);
    expect(await bench.start({ evse_id: 'DE*NEW*E1' })).to.deep.equal({ status: 'OK' });
  });

  it('starts with another CT in the meter, and where it tells no CI', async () => {
    await using bench = await MeterBench.ready();
    for (const body of [
      `{"CT":"DC-Test-Charger","CI":"${EVSE}"}`,
      '{"CT":"EVSEID"}',
      '{"CT":"EVSEID","CI":""}',
    ]) {
      bench.gateway.inject({ kind: 'malformed-json', method: 'GET', path: '/gw', body });
      expect(await bench.start()).to.deep.equal({ status: 'OK' });
      await bench.stop();
    }
  });

  for (const seenIdle of [0, 1])
    it(`does not forget a begin of which nobody knows (${seenIdle} times seen idle before)`, async () => {
      await using bench = await MeterBench.ready();
      const begin: Fault = { kind: 'reset', method: 'POST', path: '/receipt', after: 1 };
      if (seenIdle > 0) bench.gateway.inject({ ...begin, times: seenIdle });
      bench.gateway.inject({ ...begin, acts: true });
      bench.gateway.inject({ ...begin, times: 0 });
      bench.gateway.inject({ kind: 'reset', path: '/metervalue', after: seenIdle, times: 0 });
      expect((await bench.start()).status).to.equal('UNEXPECTED_ERROR');
      expect(bench.meter.running).to.be.true;
      bench.gateway.clearFaults();
      await bench.advance(3000);
      const second = { transaction_id: 'tx-2', identification_data: 'SECOND' };
      expect((await bench.start(second)).status).to.equal('OK');
      const { signed_meter_value, error } = await bench.stop('tx-1');
      expect(error).to.equal(undefined);
      expect(parseRecord(signed_meter_value!.signed_meter_data).payload.ID).to.equal('04281FD2FB7381');
      expect((await bench.stop('tx-2')).status).to.equal('OK');
    });

  it('takes a begin of which nobody knows for lost when the meter turns out to be idle', async () => {
    await using bench = await MeterBench.ready();
    bench.gateway.inject({ kind: 'reset', method: 'POST', path: '/receipt', after: 1, times: 0 });
    bench.gateway.inject({ kind: 'reset', path: '/metervalue', times: 0 });
    expect((await bench.start()).status).to.equal('UNEXPECTED_ERROR');
    bench.gateway.clearFaults();
    await bench.advance(6000);
    expect((await bench.stop('tx-1')).error).to.equal('the meter has no record of transaction tx-1');
    expect((await bench.start({ transaction_id: 'tx-2' })).status).to.equal('OK');
  });

  it('begins and ends over a connection that the meter closes without a word', async () => {
    for (const acts of [false, true]) {
      await using bench = await MeterBench.ready({
        config: { keep_alive: true, resilience_transaction_request_retries: 0 },
      });
      const lost: Fault = { kind: 'reset', method: 'POST', path: '/receipt', acts };
      bench.gateway.inject({ ...lost, after: 1 });
      expect(await bench.start()).to.deep.equal({ status: 'OK' });
      await bench.charge(2000);
      bench.gateway.inject(lost);
      expect((await bench.stop()).signed_meter_value?.signed_meter_data).to.equal(bench.meter.lastRecord);
      expect(bench.gateway.pendingFaults).to.equal(0);
      expect(bench.meter.nextPage).to.equal(1);
    }
  });

  it('ends a running transaction first and keeps its record', async () => {
    await using bench = await MeterBench.ready();
    await bench.start({ identification_data: 'FIRST' });
    await bench.charge();
    const requests = await bench.during(async () =>
      expect((await bench.start({ transaction_id: 'tx-2', identification_data: 'SECOND' })).status).to.equal(
        'OK',
      ),
    );
    expect(requests.slice(0, 3)).to.deep.equal(['GET /gw', 'POST /receipt {"TX":"E"}', 'GET /receipt']);
    const first = await bench.stop('tx-1');
    expect(parseRecord(first.signed_meter_value!.signed_meter_data).payload.ID).to.equal('FIRST');
    expect(bench.meter.running, 'the second goes on').to.be.true;
    const second = await bench.stop('tx-2');
    expect(parseRecord(second.signed_meter_value!.signed_meter_data).payload.ID).to.equal('SECOND');
  });

  it('keeps the record of a transaction that nobody knew of', async () => {
    const store = new Map<string, unknown>();
    await using bench = await MeterBench.ready({ store });
    bench.meter.handle(
      'POST',
      '/counter/v1/ocmf/user',
      JSON.stringify({ IS: true, IL: 'NONE', IF: [], IT: 'NONE', ID: 'X', US: false }),
    );
    bench.meter.handle('POST', '/counter/v1/ocmf/receipt', '{"TX":"B"}');
    expect((await bench.start()).status).to.equal('OK');
    const record = bench.meter.lastRecord;
    expect(store.get(`iem_dcr.iemdcr.record.${bench.meter.serial}.T0`)).to.include({
      record,
      transactionId: '',
    });
  });

  it('takes the refused end of a meter that ended by itself for what it is', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    bench.meter.handle('POST', '/counter/v1/ocmf/receipt', '{"TX":"E"}');
    expect((await bench.start({ transaction_id: 'tx-2', identification_data: 'SECOND' })).status).to.equal(
      'OK',
    );
    expect((await bench.stop('tx-1')).status).to.equal('OK');
  });

  it('does not start over a record that it could not fetch, and fetches it later', async () => {
    await using bench = await MeterBench.ready();
    await bench.start();
    await bench.charge();
    bench.gateway.inject({ kind: 'status', path: '/receipt', method: 'GET', times: 4 });
    bench.gateway.inject({ kind: 'status', path: '/transaction', times: 2 });
    const second = { transaction_id: 'tx-2', identification_data: 'SECOND' };
    expect((await bench.start(second)).status).to.equal('UNEXPECTED_ERROR');
    await bench.advance(3000);
    expect((await bench.start(second)).status).to.equal('OK');
    expect((await bench.stop('tx-1')).status).to.equal('OK');
  });
});
