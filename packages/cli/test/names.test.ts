// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { parseArguments, parseImplementation } from '../dist/command-arguments.js';
import { interfaceIds, pluginNames } from '../dist/scaffold/names.js';
import { fileNameOf } from '../dist/scaffold/plugin-spec.js';

describe('names of a new plugin', () => {
  it('follow from the name of the package', () => {
    for (const [name, folder, module] of [
      ['acme-psu', 'acme-psu', 'AcmePsu'],
      ['@acme/carabiner-plugin-imd', 'carabiner-plugin-imd', 'Imd'],
      ['plugin-x1.v2', 'plugin-x1.v2', 'X1V2'],
    ] as const)
      expect(pluginNames(name)).to.deep.equal({ package: name, folder, module });
    for (const name of ['', 'Acme', '1psu', 'a b', '@acme', '../x'])
      expect(() => pluginNames(name), name).to.throw('cannot be the name of a package');
  });

  it('give files and implementations names of their own', () => {
    expect(['AcmePsu', 'HTTPMeter', 'X1V2'].map(fileNameOf)).to.deep.equal([
      'acme-psu',
      'http-meter',
      'x1-v2',
    ]);
    expect(interfaceIds(['kvs', 'kvs', 'auth'], 'main')).to.deep.equal(['main', 'kvs', 'auth']);
    expect(interfaceIds(['kvs', 'kvs', 'kvs'])).to.deep.equal(['kvs', 'kvs_2', 'kvs_3']);
  });
});

describe('arguments of carabiner call', () => {
  it('are JSON where they can be, and text otherwise', () => {
    expect(parseArguments(['a=1', 'b=x=y', 'c={"d":[true]}', 'e="12"', 'f='])).to.deep.equal({
      a: 1,
      b: 'x=y',
      c: { d: [true] },
      e: '12',
      f: '',
    });
    expect(() => parseArguments(['a'])).to.throw('no name=value');
    expect(() => parseArguments(['a=1', 'a=2'])).to.throw('given twice');
  });

  it('name an implementation, main where none is named', () => {
    expect(parseImplementation('psu')).to.deep.equal({ moduleId: 'psu', implementationId: 'main' });
    expect(parseImplementation('psu/out')).to.deep.equal({ moduleId: 'psu', implementationId: 'out' });
    for (const text of ['', '/main', 'psu/', 'a/b/c'])
      expect(() => parseImplementation(text), text).to.throw();
  });
});
