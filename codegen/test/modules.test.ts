// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { generate } from '@carabiner/codegen';
import { expect } from 'chai';
import { compile, load } from './compiled-output.js';
import { fixture } from './corpus.js';

interface Schema {
  parse(value: unknown): Record<string, unknown>;
  safeParse(value: unknown): { success: boolean; error?: { issues: { message: string; path: unknown[] }[] } };
}

/** A driver on the generated base: what must compile, and what must not. */
const DRIVER = readFileSync(fixture('driver.ts'), 'utf8');

describe('a generated module', function () {
  this.timeout(180_000);
  let module: Record<string, unknown>;
  let inherited: Record<string, unknown>;

  before(async () => {
    const { files, findings } = await generate({
      specs: [fixture('odd')],
      manifests: [`${fixture('odd')}/manifests/*.yaml`],
      out: 'driver',
    });
    expect(findings).to.deep.equal([]);
    expect(compile('driver', new Map([...files, ['driver.ts', DRIVER]]))).to.equal('');
    module = await load('driver', 'OddModule.js');
    inherited = await load('driver', 'Inherited.js');
  });

  it('reads no parameter that the configuration merely inherits', () => {
    const schema = inherited['InheritedConfigSchema'] as Schema;
    expect(schema.parse({ constructor: 'a' })).to.deep.equal({ constructor: 'a', toString: 3 });
    expect(schema.safeParse({}).error?.issues[0]?.message).to.equal(
      "'constructor' is missing; expected one of a, b",
    );
    expect(schema.safeParse([]).success).to.equal(false);
    const implementations = inherited['InheritedImplementationConfigSchema'] as Schema;
    expect(implementations.parse({ constructor: {}, other: {} })).to.deep.equal({
      constructor: { valueOf: 5 },
      other: {},
    });
  });

  it('fills in defaults', () => {
    const schema = module['OddModuleConfigSchema'] as Schema;
    expect(schema.parse({ mandatory: 'abc' })).to.deep.equal({
      mandatory: 'abc',
      count: 3,
      share: 0.5,
      step: 1,
      mode: 'ON',
      level: 2,
      enabled: false,
      api_token: 'changeit-changeit',
      class: "it's",
    });
    const implementations = module['OddModuleImplementationConfigSchema'] as Schema;
    expect(implementations.parse({ main: {}, 'extra-one': {} })).to.deep.equal({
      main: { gain: 1 },
      'extra-one': {},
    });
  });

  for (const [config, message] of [
    [{}, "'mandatory' is missing; expected a text of 2 to 4 characters that matches ^[a-z]+$"],
    [
      { mandatory: 'abcde' },
      '\'mandatory\' is "abcde"; expected a text of 2 to 4 characters that matches ^[a-z]+$',
    ],
    [
      { mandatory: 'AB' },
      '\'mandatory\' is "AB"; expected a text of 2 to 4 characters that matches ^[a-z]+$',
    ],
    [{ mandatory: 'ab', count: 11 }, "'count' is 11; expected an integer from 0 to 10"],
    [{ mandatory: 'ab', count: 1.5 }, "'count' is 1.5; expected an integer from 0 to 10"],
    [{ mandatory: 'ab', count: '5' }, '\'count\' is "5"; expected an integer from 0 to 10'],
    [{ mandatory: 'ab', share: 1 }, "'share' is 1; expected a number above 0 below 1"],
    [{ mandatory: 'ab', step: 0.3 }, "'step' is 0.3; expected a number in steps of 0.25"],
    [{ mandatory: 'ab', mode: true }, "'mode' is true; expected one of ON, OFF"],
    [{ mandatory: 'ab', level: 4 }, "'level' is 4; expected one of 1, 2, 3"],
    [{ mandatory: 'ab', enabled: 'yes' }, '\'enabled\' is "yes"; expected true or false'],
    [
      { mandatory: 'ab', api_token: 'hunter2' },
      "'api_token' is not valid; expected a text of at least 8 characters",
    ],
  ] as const) {
    it(`says ${message}`, () => {
      const result = (module['OddModuleConfigSchema'] as Schema).safeParse(config);
      expect(result.error?.issues[0]?.message).to.equal(message);
    });
  }

  it('refuses unknown parameters', () => {
    const result = (module['OddModuleConfigSchema'] as Schema).safeParse({ mandatory: 'ab', retry: 1 });
    expect(result.error?.issues[0]?.message).to.contain('retry');
  });

  it("names an implementation's parameter with its implementation", () => {
    const result = (module['OddModuleImplementationConfigSchema'] as Schema).safeParse({
      main: { gain: 3 },
      'extra-one': {},
    });
    expect(result.error?.issues[0]?.message).to.equal("'main.gain' is 3; expected a number from 1 to 2");
  });

  it('carries its descriptor', () => {
    const base = module['OddModuleBase'] as {
      descriptor: { module: string; config: Record<string, unknown>; requires: Record<string, unknown> };
    };
    expect(base.descriptor.module).to.equal('OddModule');
    expect(base.descriptor.config['share']).to.deep.include({ exclusiveMinimum: 0, exclusiveMaximum: 1 });
    expect(base.descriptor.config['step']).to.deep.include({ multipleOf: 0.25 });
    expect(base.descriptor.requires['three']).to.deep.include({
      minConnections: 3,
      maxConnections: 3,
      ignore: { errors: true, variables: ['event'] },
    });
  });

  it('has a token for everything the container holds', async () => {
    const { TOKEN_NAMES } = await import('@carabiner/core');
    expect(Object.keys(module['OddModuleTokens'] as object).sort()).to.deep.equal(
      Object.keys(TOKEN_NAMES).sort(),
    );
  });
});
