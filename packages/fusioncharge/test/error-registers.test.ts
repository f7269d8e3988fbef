// SPDX-License-Identifier: Apache-2.0
import { describeError, ERROR_CATEGORIES, ERROR_REGISTERS, errorSubtype } from '@carabiner/fusioncharge';
import { expect } from 'chai';
import { fixture } from './fixtures.js';

interface Sample {
  readonly address: string;
  readonly written?: string;
  readonly subtype?: string;
  readonly description?: string;
  readonly raw?: number;
}

describe('error registers', () => {
  const samples = (fixture('error-registers') as Sample[]).filter((sample) => sample.written !== undefined);

  it('are all in the captured samples', () => {
    const sampled = new Set(samples.map((sample) => Number.parseInt(sample.address, 16)));
    expect(
      ERROR_REGISTERS.map((error) => error.register.address).every((address) => sampled.has(address)),
    ).to.equal(true);
    expect(sampled.size).to.equal(ERROR_REGISTERS.length);
  });

  for (const sample of samples) {
    it(`0x${sample.address} = ${sample.written}: subtype, value and text`, () => {
      const error = ERROR_REGISTERS.find(
        (entry) => entry.register.address === Number.parseInt(sample.address, 16),
      )!;
      const raw = error.register.type.decode(Buffer.from(sample.written!, 'hex'));
      expect(raw).to.equal(sample.raw);
      expect(errorSubtype(error)).to.equal(sample.subtype);
      expect(describeError(error, raw)).to.equal(sample.description);
    });
  }

  it('show an alarm value without a name as UNKNOWN', () => {
    expect(describeError(ERROR_REGISTERS[0]!, 0)).to.match(/AlarmState: NORMAL$/);
    expect(describeError(ERROR_REGISTERS[0]!, 7)).to.match(/AlarmState: UNKNOWN$/);
  });

  it('come in order of category', () => {
    const order = ERROR_REGISTERS.map((error) => ERROR_CATEGORIES.indexOf(error.category));
    expect(order).to.deep.equal([...order].sort((a, b) => a - b));
  });
});
