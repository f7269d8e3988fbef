// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { GATEWAY, SimulatedMeter } from './simulated-meter.js';

async function failure(work: Promise<unknown>): Promise<NodeJS.ErrnoException> {
  return await work.then(
    () => expect.fail('the request succeeded'),
    (error: unknown) => error as NodeJS.ErrnoException,
  );
}

describe('faults of the simulated IEM-DCR', () => {
  it('latency delays by the clock', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.gateway.inject({ kind: 'latency', ms: 5000 });
    let answered = false;
    const answer = simulated.get('/gw').finally(() => (answered = true));
    while (simulated.gateway.held === 0) await new Promise((resolve) => setImmediate(resolve));
    await simulated.clock.advance(4999);
    expect(answered).to.be.false;
    await simulated.clock.advance(1);
    expect((await answer).status).to.equal(200);
    expect(simulated.gateway.held).to.equal(0);
  });

  it('stall answers nothing until the connection goes', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.gateway.inject({ kind: 'stall' });
    const answer = failure(simulated.get('/gw'));
    while (simulated.gateway.held === 0) await new Promise((resolve) => setImmediate(resolve));
    await simulated.clock.advance(3_600_000);
    expect(simulated.gateway.held).to.equal(1);
    await simulated.gateway.unplug();
    expect((await answer).code).to.equal('ECONNRESET');
  });

  it('reset resets the connection', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.gateway.inject({ kind: 'reset' });
    expect((await failure(simulated.get('/gw'))).code).to.equal('ECONNRESET');
  });

  it('status answers what it is told', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.gateway.inject({ kind: 'status', status: 503, body: 'busy' });
    expect(await simulated.get('/gw')).to.deep.include({ status: 503, body: 'busy' });
  });

  it('malformed JSON is malformed', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.gateway.inject({ kind: 'malformed-json' });
    const { status, body } = await simulated.get('/gw');
    expect(status).to.equal(200);
    expect(() => JSON.parse(body) as unknown).to.throw(SyntaxError);
  });

  it('a truncated body ends the connection before the announced length', async () => {
    await using simulated = await SimulatedMeter.create();
    for (const path of ['/gw', '/metervalue']) {
      simulated.gateway.inject({ kind: 'truncated-body' });
      expect((await failure(simulated.get(path))).message).to.equal('aborted');
    }
    simulated.gateway.inject({ kind: 'truncated-body' });
    expect((await failure(simulated.post('/gw', GATEWAY))).message).to.equal('aborted');
  });

  it('a wrong content length is one that a client cannot work with', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.gateway.inject({ kind: 'wrong-content-length' });
    expect((await failure(simulated.get('/gw'))).message).to.match(/Parse Error/);
    simulated.gateway.inject({ kind: 'wrong-content-length' });
    expect((await failure(simulated.post('/gw', GATEWAY))).message).to.equal('aborted');
  });

  it('meets only the requests it is for, as often as it should', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.gateway.inject({ kind: 'status', method: 'GET', path: '/gw', after: 1, times: 2 });
    const statuses = [];
    for (let run = 0; run < 5; run++) statuses.push(await simulated.status('GET', '/gw'));
    expect(statuses).to.deep.equal([200, 500, 500, 200, 200]);
    expect(simulated.gateway.pendingFaults).to.equal(0);
    simulated.gateway.inject({ kind: 'status', times: 0 });
    for (let run = 0; run < 5; run++) expect(await simulated.status('GET', '/gw')).to.equal(500);
    simulated.gateway.clearFaults();
    expect(await simulated.status('GET', '/gw')).to.equal(200);
  });

  it('loses the answer of a meter that has acted, or the request before it has', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.gateway.inject({ kind: 'reset', acts: false });
    await failure(simulated.post('/gw', GATEWAY));
    expect((await simulated.get('/gw')).body).to.include('"CI":""');
    simulated.gateway.inject({ kind: 'reset', acts: true });
    await failure(simulated.post('/gw', GATEWAY));
    expect((await simulated.get('/gw')).body).to.include('DE*ABC*E0001');
  });

  it('refuses a fault that is none', async () => {
    await using simulated = await SimulatedMeter.create();
    expect(() => simulated.gateway.inject({ kind: 'fire' as 'stall' })).to.throw();
    expect(() => simulated.gateway.inject({ kind: 'status', status: 7 })).to.throw();
  });

  it('keeps its port over a pulled plug', async () => {
    await using simulated = await SimulatedMeter.create();
    const { port } = simulated.gateway;
    await simulated.gateway.unplug();
    expect((await failure(simulated.get('/gw'))).code).to.equal('ECONNREFUSED');
    await simulated.gateway.plugIn();
    expect(simulated.gateway.port).to.equal(port);
    expect(await simulated.status('GET', '/gw')).to.equal(200);
  });
});
