// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { GATEWAY, SimulatedMeter, USER } from './simulated-meter.js';

describe('IEM-DCR gateway', () => {
  it('shows the fields of the meter, before and after it was set', async () => {
    await using simulated = await SimulatedMeter.create();
    expect(JSON.parse((await simulated.get('/gw')).body)).to.deep.equal({
      CT: '',
      CI: '',
      TM: '2026-03-02T06:00:00,000+0000 U',
    });
    expect(await simulated.status('POST', '/gw', GATEWAY)).to.equal(200);
    await simulated.clock.advance(1999);
    expect((await simulated.get('/gw')).body).to.equal(
      '{"CT":"EVSEID","CI":"DE*ABC*E0001","TM":"2026-03-02T08:00:01,000+0100 I"}',
    );
  });

  it('shows live values in the layout of the meter', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.meter.setOutput(60.1, 5);
    expect((await simulated.get('/metervalue')).body).to.equal(
      '{"MS":"1ISA0200000001","TM":"2026-03-02T06:00:00,000+0000 U","EF":"t","ST":"G","XT":false,"RD":[' +
        '{"RV":"00000446.540","RI":"1-b:1.8.e","RU":"kWh","RT":"DC"},{"RV":"00000004.881","RI":"1-b:2.8.e","RU":"kWh","RT":"DC"},' +
        '{"WV":"00000000.000","WI":"transaction_1-b:1.8.e","WU":"kWh","WT":"DC"},{"WV":"00000000.000","WI":"transaction_1-b:2.8.e","WU":"kWh","WT":"DC"}],' +
        '"U1":0,"U2":60.1,"U3":0,"U4":0,"I":5,"P":300.5,"XS":"0x0000004000000004","XC":"0x0000, 0x00000000, 0x00, 0x00"}',
    );
  });

  it('takes bodies in both forms of transfer', async () => {
    await using simulated = await SimulatedMeter.create();
    const transfers: string[] = [];
    simulated.gateway.on('request', ({ transfer }) => transfers.push(transfer));
    expect((await simulated.post('/gw', GATEWAY, true)).status).to.equal(200);
    expect((await simulated.post('/user', USER, false)).status).to.equal(200);
    await simulated.get('/gw');
    expect(transfers).to.deep.equal(['chunked', 'length', 'none']);
    expect((await simulated.get('/gw')).body).to.include('DE*ABC*E0001');
  });

  it('answers as the table of the protocol says while it is idle', async () => {
    await using simulated = await SimulatedMeter.create();
    expect(await simulated.status('POST', '/user', USER), 'user before gw').to.equal(428);
    expect(await simulated.status('POST', '/gw', GATEWAY)).to.equal(200);
    expect(await simulated.status('POST', '/gw', GATEWAY), 'second gw').to.equal(428);
    expect(await simulated.status('POST', '/tariff', '{"TT":"0,42 EUR/kWh"}')).to.equal(200);
    expect(await simulated.status('POST', '/datetime', '{"TM":"2026-03-02T09:00:00,000+0100"}')).to.equal(
      200,
    );
    expect(await simulated.status('GET', '/datetime')).to.equal(200);
    expect(await simulated.status('GET', '/publickey')).to.equal(200);
    expect(await simulated.status('POST', '/receipt', '{"TX":"B"}'), 'begin without user').to.equal(428);
    expect(await simulated.status('POST', '/receipt', '{"TX":"E"}'), 'end without begin').to.equal(428);
    expect(await simulated.status('GET', '/receipt')).to.equal(404);
    expect(await simulated.status('GET', '/transaction')).to.equal(404);
    expect(await simulated.status('GET', '/nothing')).to.equal(404);
    expect(await simulated.status('POST', '/user', USER)).to.equal(200);
    expect(await simulated.status('POST', '/receipt', '{"TX":"B"}')).to.equal(200);
  });

  it('answers as the table of the protocol says during a transaction', async () => {
    await using simulated = await SimulatedMeter.create();
    await simulated.begin();
    for (const [method, path, body, status] of [
      ['GET', '/gw', '', 200],
      ['POST', '/gw', GATEWAY, 428],
      ['POST', '/tariff', '{"TT":"x"}', 428],
      ['GET', '/metervalue', '', 200],
      ['GET', '/publickey', '', 200],
      ['GET', '/datetime', '', 200],
      ['POST', '/datetime', '{"TM":"2026-03-02T09:00:00,000+0100"}', 428],
      ['POST', '/user', USER, 428],
      ['POST', '/receipt', '{"TX":"B"}', 428],
      ['GET', '/receipt', '', 403],
      ['GET', '/transaction', '', 428],
    ] as const)
      expect(await simulated.status(method, path, body), `${method} ${path}`).to.equal(status);
    expect((await simulated.live()).XT).to.be.true;
    expect(await simulated.status('POST', '/receipt', '{"TX":"E"}')).to.equal(200);
  });

  for (const [path, body] of [
    ['/gw', '{"CT":"EVSEID","CI":"1"}'],
    ['/gw', '{"CT":"","CI":"1","TM":"2026-03-02T08:00:00,000+0100"}'],
    ['/gw', '{"CT":"EVSEID","CI":"1","TM":"2026-03-02T08:00:00.000+01:00"}'],
    ['/tariff', '{}'],
    ['/tariff', `{"TT":"${'x'.repeat(251)}"}`],
    ['/datetime', 'nonsense'],
    ['/user', USER.replace('true', '"true"')],
    ['/user', USER.replace('TRUSTED', 'FAMOUS')],
    ['/user', USER.replace('RFID_PLAIN', 'BADGE')],
    ['/receipt', '{"TX":"C"}'],
    ['/receipt', ''],
  ] as const)
    it(`refuses ${path} ${body.slice(0, 60)} as malformed`, async () => {
      await using simulated = await SimulatedMeter.create({ userNeedsGateway: false });
      expect(await simulated.status('POST', path, body)).to.equal(400);
    });

  it('refuses begin and end while current flows', async () => {
    await using simulated = await SimulatedMeter.create();
    await simulated.post('/gw', GATEWAY);
    await simulated.post('/user', USER);
    simulated.meter.setOutput(400, 0.6);
    expect(await simulated.status('POST', '/receipt', '{"TX":"B"}')).to.equal(428);
    simulated.meter.setOutput(400, 0.4);
    expect(await simulated.status('POST', '/receipt', '{"TX":"B"}')).to.equal(200);
    simulated.meter.setOutput(400, -5);
    expect(await simulated.status('POST', '/receipt', '{"TX":"E"}')).to.equal(428);
  });

  it('integrates energy both ways, to the watt-hour', async () => {
    await using simulated = await SimulatedMeter.create();
    await simulated.begin();
    await simulated.charge(3_600_000, 400, 25);
    await simulated.charge(1_800_000, 400, -10);
    const { RD } = await simulated.live();
    expect(RD.map(({ RV, WV }) => RV ?? WV)).to.deep.equal([
      ...['00000456.540', '00000006.881', '00000010.000', '00000002.000'],
    ]);
    await simulated.end();
    expect((await simulated.live()).RD[2]).to.include({ WV: '00000010.000' });
    await simulated.begin();
    expect((await simulated.live()).RD[2]).to.include({ WV: '00000000.000' });
  });

  it('counts nothing while it has no power', async () => {
    await using simulated = await SimulatedMeter.create();
    simulated.meter.setOutput(400, 100);
    simulated.meter.powerOff();
    await simulated.clock.advance(3_600_000);
    simulated.meter.powerOn();
    expect(simulated.meter.registers.import).to.equal(446_540n);
    await simulated.clock.advance(3_600_000);
    expect(simulated.meter.registers.import).to.equal(486_540n);
  });

  it('loses CT, CI and the trust in its clock with its power, and nothing else', async () => {
    await using simulated = await SimulatedMeter.create();
    await simulated.begin();
    await simulated.charge(3_600_000);
    const record = await simulated.end();
    await simulated.gateway.powerOff();
    let refused = false;
    await simulated.get('/gw').catch(() => (refused = true));
    expect(refused).to.be.true;
    await simulated.gateway.powerOn();
    expect(JSON.parse((await simulated.get('/gw')).body)).to.include({ CT: '', CI: '' });
    expect(await simulated.live()).to.include({ EF: 't', XT: false });
    expect((await simulated.live()).TM).to.match(/ U$/);
    expect((await simulated.live()).RD[0]).to.include({ RV: '00000486.540' });
    expect((await simulated.get('/transaction')).body).to.equal(record);
    expect(await simulated.status('POST', '/gw', GATEWAY)).to.equal(200);
    expect(await simulated.live()).to.include({ EF: '' });
    await simulated.begin();
    expect(await simulated.end()).to.include('"PG":"T1"');
  });
});

describe('IEM-DCR switches', () => {
  it('accept during a transaction what they are told to', async () => {
    await using simulated = await SimulatedMeter.create({
      tariffDuringTransaction: 'accepted',
      datetimeDuringTransaction: 'accepted',
      userDuringTransaction: 'accepted',
    });
    await simulated.begin();
    expect(await simulated.status('POST', '/tariff', '{"TT":"x"}')).to.equal(200);
    expect(await simulated.status('POST', '/datetime', '{"TM":"2026-03-02T09:00:00,000+0100"}')).to.equal(
      200,
    );
    expect(await simulated.status('POST', '/user', USER)).to.equal(200);
  });

  it('change the status codes of refusals', async () => {
    await using simulated = await SimulatedMeter.create({
      refusals: {
        gateway: 409,
        tariff: 410,
        datetime: 411,
        user: 412,
        receiptPost: 413,
        receiptRunning: 414,
        receiptNone: 415,
        transactionRunning: 416,
        transactionNone: 417,
        badBody: 422,
      },
    });
    expect(await simulated.status('POST', '/user', USER)).to.equal(412);
    expect(await simulated.status('GET', '/receipt')).to.equal(415);
    expect(await simulated.status('GET', '/transaction')).to.equal(417);
    expect(await simulated.status('POST', '/receipt', '{}')).to.equal(422);
    await simulated.begin();
    expect(await simulated.status('POST', '/gw', GATEWAY)).to.equal(409);
    expect(await simulated.status('POST', '/tariff', '{"TT":"x"}')).to.equal(410);
    expect(await simulated.status('POST', '/datetime', '{"TM":"2026-03-02T09:00:00,000+0100"}')).to.equal(
      411,
    );
    expect(await simulated.status('POST', '/receipt', '{"TX":"B"}')).to.equal(413);
    expect(await simulated.status('GET', '/receipt')).to.equal(414);
    expect(await simulated.status('GET', '/transaction')).to.equal(416);
  });

  it('relax what must come first', async () => {
    await using simulated = await SimulatedMeter.create({
      userNeedsGateway: false,
      beginNeedsUser: false,
      gatewayOnce: false,
      strictUser: false,
    });
    expect(await simulated.status('POST', '/user', USER.replace('TRUSTED', 'FAMOUS'))).to.equal(200);
    expect(await simulated.status('POST', '/receipt', '{"TX":"B"}')).to.equal(200);
    expect(await simulated.status('POST', '/receipt', '{"TX":"E"}')).to.equal(200);
    expect(await simulated.status('POST', '/receipt', '{"TX":"B"}')).to.equal(200);
    expect(await simulated.status('POST', '/receipt', '{"TX":"E"}')).to.equal(200);
    expect(await simulated.status('POST', '/gw', GATEWAY)).to.equal(200);
    expect(await simulated.status('POST', '/gw', GATEWAY)).to.equal(200);
  });

  for (const [transactionPath, v1, v2] of [
    ['v1', 200, 404],
    ['v2', 404, 200],
    ['both', 200, 200],
  ] as const)
    it(`put the last record under ${transactionPath}`, async () => {
      await using simulated = await SimulatedMeter.create({ transactionPath });
      await simulated.begin();
      await simulated.end();
      expect(await simulated.status('GET', '/transaction')).to.equal(v1);
      expect(await simulated.status('GET', '/counter/v2/ocmf/transaction')).to.equal(v2);
    });

  it('let the receipt be read once', async () => {
    await using simulated = await SimulatedMeter.create({ receiptFresh: 'until-read' });
    await simulated.begin();
    await simulated.end();
    expect(await simulated.status('GET', '/receipt')).to.equal(404);
    expect(await simulated.status('GET', '/transaction')).to.equal(200);
  });

  it('say how long signing takes', async () => {
    await using simulated = await SimulatedMeter.create({ signingMs: 1000 });
    await simulated.begin();
    await simulated.post('/receipt', '{"TX":"E"}');
    await simulated.clock.advance(999);
    expect(await simulated.status('GET', '/receipt')).to.equal(404);
    await simulated.clock.advance(1);
    expect(await simulated.status('GET', '/receipt')).to.equal(200);
  });

  for (const [transactionOnPowerFailure, last, running] of [
    ['P', 'P', false],
    ['E', 'E', false],
    ['lost', undefined, false],
    ['running', undefined, true],
  ] as const)
    it(`say that a power failure leaves a transaction ${transactionOnPowerFailure}`, async () => {
      await using simulated = await SimulatedMeter.create({ transactionOnPowerFailure });
      await simulated.begin();
      await simulated.charge(60_000);
      simulated.meter.powerCycle();
      await simulated.clock.advance(1000);
      expect((await simulated.live()).XT).to.equal(running);
      const { status, body } = await simulated.get('/transaction');
      if (last === undefined) expect(status).to.not.equal(200);
      else expect(body).to.include(`"TX":"${last}"`).and.include('"CI":"DE*ABC*E0001"');
      if (running) expect(await simulated.end()).to.include('"CI":"DE*ABC*E0001"');
    });

  it('keep or lose clock and tariff with the power', async () => {
    await using keeps = await SimulatedMeter.create({ tariffSurvivesPowerCycle: true });
    await using loses = await SimulatedMeter.create({ clockSurvivesPowerCycle: false });
    for (const simulated of [keeps, loses]) {
      await simulated.post('/gw', GATEWAY);
      await simulated.post('/tariff', '{"TT":"kept"}');
      simulated.meter.powerCycle();
    }
    expect((await keeps.live()).TM).to.equal('2026-03-02T08:00:00,000+0100 U');
    expect((await loses.live()).TM).to.equal('1970-01-01T00:00:00,000+0100 U');
    for (const simulated of [keeps, loses]) await simulated.begin(USER.replace(',"TT":"0,42 EUR/kWh"', ''));
    expect(await keeps.end()).to.include('"TT":"kept"');
    expect(await loses.end()).to.include('"TT":""');
  });

  it('lose the last record with the power when told so', async () => {
    await using simulated = await SimulatedMeter.create({ recordSurvivesPowerCycle: false });
    await simulated.begin();
    await simulated.end();
    simulated.meter.powerCycle();
    expect(await simulated.status('GET', '/transaction')).to.equal(404);
    expect(simulated.meter.nextPage).to.equal(1);
  });

  for (const [sent, kept] of [
    ['2026-07-01T12:00:00,000+0100', '2026-07-01T12:00:00,000+0200 I'],
    ['2026-07-01T12:00:00,000+0200', '2026-07-01T12:00:00,000+0200 I'],
    ['2026-03-29T01:59:59,000+0100', '2026-03-29T01:59:59,000+0100 I'],
    ['2026-03-29T03:00:00,000+0100', '2026-03-29T03:00:00,000+0200 I'],
    ['2026-10-25T02:59:59,000+0100', '2026-10-25T02:59:59,000+0200 I'],
    ['2026-10-25T03:00:00,000+0100', '2026-10-25T03:00:00,000+0100 I'],
  ] as const)
    it(`correct the summer time of ${sent} when told so`, async () => {
      await using simulated = await SimulatedMeter.create({ correctsSummerTime: true });
      await simulated.post('/datetime', JSON.stringify({ TM: sent }));
      expect((await simulated.live()).TM).to.equal(kept);
    });

  it('change what the registers of the transaction show', async () => {
    await using total = await SimulatedMeter.create({ transactionRegistersRestart: false });
    await using cleared = await SimulatedMeter.create({ transactionRegistersKept: false });
    for (const simulated of [total, cleared]) {
      await simulated.begin();
      await simulated.charge(3_600_000);
      await simulated.end();
    }
    expect((await total.live()).RD[2]).to.include({ WV: '00000486.540' });
    expect((await cleared.live()).RD[2]).to.include({ WV: '00000000.000' });
  });

  it('refuse to begin in error state when told so', async () => {
    for (const [beginRefusedInError, status] of [
      [true, 428],
      [false, 200],
    ] as const) {
      await using simulated = await SimulatedMeter.create({ beginRefusedInError });
      await simulated.post('/gw', GATEWAY);
      await simulated.post('/user', USER);
      simulated.meter.errorWords = '0x0001, 0x00000000, 0x00, 0x00';
      expect((await simulated.live()).XC).to.equal('0x0001, 0x00000000, 0x00, 0x00');
      expect(await simulated.status('POST', '/receipt', '{"TX":"B"}')).to.equal(status);
    }
  });

  it('change the trust in the clock', async () => {
    await using simulated = await SimulatedMeter.create({ clockStatusAfterSet: 'S', timeErrorFlag: false });
    await simulated.post('/gw', GATEWAY);
    expect((await simulated.live()).TM).to.match(/ S$/);
    simulated.meter.distrustTime();
    expect(await simulated.live()).to.include({ EF: '' });
    expect((await simulated.live()).TM).to.match(/ U$/);
  });
});
