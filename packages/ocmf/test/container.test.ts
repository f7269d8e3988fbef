// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { OcmfError, readContainer, verifyRecord } from '@carabiner/ocmf';
import { readVectors, vector } from './vectors.js';

const one = vector('synthetic', 'plain');
const two = vector('synthetic', 'umlaut');
const escape = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');

function xml(record: string, encoding: string, key: string, format = 'OCMF'): string {
  return `<value transactionId="7" context="Transaction.End"><signedData format="${format}" encoding="${encoding}">${record}</signedData><publicKey encoding="hex">${key}</publicKey></value>`;
}

describe('readContainer', () => {
  it('reads one plain record and leaves it as it is', () => {
    expect(readContainer(`${one.ocmf}\n`)).to.deep.equal([{ record: one.ocmf }]);
    const pretty = vector('synthetic', 'pretty-printed').ocmf;
    expect(readContainer(`\uFEFF${pretty}`)).to.deep.equal([{ record: pretty }]);
  });

  it('reads several plain records', () => {
    const pretty = vector('synthetic', 'pretty-printed').ocmf;
    expect(
      readContainer(`${one.ocmf}\r\n${pretty}\n\n${two.ocmf}`).map(({ record }) => record),
    ).to.deep.equal([...[one.ocmf, pretty, two.ocmf]]);
    expect(readContainer(`${one.ocmf}\r\n \n\t ${two.ocmf}`)).to.deep.equal([
      { record: one.ocmf },
      { record: two.ocmf },
    ]);
  });

  it('reads the XML of the transparency software, plain, escaped, CDATA, Base64 and hex', () => {
    const bodies = [
      ['plain', one.ocmf],
      ['plain', escape(one.ocmf)],
      ['plain', `<![CDATA[${one.ocmf}]]>`],
      ['base64', Buffer.from(two.ocmf).toString('base64')],
      ['hex', Buffer.from(two.ocmf).toString('hex')],
    ] as const;
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<!-- made by a backend -->\n<values>\n${bodies
      .map(([encoding, body]) => xml(body, encoding, one.publicKey!))
      .join('\n')}\n</values>\n`;
    const entries = readContainer(text);
    expect(entries).to.have.length(5);
    for (const { record, publicKey, transactionId, context } of entries) {
      expect({ transactionId, context }).to.deep.equal({ transactionId: '7', context: 'Transaction.End' });
      expect(verifyRecord(record, publicKey).verdict).to.equal('valid');
    }
  });

  it('passes over values of other formats', () => {
    const text = `<values>${xml('AP;0;3;', 'plain', 'AA', 'ALFEN')}${xml(one.ocmf, 'plain', 'AA')}</values>`;
    expect(readContainer(text)).to.have.length(1);
  });

  it("reads OCPP's signed meter values and the spelling of EVerest", () => {
    const key = Buffer.from(`oca:base16:asn1:${one.publicKey!}`).toString('base64');
    const ocpp = {
      signedMeterData: Buffer.from(two.ocmf).toString('base64'),
      signingMethod: '',
      encodingMethod: 'OCMF',
      publicKey: key,
    };
    const stop = {
      status: 'OK',
      signed_meter_value: {
        signed_meter_data: one.ocmf,
        signing_method: '',
        encoding_method: 'OCMF',
        public_key: one.publicKey,
      },
    };
    const entries = readContainer(JSON.stringify([ocpp, stop]));
    expect(entries.map(({ record }) => record)).to.deep.equal([two.ocmf, one.ocmf]);
    for (const { record, publicKey } of entries)
      expect(verifyRecord(record, publicKey).verdict).to.equal('valid');
  });

  describe('of OCPP 1.6', () => {
    const signed = JSON.stringify({
      signedMeterData: Buffer.from(two.ocmf).toString('base64'),
      signingMethod: '',
      encodingMethod: 'OCMF',
      publicKey: Buffer.from(`oca:base16:asn1:${two.publicKey!}`).toString('base64'),
    });
    const sampled = (value: string, context: string) => ({ value, format: 'SignedData', context });
    const call = [
      2,
      'id',
      'MeterValues',
      {
        connectorId: 1,
        meterValue: [
          {
            timestamp: '2026-03-02T08:00:00Z',
            sampledValue: [
              { value: '42', unit: 'Wh' },
              { value: '{no JSON' },
              sampled(one.ocmf, 'Transaction.Begin'),
              sampled(signed, 'Transaction.End'),
            ],
          },
        ],
      },
    ];

    it('reads the bare record and the JSON text in the value of a sampled value', () => {
      const entries = readContainer(JSON.stringify(call));
      expect(entries.map(({ record }) => record)).to.deep.equal([one.ocmf, two.ocmf]);
      expect(verifyRecord(two.ocmf, entries[1]!.publicKey).verdict).to.equal('valid');
    });

    it('reads a log of its frames', () => {
      const log = JSON.stringify({ frame: JSON.stringify({ call }) });
      expect(readContainer(log).map(({ record }) => record)).to.deep.equal([one.ocmf, two.ocmf]);
    });

    it('refuses JSON that stands as text in JSON again and again', () => {
      let text = signed;
      for (let level = 0; level < 3; level++) text = JSON.stringify({ value: text });
      expect(readContainer(text)).to.have.length(1);
      expect(() => readContainer(JSON.stringify({ value: text })))
        .to.throw(OcmfError, 'more than 3 times')
        .with.property('code', 'OCMF_CONTAINER');
    });
  });

  for (const text of [
    '',
    'hello',
    '{"value":"42"}',
    '{"value":"{}"}',
    '{}',
    '{"a":',
    '<values></values>',
    '<values>',
    '<a></b>',
    '<a/><b/>',
    '<a>&unknown;</a>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    `<values>${xml('zz', 'hex', 'AA')}</values>`,
    `<values>${xml(one.ocmf, 'rot13', 'AA')}</values>`,
    '<a>'.repeat(20),
  ])
    it(`refuses ${JSON.stringify(text.slice(0, 30))}`, () =>
      expect(() => readContainer(text))
        .to.throw(OcmfError)
        .with.property('code', 'OCMF_CONTAINER'));

  it('carries every vector through XML unharmed', () => {
    const { records } = readVectors('transparenzsoftware');
    const text = `<values>${records.map(({ ocmf }) => xml(escape(ocmf), 'plain', 'AA')).join('')}</values>`;
    expect(readContainer(text).map(({ record }) => record)).to.deep.equal(records.map(({ ocmf }) => ocmf));
  });
});
