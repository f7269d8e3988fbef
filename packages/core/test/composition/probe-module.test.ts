// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import {
  CompositionSource,
  ModuleResolver,
  checkComposition,
  readComposition,
  type ModuleShape,
} from '@carabiner/core/composition';
import { Counter, CounterDescriptor, CounterModule, UserModule } from '../support/modules.js';

class BothModule extends CounterModule {
  static override readonly descriptor = {
    ...CounterDescriptor,
    module: 'BothModule',
    provides: {
      ...CounterDescriptor.provides,
      other: { description: 'x', interface: { ...Counter, name: 'other' }, config: {} },
    },
  };
}

const connection = (module_id: string, implementation_id: string): object => ({
  module_id,
  implementation_id,
});

function check(modules: object): {
  readonly codes: readonly string[];
  readonly probe: ModuleShape | undefined;
} {
  const source = CompositionSource.of({ active_modules: modules });
  const { configuration, findings } = readComposition(source);
  const resolver = new ModuleResolver({ CounterModule, UserModule, BothModule }, '/nowhere');
  const checked = checkComposition(configuration, resolver, source);
  return {
    codes: [...findings, ...checked.findings].map(({ path, code }) => `${code} ${path}`),
    probe: checked.shapes.get('probe'),
  };
}

describe('a ProbeModule, which needs no manifest', () => {
  it('provides what others want of it and requires what it is connected to', () => {
    const { codes, probe } = check({
      counter: { module: 'CounterModule' },
      user: { module: 'UserModule', connections: { counter: [connection('probe', 'any')] } },
      probe: { module: 'ProbeModule', connections: { all: [connection('counter', 'main')] } },
    });
    expect(codes).to.deep.equal([]);
    expect(probe?.provides).to.deep.equal({ any: { interface: 'counter', config: {} } });
    expect(probe?.requires['all']).to.include({ interface: 'counter' });
  });

  it('provides nothing of use when nobody wants anything', () => {
    const { codes, probe } = check({ probe: { module: 'ProbeModule' } });
    expect(codes).to.deep.equal(['unused-module active_modules.probe']);
    expect(probe?.provides).to.deep.equal({ none: { interface: 'empty', config: {} } });
  });

  it('is connected to one interface by each requirement, and to what is there', () => {
    const one = [connection('both', 'main'), connection('both', 'other'), connection('nobody', 'x')];
    const { codes } = check({
      both: { module: 'BothModule' },
      probe: { module: 'ProbeModule', connections: { one } },
    });
    expect(codes).to.deep.equal([
      'interface-mismatch active_modules.probe.connections.one[1]',
      'unknown-module-id active_modules.probe.connections.one[2].module_id',
    ]);
  });

  it('is alone of its kind', () => {
    const { codes } = check({ probe: { module: 'ProbeModule' }, again: { module: 'ProbeModule' } });
    expect(codes).to.include('several-probes active_modules.again.module');
  });
});
