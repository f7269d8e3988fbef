// SPDX-License-Identifier: Apache-2.0
import { nearestName } from '@carabiner/dialect';
import { expect } from 'chai';

describe('nearestName', () => {
  for (const [name, candidates, expected] of [
    ['setmode', ['reset', 'setMode'], 'setMode'],
    ['set_mode', ['setMode'], 'setMode'],
    ['powermetre', ['power', 'powermeter'], 'powermeter'],
    ['volatge', ['voltage', 'volume'], 'voltage'],
    ['conections', ['connections', 'config_module'], 'connections'],
    ['a', ['b'], 'b'],
    ['a', ['completely'], undefined],
    ['minimum', ['maximum'], 'maximum'],
    ['capabilities', ['xxxxxxxxxxxx'], undefined],
    ['same', ['same'], undefined],
    ['anything', [], undefined],
  ] as const) {
    it(`${name} among ${candidates.join(', ') || 'nothing'} → ${String(expected)}`, () => {
      expect(nearestName(name, candidates)).to.equal(expected);
    });
  }
});
