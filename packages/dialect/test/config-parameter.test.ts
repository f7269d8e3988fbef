// SPDX-License-Identifier: Apache-2.0
import {
  checkConfigValue,
  describeConfigValue,
  isSecretParameter,
  type ConfigParameterModel,
  type Json,
} from '@carabiner/dialect';
import { expect } from 'chai';

function parameter(rules: Partial<ConfigParameterModel>): ConfigParameterModel {
  return { type: 'string', description: 'It', mutability: 'ReadOnly', ...rules };
}

describe('checkConfigValue', () => {
  const cases: [Partial<ConfigParameterModel>, Json, string | undefined][] = [
    [{ type: 'string' }, 'x', undefined],
    [{ type: 'string' }, 1, 'wrong-type'],
    [{ type: 'string' }, null, 'wrong-type'],
    [{ type: 'boolean' }, true, undefined],
    [{ type: 'boolean' }, 'true', 'wrong-type'],
    [{ type: 'integer' }, 5, undefined],
    [{ type: 'integer' }, 5.5, 'wrong-type'],
    [{ type: 'integer' }, 2_147_483_647, undefined],
    [{ type: 'integer' }, 2_147_483_648, 'out-of-range'],
    [{ type: 'integer' }, -2_147_483_649, 'out-of-range'],
    [{ type: 'number' }, 3e9, undefined],
    [{ type: 'number' }, 5, undefined],
    [{ type: 'number' }, '5', 'wrong-type'],
    [{ type: 'number', minimum: 1 }, 0.9, 'out-of-range'],
    [{ type: 'number', maximum: 1 }, 1.1, 'out-of-range'],
    [{ type: 'number', exclusiveMinimum: 1 }, 1, 'out-of-range'],
    [{ type: 'number', exclusiveMaximum: 1 }, 1, 'out-of-range'],
    [{ type: 'number', multipleOf: 0.5 }, 1.25, 'out-of-range'],
    [{ type: 'number', multipleOf: 0.5 }, 1.5, undefined],
    [{ minLength: 2 }, '😀', 'out-of-range'],
    [{ maxLength: 1 }, '😀', undefined],
    [{ maxLength: 1 }, 'ab', 'out-of-range'],
    [{ pattern: '^a+$' }, 'ab', 'out-of-range'],
    [{ enum: ['AC', 'DC'] }, 'DC', undefined],
    [{ enum: ['AC', 'DC'] }, 'dc', 'not-allowed'],
    [{ type: 'integer', enum: [1, 2] }, 3, 'not-allowed'],
    [{ rules: { format: 'ipv4' } }, '10.0.0.256', 'not-allowed'],
    [{ rules: { format: 'ipv4' } }, '10.0.0.255', undefined],
    [{ rules: { oneOf: [{ const: 'a' }, { maxLength: 1 }] } }, 'a', 'not-allowed'],
    [{ rules: { oneOf: [{ const: 'a' }, { maxLength: 1 }] } }, 'b', undefined],
    [{ type: 'integer', rules: { not: { enum: [3] } } }, 3, 'not-allowed'],
  ];
  for (const [rules, value, code] of cases) {
    it(`${JSON.stringify(rules)}: ${JSON.stringify(value)} → ${code ?? 'good'}`, () => {
      expect(checkConfigValue('p', parameter(rules), value)?.code).to.equal(code);
    });
  }

  it('names parameter, value and what is allowed', () => {
    expect(
      checkConfigValue('retries', parameter({ type: 'integer', minimum: 0, maximum: 10 }), 11),
    ).to.deep.equal({
      code: 'out-of-range',
      message: "'retries' is 11",
      expected: 'an integer from 0 to 10',
    });
    expect(checkConfigValue('mode', parameter({ enum: ['AC', 'DC'] }), 'dc')).to.include({
      suggestion: 'DC',
    });
  });

  it('takes no number that a file writes with a fraction or an exponent for an integer', () => {
    expect(checkConfigValue('n', parameter({ type: 'integer' }), 5, '5.0')).to.deep.equal({
      code: 'wrong-type',
      message: "'n' is a number: 5.0",
      expected: 'an integer',
    });
    expect(checkConfigValue('n', parameter({ type: 'number' }), 5, '5.0')).to.equal(undefined);
    const secret = checkConfigValue('pin', parameter({ type: 'integer' }), 1234, '1234.0');
    expect(secret?.message).to.equal("'pin' is a number: not shown");
  });

  it('never shows a secret', () => {
    for (const name of ['password', 'hmac_key', 'api_token', 'mqtt_password']) {
      const problem = checkConfigValue(name, parameter({ minLength: 20 }), 'hunter2');
      expect(JSON.stringify(problem)).not.to.contain('hunter2');
    }
    expect(isSecretParameter('anything', { mutability: 'WriteOnly' })).to.equal(true);
    expect(isSecretParameter('pinion', { mutability: 'ReadOnly' })).to.equal(false);
    expect(isSecretParameter('key', { mutability: 'ReadOnly' })).to.equal(false);
  });
});

describe('describeConfigValue', () => {
  const cases: [Partial<ConfigParameterModel>, string][] = [
    [{ type: 'boolean' }, 'true or false'],
    [{ type: 'integer', minimum: 1 }, 'an integer from 1'],
    [{ type: 'number', maximum: 2 }, 'a number up to 2'],
    [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, 'a number above 0 below 1'],
    [{ type: 'integer', multipleOf: 5 }, 'an integer in steps of 5'],
    [{ minLength: 1, maxLength: 3 }, 'a text of 1 to 3 characters'],
    [{ minLength: 1 }, 'a text of at least 1 characters'],
    [{ maxLength: 3, pattern: '^a' }, 'a text of at most 3 characters that matches ^a'],
    [{ enum: ['AC', 'DC'] }, 'one of AC, DC'],
    [
      { minLength: 1, rules: { format: 'ipv4' } },
      'a text of at least 1 characters that conforms to {"format":"ipv4"}',
    ],
  ];
  for (const [rules, text] of cases) {
    it(text, () => {
      expect(describeConfigValue(parameter(rules))).to.equal(text);
    });
  }
});
