// SPDX-License-Identifier: Apache-2.0
import { YamlSource, type TypeFileModel } from '@carabiner/dialect';
import * as validation from '@carabiner/dialect/validation';
import { expect } from 'chai';
import { checkName } from '../dist/emit-checks.js';
import { TypeBundle } from '../dist/type-bundle.js';

describe('a bundle of types', () => {
  it('finds the schema that no type can be made of, and makes those of the others', async () => {
    const text = 'types:\n  Good: { type: string }\n  Bad: { enum: 5 }\n';
    const source = YamlSource.parse(text, 'types/t.yaml');
    const types = { Good: { type: 'string' }, Bad: { enum: 5 } };
    const model: TypeFileModel = { name: 't', description: '', types, references: [], source };
    const bundle = new TypeBundle();
    const [finding, ...others] = await bundle.update([model], []);
    expect(others).to.deep.equal([]);
    expect(finding).to.include({ file: 'types/t.yaml', line: 3, column: 3, path: 'types.Bad' });
    expect(finding).to.include({ severity: 'error', code: 'no-type', expected: 'a plainer schema' });
    expect(finding?.message).to.match(/^no TypeScript type can be made of this: ./);
    expect(bundle.declaration('t', 'Good', types.Good)).to.deep.equal({ kind: 'word', text: 'string' });
  });
});

describe('names of checks', () => {
  it('are none that the validation module has', () => {
    const shared = Object.keys(validation).filter((name) => /^is[A-Z]/.test(name));
    expect(shared).to.include.members(['isObject', 'isExactlyOne', 'isDateTime']);
    for (const name of shared) expect(checkName(name.slice(2))).to.equal(`${name}_`);
  });
});
