// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { MeterBench } from './meter-bench.js';

describe('initialisation', () => {
  it('asks for the gateway, sets it, sends the tariff, reads key and live values, in this order', async () => {
    await using bench = await MeterBench.ready({ config: { TT_initial: '0,42 EUR/kWh' }, startMs: Date.UTC(2025, 0, 15, 9, 30) });
    expect(bench.briefs).to.deep.equal([
      'GET /gw',
      'POST /gw {"CT":"EVSEID","CI":"DE*ABC*E0001","TM":"2025-01-15T10:30:00,000+0100"}',
      'POST /tariff {"TT":"0,42 EUR/kWh"}',
      'GET /publickey',
      'GET /metervalue',
    ]);
    expect(bench.main.latest.public_key_ocmf).to.equal(bench.meter.publicKeyHex);
  });
});
