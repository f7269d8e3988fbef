// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { IemDcr } from '@carabiner/plugin-iem-dcr';
import { createHarness } from '@carabiner/testkit';
import { MeterBench } from './meter-bench.js';

const warnings = (bench: MeterBench): string[] =>
  bench.driver.logLines.filter(({ level }) => level === 'warn').map(({ message }) => message);

describe('initialisation', () => {
  it('asks for the gateway, sets it, sends the tariff, reads key and live values, in this order', async () => {
    await using bench = await MeterBench.ready({
      config: { TT_initial: '0,42 EUR/kWh' },
      startMs: Date.UTC(2025, 0, 15, 9, 30),
    });
    expect(bench.briefs).to.deep.equal([
      'GET /gw',
      'POST /gw {"CT":"EVSEID","CI":"DE*ABC*E0001","TM":"2025-01-15T10:30:00,000+0100"}',
      'POST /tariff {"TT":"0,42 EUR/kWh"}',
      'GET /publickey',
      'GET /metervalue',
    ]);
    expect(bench.main.latest.public_key_ocmf).to.equal(bench.meter.publicKeyHex);
  });

  it('sends no tariff when there is none', async () => {
    await using bench = await MeterBench.ready();
    expect(bench.briefs).to.not.include('POST /tariff {"TT":""}');
    expect(bench.briefs.filter((line) => line.startsWith('POST'))).to.have.length(1);
  });

  it('publishes the first value at once when the meter is there', async () => {
    await using bench = await MeterBench.create();
    expect(await bench.until(() => bench.main.latest.powermeter !== undefined)).to.be.lessThan(10);
  });

  it('goes on with a warning when the gateway was set before', async () => {
    await using bench = await MeterBench.create();
    await bench.until(() => bench.main.latest.powermeter !== undefined);
    await bench.driver.shutdown();
    await bench.startDriver();
    await bench.until(() => bench.main.latest.powermeter !== undefined);
    expect(warnings(bench)).to.include('CT and CI of the meter stay as they are until its next power-up');
    expect(bench.faultActive).to.be.false;
  });

  it('goes on with a warning when the tariff text is refused', async () => {
    await using bench = await MeterBench.ready({
      config: { TT_initial: 'long' },
      switches: { tariffMaxLength: 3 },
    });
    expect(warnings(bench)).to.include('the meter does not take the initial tariff text');
  });

  it('publishes an empty key when the meter gives none', async () => {
    await using bench = await MeterBench.ready({
      faults: [{ kind: 'status', path: '/publickey', status: 403 }],
    });
    expect(bench.main.latest.public_key_ocmf).to.equal('');
  });

  it('publishes an empty key when the answer has none', async () => {
    const body = '{"SA":"ECDSA-secp256r1-SHA256"}';
    await using bench = await MeterBench.ready({
      faults: [{ kind: 'malformed-json', path: '/publickey', body }],
    });
    expect(bench.main.latest.public_key_ocmf).to.equal('');
  });

  it('raises the fault when the first request is refused, and tries again with growing pauses', async () => {
    await using bench = await MeterBench.create({
      faults: [{ kind: 'status', path: '/gw', status: 408, times: 6 }],
    });
    await bench.until(() => bench.faultActive);
    expect(bench.main.errors.active[0]).to.include({ sub_type: 'Communication timed out' });
    expect(bench.main.errors.active[0]?.message).to.match(
      /GET 127.0.0.1:\d+\/counter\/v1\/ocmf\/gw with status 408/,
    );
    const seen = (): number => bench.requests.filter(({ fault }) => fault !== undefined).length;
    const pauses = [];
    for (let attempt = 2; attempt <= 6; attempt++) pauses.push(await bench.until(() => seen() >= attempt));
    expect(pauses).to.deep.equal([1000, 2000, 4000, 8000, 10000]);
    await bench.until(() => !bench.faultActive);
    expect(bench.main.latest.powermeter).to.not.equal(undefined);
  });

  it('fails when the connection is lost while the gateway is set, also by a lost answer', async () => {
    for (const acts of [false, true]) {
      await using bench = await MeterBench.create({
        faults: [{ kind: 'reset', path: '/gw', method: 'POST', acts }],
      });
      await bench.until(() => bench.faultActive);
      await bench.until(() => !bench.faultActive);
      expect(bench.main.latest.powermeter?.meter_id).to.equal(bench.meter.serial);
    }
  });

  it('needs nothing of the gateway but JSON', async () => {
    for (const body of ['{}', '{"CT":null}', '[]', 'null', '"text"']) {
      await using bench = await MeterBench.create({
        faults: [{ kind: 'malformed-json', path: '/gw', method: 'GET', body }],
      });
      expect(await bench.until(() => bench.main.latest.powermeter !== undefined)).to.be.lessThan(10);
      expect(bench.gateway.pendingFaults).to.equal(0);
    }
  });

  it('names the fault as others do, and says why', async () => {
    await using bench = await MeterBench.create({ plugged: false });
    await bench.until(() => bench.faultActive);
    expect(bench.main.errors.active[0]?.message).to.match(
      /^This error is raised due to communication timeout: HTTP client error on GET .*ECONNREFUSED/,
    );
  });

  it('by a stop has the public key published as well', async () => {
    await using bench = await MeterBench.create({ plugged: false });
    await bench.until(() => bench.faultActive);
    const keys: string[] = [];
    bench.main.subscribe.public_key_ocmf((key) => {
      keys.push(key);
    });
    const stopping = bench.main.call.stop_transaction({ transaction_id: '' });
    await bench.advance(2000);
    await bench.gateway.plugIn();
    expect((await bench.finish(stopping)).status).to.equal('OK');
    await bench.advance(5000);
    expect(keys).to.deep.equal([bench.meter.publicKeyHex]);
  });

  it('waits for a meter that boots later than the driver', async () => {
    await using bench = await MeterBench.create({ plugged: false });
    await bench.until(() => bench.faultActive);
    await bench.advance(120_000);
    expect(bench.main.latest.powermeter).to.equal(undefined);
    await bench.gateway.plugIn();
    expect(await bench.until(() => bench.main.latest.powermeter !== undefined)).to.be.at.most(10_000);
    expect(bench.faultActive).to.be.false;
  });

  it('initialises a meter again that was without power for too short a time to be missed', async () => {
    await using bench = await MeterBench.ready();
    bench.meter.powerCycle();
    const requests = await bench.during(() => bench.advance(2500));
    expect(requests.filter((line) => line.startsWith('POST /gw'))).to.have.length(1);
    expect(JSON.parse(bench.meter.handle('GET', '/counter/v1/ocmf/gw', '').body)).to.include({
      CI: 'DE*ABC*E0001',
    });
  });

  it('leaves the tariff text alone while a transaction runs', async () => {
    await using bench = await MeterBench.ready({
      config: { TT_initial: 'old' },
      switches: { tariffDuringTransaction: 'accepted' },
    });
    await bench.start();
    await bench.driver.shutdown();
    const requests = await bench.during(async () => {
      await bench.startDriver();
      await bench.until(() => bench.main.latest.powermeter !== undefined);
    });
    expect(requests.some((line) => line.startsWith('POST /tariff'))).to.be.false;
    expect(requests[0]).to.equal('GET /gw');
  });

  for (const [what, config] of Object.entries({
    'a timezone without digits': { timezone: '+1x00' },
    'a timezone without sign': { timezone: '01000' },
    'an empty address': { ip_address: '' },
    'an empty CT': { CT: '' },
    'an empty CI': { CI: '' },
    'an unknown zone': { dst_zone: 'Europe/Nowhere' },
    'too many retries': { resilience_transaction_request_retries: 6 },
  }))
    it(`does not start with ${what}`, async () => {
      let failure: unknown;
      try {
        await createHarness(IemDcr, { config, connections: { store: 0 } });
      } catch (error) {
        failure = error;
      }
      expect(failure).to.be.instanceOf(Error);
      expect((failure as Error).message).to.include(
        Object.values(config)[0] === '' ? Object.keys(config)[0] : String(Object.values(config)[0]),
      );
    });
});
