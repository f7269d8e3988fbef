// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { parseObis, parseOcmfTime, parseRecord } from '@carabiner/ocmf';
import { vector } from './vectors.js';

const payloadOf = (file: string, id: string) => parseRecord(vector(file, id).ocmf).payload;

describe('payload', () => {
  it('resolves the fields a DC meter leaves out of its second register', () => {
    const { RD } = payloadOf('transparenzsoftware', 'lem-dcbm-v1');
    expect(RD.map(({ TX, RI, RV, EF, ST, RT }) => [TX, RI, RV?.toString(), EF, ST, RT])).to.deep.equal([
      ['B', '1-0:1.8.0', '57.584', '', 'G', 'DC'],
      ['B', '1-0:2.8.0', '4.405', '', 'G', 'DC'],
      ['E', '1-0:1.8.0', '58.685', '', 'G', 'DC'],
      ['E', '1-0:2.8.0', '4.405', '', 'G', 'DC'],
    ]);
    expect(RD[1]!.TM?.text).to.equal('2021-10-06T13:13:56,000+0200 R');
    expect(RD[1]!.inherited).to.deep.equal(['TM', 'TX', 'RT', 'EF']);
    expect([...RD[0]!.other.keys()]).to.deep.equal(['UC']);
  });

  it('reads the IEM-DCR of 2023 with import and export', () => {
    const { RD } = payloadOf('iem-dcr', 'iem-dcr-2023-t1-import-export');
    expect(RD.map(({ TX, register }) => `${TX ?? ''} ${register?.direction ?? ''}`)).to.deep.equal([
      ...['B import', 'B export', 'C import', 'C export', 'E import', 'E export'],
    ]);
  });

  it('does not inherit a register where there is no value', () => {
    const { RD } = parseRecord(
      'OCMF|{"PG":"T1","RD":[{"TM":"2026-03-02T08:00:00,000+0100 S","TX":"B","RV":1,"RI":"1-0:1.8.0","RU":"kWh","ST":"G"},' +
        '{"TX":"X","ST":"E"},{"TX":"E","RV":2,"ST":"G"}]}|{"SD":"00"}',
    ).payload;
    expect(RD[1]).to.include({ RI: undefined, RU: undefined, TX: 'X' });
    expect(RD[2]).to.include({ RI: '1-0:1.8.0', RU: 'kWh', TX: 'E' });
  });

  it('reads the draft format 0.1', () => {
    expect(payloadOf('transparenzsoftware', 'abl-v0.1')).to.include({
      FV: '0.1',
      GI: 'ABL',
      GV: '1.4p3',
      IS: true,
      IL: 'VERIFIED',
    });
  });

  it('keeps vendor fields and says where a device leaves the format', () => {
    const payload = payloadOf('transparenzsoftware', 'twincharger-base64');
    expect(payload).to.include({ FV: '1.0', CT: '0', CI: 'DE*EBW*EP006120*1' });
    expect(payload.other.get('UCPN')).to.equal('101');
    expect(payload.deviations.map(({ path }) => path)).to.deep.equal(['FV', 'CT', 'RD[0].RV', 'RD[1].RV']);
  });

  it('survives any type in any field', () => {
    const { payload } = parseRecord(
      'OCMF|{"FV":[],"IS":7,"IF":"RFID_NONE","LC":1,"RD":[1,{"TM":5,"RV":{},"RI":null,"CL":"x","EI":9}],"__proto__":{"a":1}}|{"SD":"00"}',
    );
    expect(payload.IF).to.deep.equal(['RFID_NONE']);
    expect(payload.RD).to.have.length(1);
    expect(payload.RD[0]).to.include({ RV: undefined, TM: undefined, EI: '9' });
    expect(payload.other.has('__proto__')).to.be.true;
    expect(payload.deviations.map(({ path }) => path)).to.include.members([
      'FV',
      'IS',
      'IF',
      'LC',
      'RD[0]',
      'RD[1].RV',
      'PG',
      'MS',
    ]);
  });

  it('reads cable loss compensation', () => {
    const { LC } = parseRecord(
      'OCMF|{"LC":{"LN":"5 m","LI":1,"LR":0.60,"LU":"mOhm"},"RD":[]}|{"SD":"00"}',
    ).payload;
    expect(LC).to.deep.equal({ LN: '5 m', LI: '1', LR: '0.60', LU: 'mOhm' });
  });
});

describe('parseRecord', () => {
  it('signs over the bytes as they came, also where they are bytes', () => {
    const { ocmf } = vector('synthetic', 'umlaut');
    const bytes = Buffer.from(ocmf, 'utf8');
    expect(parseRecord(bytes).signedBytes).to.deep.equal(parseRecord(ocmf).signedBytes);
    expect(parseRecord(bytes).signedBytes).to.deep.equal(bytes.subarray(5, bytes.lastIndexOf('|')));
  });

  it('refuses bytes that are not UTF-8, and a byte order mark before the header', () => {
    const bytes = Buffer.from(vector('synthetic', 'umlaut').ocmf, 'latin1');
    expect(() => parseRecord(bytes)).to.throw(/not UTF-8/);
    expect(() => parseRecord(Buffer.from('\uFEFFOCMF|{}|{"SD":""}'))).to.throw(/does not begin/);
  });
});

describe('parseOcmfTime', () => {
  it('reads offset and status', () => {
    expect(parseOcmfTime('2025-06-06T09:26:24,000+0200 I')).to.deep.equal({
      text: '2025-06-06T09:26:24,000+0200 I',
      epochMs: Date.UTC(2025, 5, 6, 7, 26, 24),
      offsetMinutes: 120,
      status: 'I',
    });
    expect(parseOcmfTime('2025-06-06T09:26:24,500-0330')).to.include({
      epochMs: Date.UTC(2025, 5, 6, 12, 56, 24, 500),
      offsetMinutes: -210,
      status: undefined,
    });
  });

  for (const text of [
    '',
    '2025-02-30T00:00:00,000+0000 S',
    '2025-06-06T24:00:00,000+0000 S',
    '2025-06-06T09:26:24.000+02:00',
    '2025-06-06T09:26:24,000+0200 X',
  ])
    it(`refuses ${text}`, () => expect(parseOcmfTime(text)).to.equal(undefined));
});

describe('parseObis', () => {
  for (const [text, normalised, direction, billable, compensated] of [
    ['1-b:1.8.e', '1-B:1.8.E', 'import', true, false],
    ['1-0:1.8.0', '1-0:1.8.0', 'import', true, false],
    ['01-00:01.08.00.FF', '1-0:1.8.0', 'import', true, false],
    ['1-0:1.8.0*255', '1-0:1.8.0', 'import', true, false],
    ['1-0:1.8.0*198', '1-0:1.8.0*198', 'import', true, false],
    ['1-0:1.8.0*17', '1-0:1.8.0*17', 'import', false, false],
    ['1-b:2.8.e', '1-B:2.8.E', 'export', true, false],
    ['01-00:98.08.00.FF', '1-0:98.8.0', 'import', true, true],
    ['01-00:B2.08.00*FF', '1-0:B2.8.0', 'import', true, false],
    ['01-00:B3.08.00*FF', '1-0:B3.8.0', 'import', true, true],
    ['01-00:C1.08.00*FF', '1-0:C1.8.0', 'export', true, true],
    ['1-b:1.9.0', '1-B:1.9.0', 'other', false, false],
    ['01-00:00.08.06.FF', '1-0:0.8.6', 'other', false, false],
  ] as const)
    it(`reads ${text}`, () =>
      expect(parseObis(text)).to.deep.equal({ text, normalised, direction, billable, compensated }));

  for (const text of ['', '1-b', 'transaction_1-b:1.8.e', '1.8.0'])
    it(`refuses ${JSON.stringify(text)}`, () => expect(parseObis(text)).to.equal(undefined));
});
