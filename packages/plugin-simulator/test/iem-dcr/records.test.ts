// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bill, parseRecord, verifyRecord } from '@carabiner/ocmf';
import { SigningKey } from '@carabiner/plugin-simulator/iem-dcr';
import { expect } from 'chai';
import { SimulatedMeter, USER } from './simulated-meter.js';

async function publicKey(simulated: SimulatedMeter): Promise<string> {
  return (JSON.parse((await simulated.get('/publickey')).body) as { PK: string }).PK;
}

describe('records of the simulated IEM-DCR', () => {
  it('have the layout of the meter', async () => {
    await using simulated = await SimulatedMeter.create();
    await simulated.begin();
    await simulated.charge(2_477_000, 400, 135.75);
    const record = await simulated.end();
    const [, payload = '', signature = ''] = record.split('|');
    expect(payload).to.equal(
      '{"FV":"1.0","GI":"Isabellenhuette IEM-DCR-125-1000-32-00-006-B_000","GS":"1ISA0200000001","GV":"DU-02.00.12_SU-02.00.08",' +
        '"MV":"Isabellenhuette","MM":"IEM-DCR-125-1000-32-00-006-B_000","MS":"1ISA0200000001","CT":"EVSEID","CI":"DE*ABC*E0001",' +
        '"IS":true,"IL":"TRUSTED","IF":["RFID_PLAIN","OCPP_AUTH"],"IT":"ISO14443","ID":"04281FD2FB7381","PG":"T0","TT":"0,42 EUR/kWh",' +
        '"RD":[{"TM":"2026-03-02T08:00:00,000+0100 I","TX":"B","EF":"","ST":"G","RV":"00000446.540","RI":"1-b:1.8.e","RU":"kWh","RT":"DC"},' +
        '{"TM":"2026-03-02T08:41:17,000+0100 I","TX":"E","EF":"","ST":"G","RV":"00000483.901","RI":"1-b:1.8.e","RU":"kWh","RT":"DC"}]}',
    );
    expect(signature).to.match(/^\{"SA":"ECDSA-secp256r1-SHA256","SD":"[0-9A-F]+"\}$/);
  });

  it('count their pages', async () => {
    await using simulated = await SimulatedMeter.create({}, { firstPage: 41 });
    for (const page of ['T41', 'T42', 'T43']) {
      await simulated.begin();
      expect(parseRecord(await simulated.end()).payload.PG).to.equal(page);
    }
  });

  for (const signatureForm of ['der', 'der-fixed-width', 'raw-rs'] as const)
    for (const keyForm of ['spki', 'point', 'raw-xy'] as const)
      for (const hexCase of ['upper', 'lower', 'as-the-meter'] as const)
        it(`verify when signed as ${signatureForm} with a key as ${keyForm}, ${hexCase}`, async () => {
          await using simulated = await SimulatedMeter.create({ signatureForm, keyForm, hexCase });
          for (let run = 0; run < 4; run++) {
            await simulated.begin(USER.replace('0,42 EUR/kWh', `Tarif ${run} €`));
            await simulated.charge(60_000);
            const record = await simulated.end();
            const verification = verifyRecord(record, await publicKey(simulated));
            expect(verification.verdict).to.equal('valid');
            expect(verification.signatureForm).to.be.oneOf(
              signatureForm === 'der-fixed-width' ? ['der', 'der-noncanonical'] : [signatureForm],
            );
            expect(bill([parseRecord(record)])).to.deep.include({ billable: true });
            expect(verifyRecord(record.replace('€', '$'), await publicKey(simulated)).verdict).to.equal(
              'invalid',
            );
          }
        });

  it('verify with the openssl command', async function () {
    if (spawnSync('openssl', ['version']).status !== 0) {
      this.skip(); // openssl is not installed
    }
    this.timeout(30_000);
    const folder = mkdtempSync(join(tmpdir(), 'iem-dcr-'));
    try {
      await using simulated = await SimulatedMeter.create();
      const file = (name: string): string => join(folder, name);
      writeFileSync(file('key.pem'), simulated.meter.key.publicPem);
      for (let run = 0; run < 10; run++) {
        await simulated.begin();
        await simulated.charge(100_000 * run);
        const record = await simulated.end();
        const payload = record.slice(record.indexOf('|') + 1, record.lastIndexOf('|'));
        const { SD } = JSON.parse(record.slice(record.lastIndexOf('|') + 1)) as { SD: string };
        writeFileSync(file('payload'), payload);
        writeFileSync(file('signature'), Buffer.from(SD, 'hex'));
        const args = [
          'dgst',
          '-sha256',
          '-verify',
          file('key.pem'),
          '-signature',
          file('signature'),
          file('payload'),
        ];
        expect(spawnSync('openssl', args).stdout.toString()).to.equal('Verified OK\n');
        writeFileSync(file('payload'), payload.replace('"TX":"E"', '"TX":"P"'));
        expect(spawnSync('openssl', args).status).to.equal(1);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('show export readings that inherit, and intermediate ones, when told so', async () => {
    await using simulated = await SimulatedMeter.create({
      exportReadings: true,
      intermediateReadingsS: 60,
      meterFirmware: '80.01.01',
    });
    await simulated.begin();
    await simulated.charge(90_000, 400, -50);
    await simulated.live();
    const record = parseRecord(await simulated.end());
    expect(
      record.payload.RD.map(({ TX, register }) => `${TX ?? ''} ${register?.direction ?? ''}`),
    ).to.deep.equal([...['B import', 'B export', 'C import', 'C export', 'E import', 'E export']]);
    expect(record.payload.RD[1]?.inherited).to.deep.equal(['TM', 'TX', 'EF', 'ST']);
    expect(record.payload.MF).to.equal('80.01.01');
    expect(bill([record]).export?.energy.toString()).to.equal('0.500');
  });

  it('tell about a clock that is not trusted and a meter in error', async () => {
    await using simulated = await SimulatedMeter.create();
    await simulated.begin();
    simulated.meter.distrustTime();
    simulated.meter.state = 'E';
    simulated.meter.energyUnusable = true;
    const record = parseRecord(await simulated.end());
    expect(record.payload.RD[1]).to.include({ ST: 'E', EF: 'Et' });
    expect(bill([record]).findings.map(({ code }) => code)).to.include.members([
      'meter-state',
      'energy-flag',
      'time-flag',
    ]);
  });

  it('come wrapped when told so', async () => {
    await using simulated = await SimulatedMeter.create({ receiptForm: 'wrapped' });
    await simulated.begin();
    expect(await simulated.end()).to.match(/^\{"OCMF\|/);
  });
});

describe('SigningKey', () => {
  it('is kept as PEM, and refuses what is no key of the meter without showing it', async () => {
    const key = SigningKey.generate();
    expect(SigningKey.fromPem(key.toPem()).publicPem).to.equal(key.publicPem);
    for (const pem of ['secret words', key.publicPem])
      expect(() => SigningKey.fromPem(pem))
        .to.throw(Error)
        .with.property('message')
        .that.does.not.include('secret words');
    const { generateKeyPairSync } = await import('node:crypto');
    const other = generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    });
    expect(() => SigningKey.fromPem(other.toString())).to.throw(/secp256r1/);
  });
});
