// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfigValue, formatFindings, type ConfigParameterModel } from '@carabiner/dialect';
import { expect } from 'chai';
import fc from 'fast-check';
import { loadComposition } from '@carabiner/core';
import { OverlayFile } from '../../dist/config/overlay-file.js';
import { CounterDescriptor, CounterModule } from '../support/modules.js';

type Type = ConfigParameterModel['type'];

const parameter = (type: Type): ConfigParameterModel => ({
  type,
  description: 'It',
  mutability: 'ReadWrite',
});

/** Texts that YAML may take for something else, and texts of all characters, half pairs too. */
const texts = fc.oneof(
  fc.constantFrom(
    '',
    '~',
    'null',
    'Null',
    'true',
    'True',
    '0bcafe12',
    '0x10',
    '0o17',
    '12',
    '1e3',
    '.5',
    '- a',
  ),
  fc.constantFrom(
    'a: b',
    '# x',
    '&a',
    '*a',
    '!x',
    '|',
    '<<',
    '---',
    ' a ',
    'a\nb',
    '\ufeffx',
    '\u0085',
    '\u2028',
  ),
  fc.stringMatching(/^[-+]?0[xob][0-9a-f]{1,4}$/),
  fc.stringMatching(/^[-+.0-9eExobnNuUlL~]{1,6}$/),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
);
const numbers = fc.oneof(
  fc.double(),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(3e9, -3e9, 2 ** 31, -(2 ** 31) - 1, 1e21, 1e-7, 5e-324, Number.MAX_VALUE),
);
const given = fc
  .record({
    type: fc.constantFrom<Type>('string', 'number', 'integer', 'boolean'),
    value: fc.oneof(texts, numbers, fc.boolean()),
  })
  .filter(({ type, value }) => checkConfigValue('p', parameter(type), value) === undefined);

describe('a value that was set at run time', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'carabiner-values-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is the same at the next start, whatever it is', async () => {
    const file = join(folder, 'charger.yaml');
    writeFileSync(file, 'active_modules: { m: { module: CounterModule } }\n');
    const samples = fc.array(given, { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(samples, async (values) => {
        rmSync(join(folder, 'user-config'), { recursive: true, force: true });
        const named = values.map((each, index) => ({ ...each, name: `p${index}` }));
        class Configured extends CounterModule {
          static override readonly descriptor = {
            ...CounterDescriptor,
            config: Object.fromEntries(named.map(({ name, type }) => [name, parameter(type)])),
          };
        }
        await new OverlayFile(join(folder, 'user-config', 'charger.yaml')).set(
          named.map(({ name, value }) => ({ path: ['active_modules', 'm', 'config_module', name], value })),
        );
        const loaded = loadComposition({ file, modules: { CounterModule: Configured } });
        expect(loaded.valid, formatFindings(loaded.findings)).to.equal(true);
        const read = loaded.configuration.modules[0]?.configModule ?? {};
        for (const { name, value } of named) expect(read[name]).to.equal(value);
      }),
      { numRuns: 100 },
    );
  });
});
