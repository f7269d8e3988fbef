// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { FAULT_KINDS, type Fault } from '@carabiner/plugin-simulator/iem-dcr';
import { MeterBench } from './meter-bench.js';

/** Every request of the protocol, by when it is sent. */
const LIVE: Partial<Fault>[] = [{ method: 'GET', path: '/metervalue' }];
const START: Partial<Fault>[] = [
  { method: 'GET', path: '/gw' },
  { method: 'POST', path: '/user' },
  { method: 'POST', path: '/receipt' },
  { method: 'POST', path: '/receipt', after: 1 },
];
const STOP: Partial<Fault>[] = [
  { method: 'POST', path: '/receipt' },
  { method: 'GET', path: '/receipt' },
];
const INIT: Partial<Fault>[] = [
  { method: 'GET', path: '/gw' },
  { method: 'POST', path: '/gw' },
  { method: 'POST', path: '/tariff' },
  { method: 'GET', path: '/publickey' },
];

const title = ({ method, path, after }: Partial<Fault>): string =>
  `${method ?? ''} ${path ?? ''}${after === undefined ? '' : ' (second)'}`;

for (const kind of FAULT_KINDS)
  for (const acts of ['stall', 'reset', 'status'].includes(kind) ? [false, true] : [true])
    describe(`fault ${kind}${acts ? '' : ' before the meter has acted'}`, () => {
      for (const where of INIT)
        it(`in ${title(where)} while the driver starts: the values come`, async () => {
          await using bench = await MeterBench.create({
            config: { TT_initial: 'text' },
            faults: [{ ...where, kind, acts, ms: 3000 }],
          });
          await bench.until(() => bench.main.latest.powermeter !== undefined);
          expect(bench.gateway.pendingFaults).to.equal(0);
          // A meter that refused CT and CI is offered them again.
          if (kind === 'status' && where.path === '/gw') await bench.advance(12_000);
          expect((await bench.start()).status).to.equal('OK');
          expect((await bench.stop()).status).to.equal('OK');
        });

      for (const where of LIVE)
        it(`in ${title(where)}: the loop lives, and any fault raised is cleared`, async () => {
          await using bench = await MeterBench.ready();
          bench.gateway.inject({ ...where, kind, acts, ms: 3000, times: 5 });
          await bench.until(() => bench.gateway.pendingFaults === 0, 120_000);
          await bench.advance(20_000);
          expect(bench.faultActive).to.be.false;
          let values = 0;
          bench.main.subscribe.powermeter(() => {
            values++;
          });
          await bench.advance(10_000);
          expect(values).to.equal(10);
        });

      for (const where of START)
        it(`in ${title(where)} of a start: it begins or says why, and the next one begins`, async () => {
          await using bench = await MeterBench.ready();
          bench.gateway.inject({ ...where, kind, acts, ms: 3000 });
          const { status, error } = await bench.start();
          expect(bench.gateway.pendingFaults).to.equal(0);
          if (status === 'OK') expect(bench.meter.running).to.be.true;
          else expect(error).to.match(/\/counter\/v1\/ocmf\/|Init/);
          await bench.advance(5000);
          expect(
            (await bench.start({ transaction_id: 'tx-2', identification_data: 'NEXT' })).status,
          ).to.equal('OK');
          expect((await bench.stop('tx-2')).status).to.equal('OK');
        });

      for (const where of STOP)
        it(`in ${title(where)} of a stop: the record comes`, async () => {
          await using bench = await MeterBench.ready();
          await bench.start();
          await bench.charge(2000);
          bench.gateway.inject({ ...where, kind, acts, ms: 3000 });
          const { status, error, signed_meter_value } = await bench.stop();
          expect(status, error).to.equal('OK');
          expect(signed_meter_value?.signed_meter_data).to.equal(bench.meter.lastRecord);
          expect(bench.gateway.pendingFaults).to.equal(0);
        });
    });
