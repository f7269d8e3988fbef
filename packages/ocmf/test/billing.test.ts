// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { bill, FINDINGS, matchTransaction, parseRecord, type FindingCode } from '@carabiner/ocmf';
import { readVectors, vector } from './vectors.js';

/** Words of the vectors for the finding's name. */
const REASONS: Record<string, FindingCode> = {
  'energy error flag': 'energy-flag',
  'meter state': 'meter-state',
  'end value below begin value': 'value-falling',
  'end time before begin time': 'time-backwards',
  'identification level': 'identification-level',
  'no end reading': 'no-end',
  'more than one end reading': 'several-ends',
  'no transaction': 'no-transaction',
};

type Fields = Record<string, unknown>;
const BEGIN: Fields = {
  TM: '2026-03-02T08:00:00,000+0100 S',
  TX: 'B',
  EF: '',
  ST: 'G',
  RV: '1.000',
  RI: '1-b:1.8.e',
  RU: 'kWh',
};
const END: Fields = { ...BEGIN, TM: '2026-03-02T08:30:00,000+0100 S', TX: 'E', RV: '3.500' };
const HEAD: Fields = {
  FV: '1.0',
  GI: 'g',
  GS: '1',
  PG: 'T5',
  MS: '1',
  IS: true,
  IL: 'TRUSTED',
  IF: [],
  IT: 'ISO14443',
  ID: 'A',
};

const record = (readings: Fields[], head: Fields = {}) =>
  parseRecord(`OCMF|${JSON.stringify({ ...HEAD, ...head, RD: readings })}|{"SD":"00"}`);
const codes = (...records: ReturnType<typeof record>[]) => bill(records).findings.map(({ code }) => code);
const errors = (...records: ReturnType<typeof record>[]) =>
  bill(records)
    .findings.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);

describe('bill', () => {
  for (const { id, ocmf, expect: expected } of readVectors('synthetic').records) {
    if (expected.billable === undefined) continue;
    it(`${id} is ${expected.billable ? 'billable' : `not billable: ${expected.reason ?? ''}`}`, () => {
      const result = bill([parseRecord(ocmf)]);
      expect(result.billable).to.equal(expected.billable);
      if (expected.billable) {
        expect(result.import?.begin.toString()).to.equal(expected.begin);
        expect(result.import?.end.toString()).to.equal(expected.end);
        expect(result.import?.energy.toString()).to.equal(expected.energy_kWh);
        expect(result.export?.energy.toString()).to.equal(expected.export_kWh);
        expect(result.export?.begin.toString()).to.equal(expected.export_begin);
        expect(result.export?.end.toString()).to.equal(expected.export_end);
        expect(result.durationMs).to.equal(41 * 60_000 + 17_000);
      } else {
        const reason = REASONS[expected.reason ?? ''];
        expect(
          result.findings.filter(({ severity }) => severity === 'error').map(({ code }) => code),
        ).to.include(reason);
      }
    });
  }

  it('refuses records of the meter in error state though they verify', () => {
    for (const id of ['iem-dcr-2023-t0', 'iem-dcr-2023-t1-import-export'])
      expect(codes(parseRecord(vector('iem-dcr', id).ocmf))).to.include.members([
        'energy-flag',
        'meter-state',
      ]);
  });

  it('bills a begin and an end in two records, in either order', () => {
    const [begin, end] = ['ebee-ok-1', 'ebee-ok-2'].map((id) =>
      parseRecord(vector('transparenzsoftware', id).ocmf),
    );
    const result = bill([begin!, end!]);
    expect(result).to.include({ billable: true, durationMs: 5000 });
    expect(result.import?.energy.toString()).to.equal('0.000');
    expect(result.import?.end.toString()).to.equal('7.753'); // Wh in the record
    expect(bill([end!, begin!])).to.deep.include({ billable: true });
    expect(codes(end!, begin!)).to.include('records-out-of-order');
  });

  it('puts the records of one transaction in page order where the container has them reversed', () => {
    const [end, begin] = ['bauer-bsm-nokey-1', 'bauer-bsm-nokey-2'].map((id) =>
      parseRecord(vector('transparenzsoftware', id).ocmf),
    );
    expect(bill([end!, begin!]).import?.energy.toString()).to.equal('0.890');
  });

  it('leaves auxiliary registers aside', () => {
    const records = ['ocmf-test-data-00-1', 'ocmf-test-data-00-2'].map((id) =>
      parseRecord(vector('transparenzsoftware', id).ocmf),
    );
    expect(bill(records)).to.deep.include({ billable: true, durationMs: 30_000 });
  });

  it('finds nothing wrong with a good record', () => {
    expect(bill([record([BEGIN, END])])).to.deep.include({ billable: true, durationMs: 1_800_000 });
    // RV is a text, as the IEM-DCR writes it; the format wants a number.
    expect(codes(record([BEGIN, END]))).to.deep.equal(['format-deviation', 'format-deviation']);
  });

  const single: [string, FindingCode, ReturnType<typeof record>][] = [
    ['no begin', 'no-begin', record([END])],
    ['two begins', 'several-begins', record([BEGIN, BEGIN, END])],
    ['an exception reading', 'exception-reading', record([BEGIN, { ...BEGIN, TX: 'X' }, END])],
    ['a reading before the begin', 'readings-out-of-order', record([{ ...BEGIN, TX: 'C' }, BEGIN, END])],
    ['a reading after the end', 'readings-out-of-order', record([BEGIN, END, { ...END, TX: 'C' }])],
    [
      'an end before the begin in the second register',
      'readings-out-of-order',
      record([BEGIN, { ...END, RI: '1-b:2.8.e' }, { ...BEGIN, RI: '1-b:2.8.e', RV: '3.500' }, END]),
    ],
    [
      'a value in between that is above the end',
      'value-falling',
      record([BEGIN, { ...BEGIN, TX: 'C', RV: '9.000' }, END]),
    ],
    [
      'a value in between that is below the begin',
      'value-falling',
      record([BEGIN, { ...BEGIN, TX: 'C', RV: '999', RU: 'Wh' }, END]),
    ],
    [
      'an end of the second register before its begin',
      'time-backwards',
      record([
        BEGIN,
        { ...BEGIN, RI: '1-b:2.8.e' },
        END,
        { ...END, RI: '1-b:2.8.e', TM: '2026-03-02T07:30:00,000+0100 S' },
      ]),
    ],
    [
      'begin and end of different registers',
      'register-differs',
      record([BEGIN, { ...END, RI: '1-b:2.8.e' }]),
    ],
    [
      'no energy register',
      'no-billing-register',
      record([
        { ...BEGIN, RI: '1-b:1.9.0' },
        { ...END, RI: '1-b:1.9.0' },
      ]),
    ],
    ['different units', 'unit-differs', record([BEGIN, { ...END, RU: 'Wh' }])],
    [
      'no energy unit',
      'unit-not-energy',
      record([
        { ...BEGIN, RU: 's' },
        { ...END, RU: 's' },
      ]),
    ],
    [
      'a unit that names a member of every object',
      'unit-not-energy',
      record([
        { ...BEGIN, RU: 'constructor' },
        { ...END, RU: 'constructor' },
      ]),
    ],
    ['an unreadable value', 'value-missing', record([BEGIN, { ...END, RV: '3,5' }])],
    [
      'an unreadable value without a register',
      'value-missing',
      record([
        { ...BEGIN, RI: undefined },
        { ...END, RI: undefined, RV: '3,5' },
      ]),
    ],
    ['a missing state', 'meter-state', record([{ ...BEGIN, ST: undefined }, END])],
    ['an unreadable time', 'time-unreadable', record([BEGIN, { ...END, TM: '2026-03-02' }])],
    [
      'no time status',
      'time-status-missing',
      record([{ ...BEGIN, TM: '2026-03-02T08:00:00,000+0100' }, END]),
    ],
    [
      'relative begin, absolute end',
      'time-status-mixed',
      record([{ ...BEGIN, TM: '2026-03-02T08:00:00,000+0100 R' }, END]),
    ],
    ['level MISMATCH', 'identification-level', record([BEGIN, END], { IL: 'MISMATCH' })],
    ['no page', 'pagination-missing', record([BEGIN, END], { PG: undefined })],
    ['a malformed page', 'pagination-malformed', record([BEGIN, END], { PG: 'T017' })],
    ['a fiscal page', 'pagination-fiscal', record([BEGIN, END], { PG: 'F3' })],
    [
      'different event counters in format 0.x',
      'event-counter-differs',
      record(
        [
          { ...BEGIN, EI: 1 },
          { ...END, EI: 2 },
        ],
        { FV: '0.4' },
      ),
    ],
    [
      'registers that disagree',
      'ambiguous-register',
      record([BEGIN, END, { ...BEGIN, RI: '1-0:B2.8.0' }, { ...END, RI: '1-0:B2.8.0', RV: '9.000' }]),
    ],
  ];
  for (const [name, code, one] of single)
    it(`does not bill ${name}`, () => {
      expect(errors(one)).to.include(code);
      expect(bill([one]).billable).to.be.false;
    });

  it('does not bill a key that stands twice', () => {
    const text = `OCMF|{"FV":"1.0","PG":"T1","MS":"1","IS":true,"IT":"NONE","RD":[${JSON.stringify(BEGIN)},${JSON.stringify(END).replace('"RV":"3.500"', '"RV":"3.500","RV":"2.000"')}]}|{"SD":"00"}`;
    expect(errors(parseRecord(text))).to.deep.equal(['ambiguous-content']);
  });

  it('does not bill without records', () => expect(errors()).to.deep.equal(['no-records']));

  const several: [string, FindingCode, Fields][] = [
    ['a page is missing between them', 'pagination-gap', { PG: 'T7' }],
    ['they are of two meters', 'source-differs', { PG: 'T6', MS: '2' }],
    ['they are of two users', 'user-differs', { PG: 'T6', ID: 'B' }],
  ];
  for (const [name, code, head] of several)
    it(`does not bill two records when ${name}`, () =>
      expect(errors(record([BEGIN]), record([END], head))).to.deep.equal([code]));

  it('bills two records that follow each other', () =>
    expect(errors(record([BEGIN]), record([END], { PG: 'T6' }))).to.deep.equal([]));

  it('does not bill an end on a page before that of the begin', () => {
    const found = bill([record([END]), record([BEGIN], { PG: 'T6' })]).findings.filter(
      ({ code }) => code === 'readings-out-of-order',
    );
    expect(found.map(({ message }) => message)).to.deep.equal([
      'the first reading of 1-B:1.8.E has TX E, not B',
      'the last reading of 1-B:1.8.E has TX B, which is no end',
    ]);
  });

  it('bills registers whose readings alternate over the pages', () => {
    const readings = [BEGIN, { ...BEGIN, TX: 'C', RV: '2' }, { ...BEGIN, TX: 'S', RV: '3' }, END];
    const both = readings.map((reading) => [reading, { ...reading, RI: '1-b:2.8.e' }]);
    expect(errors(record(both.flat()))).to.deep.equal([]);
    expect(errors(...both.map((pair, index) => record(pair, { PG: `T${5 + index}` })))).to.deep.equal([]);
  });

  describe('a pure event', () => {
    const EVENT: Fields = { TM: '2026-03-02T08:10:00,000+0100 S', TX: 'C', ST: 'G', EF: '' };
    const notes = (event: Fields) =>
      codes(record([BEGIN, event, END])).filter((code) => code !== 'format-deviation');

    it('is of no register and prevents nothing', () => {
      expect(notes(EVENT)).to.deep.equal([]);
      expect(notes({ ...EVENT, TX: 'S' })).to.deep.equal([]);
      // It stands outside the register, whose own begin is still the first.
      expect(errors(record([EVENT, BEGIN, END, { ...EVENT, TX: 'E' }]))).to.deep.equal([]);
    });

    it('has its state judged', () => {
      expect(notes({ ...EVENT, EF: 't' })).to.deep.equal(['time-flag']);
      expect(notes({ ...EVENT, ST: 'T' })).to.deep.equal(['intermediate-state']);
      expect(notes({ ...EVENT, TX: 'X', ST: 'E', EF: 'E' })).to.deep.equal([
        'exception-reading',
        'intermediate-state',
        'intermediate-state',
      ]);
    });

    it('without TX has that of the reading before, so its state is one at the begin, but it is no second begin', () =>
      expect(notes({ ...EVENT, TX: undefined, ST: 'T' })).to.deep.equal(['meter-state']));

    it('is no end of a register', () =>
      expect(errors(record([BEGIN, { ...EVENT, TX: 'A' }]))).to.deep.equal(['no-end']));

    it('alone bills nothing', () => expect(errors(record([EVENT]))).to.deep.equal(['no-billing-register']));
  });

  it('prefers the compensated register', () => {
    const compensated = [
      { ...BEGIN, RI: '1-0:98.8.0', RV: '0' },
      { ...END, RI: '1-0:98.8.0', RV: '2.4' },
    ];
    expect(bill([record([BEGIN, END, ...compensated])]).import?.energy.toString()).to.equal('2.4');
  });

  const warnings: [string, FindingCode, ReturnType<typeof record>][] = [
    ['EF t', 'time-flag', record([{ ...BEGIN, EF: 't' }, END])],
    [
      'an unset clock in the second register alone',
      'time-unsynchronised',
      record([
        BEGIN,
        { ...BEGIN, RI: '1-b:2.8.e', TM: '2026-03-02T08:00:00,000+0100 U' },
        END,
        { ...END, RI: '1-b:2.8.e' },
      ]),
    ],
    [
      'an unset clock',
      'time-unsynchronised',
      record([{ ...BEGIN, TM: '1970-01-01T01:08:51,000+0100 U' }, END]),
    ],
    ['a bad state in between', 'intermediate-state', record([BEGIN, { ...BEGIN, TX: 'C', ST: 'T' }, END])],
    ['a tariff change', 'tariff-change', record([BEGIN, { ...BEGIN, TX: 'T' }, END])],
    ['no user', 'user-not-assigned', record([BEGIN, END], { IS: false })],
    ['an unknown version', 'format-version', record([BEGIN, END], { FV: '2.0' })],
  ];
  for (const [name, code, one] of warnings)
    it(`bills ${name} with a warning`, () => {
      expect(codes(one)).to.include(code);
      expect(errors(one)).to.deep.equal([]);
    });

  it('has a test for every finding', () => {
    const tested = new Set<string>([
      ...[...single, ...several, ...warnings].map(([, code]) => code),
      ...Object.values(REASONS),
      ...['ambiguous-content', 'no-records', 'records-out-of-order', 'format-deviation'],
    ]);
    expect([...tested].sort()).to.deep.equal(Object.keys(FINDINGS).sort());
  });
});

describe('matchTransaction', () => {
  const startedMs = Date.UTC(2026, 2, 2, 7, 0, 0);
  const own = record([BEGIN, END], { CI: 'DE*ABC*E0001' });

  it('accepts the record of the transaction', () =>
    expect(
      matchTransaction(own, { ID: 'A', MS: '1', CI: 'DE*ABC*E0001', afterPG: 'T4', startedMs }),
    ).to.deep.equal([]));

  it('names every point that does not fit', () => {
    const found = matchTransaction(own, {
      ID: 'B',
      MS: '2',
      CI: 'X',
      afterPG: 'T5',
      startedMs: startedMs + 600_000,
    });
    expect(found.map(({ field }) => field)).to.deep.equal(['ID', 'MS', 'CI', 'PG', 'TM']);
  });

  it('compares page numbers as numbers', () =>
    expect(matchTransaction(record([BEGIN, END], { PG: 'T10' }), { afterPG: 'T9' })).to.deep.equal([]));
});
