// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { RaisedError } from '@carabiner/core';
import { contractError } from '@carabiner/core/bus-contract';
import { ErrorState } from '../../dist/errors/error-monitor.js';
import { settle, withSystem, type System } from '../support/system.js';

function raiser({ counters }: System): (typeof counters)[number]['provides']['main']['errors'] {
  return counters.at(-1)!['provides'].main.errors;
}

describe('errors', () => {
  it('are raised with all that EVerest knows of them', async () => {
    await withSystem(
      { counter: { mapping: { module: { evse: 1, connector: 2 }, implementations: { main: { evse: 1 } } } } },
      async (system) => {
        const seen: RaisedError[] = [];
        system.requires.counter.errors.subscribe('counter/Overflow', {
          raised: (error) => void seen.push(error),
        });
        const error = raiser(system).raise({
          type: 'counter/Overflow',
          subType: 'high',
          message: 'over the top',
          severity: 'High',
          vendorId: 'acme',
        });
        await settle();
        expect(seen).to.deep.equal([error]);
        expect(error).to.include({
          type: 'counter/Overflow',
          sub_type: 'high',
          description: 'too much',
          message: 'over the top',
          severity: 'High',
          state: 'Active',
          vendor_id: 'acme',
          timestamp: '2026-01-01T00:00:00.000Z',
        });
        expect(error?.uuid).to.match(/^[0-9a-f-]{36}$/);
        expect(error?.origin).to.deep.equal({
          module_id: 'counter',
          implementation_id: 'main',
          mapping: { evse: 1, connector: 2 },
        });
      },
    );
  });

  it('have defaults for severity, sub type and vendor', async () => {
    await withSystem({}, (system) => {
      const error = raiser(system).raise({ type: 'counter/Overflow', message: 'm' });
      expect(error).to.include({ severity: 'Low', sub_type: '', vendor_id: 'carabiner' });
      expect(error?.origin).to.not.have.property('mapping');
    });
  });

  it('may bring a description of their own', async () => {
    await withSystem({}, (system) => {
      const error = raiser(system).raise({ type: 'counter/Overflow', message: 'm', description: 'own' });
      expect(error).to.include({ description: 'own' });
    });
  });

  it('are told once, however often they are raised, and cleared with the same uuid', async () => {
    await withSystem({}, async (system) => {
      const log: string[] = [];
      system.requires.counter.errors.subscribe('*', {
        raised: ({ uuid }) => void log.push(`raised ${uuid}`),
        cleared: ({ uuid, state }) => void log.push(`${state} ${uuid}`),
      });
      const errors = raiser(system);
      const first = errors.raise({ type: 'counter/Overflow', message: 'a' });
      const again = errors.raise({ type: 'counter/Overflow', message: 'b' });
      expect(again).to.equal(first);
      expect(errors.isActive('counter/Overflow')).to.equal(true);
      errors.clear('counter/Overflow');
      errors.clear('counter/Overflow');
      await settle();
      expect(log).to.deep.equal([`raised ${first?.uuid}`, `ClearedByModule ${first?.uuid}`]);
      expect(errors.active).to.deep.equal([]);
    });
  });

  it('of one type are told apart by sub type, and cleared one by one, by type, or all', async () => {
    await withSystem({}, async (system) => {
      const errors = raiser(system);
      const monitor = system.requires.counter.errors;
      for (const subType of ['a', 'b', 'c']) errors.raise({ type: 'counter/Overflow', subType, message: '' });
      errors.raise({ type: 'counter/CommunicationFault', message: '' });
      await settle();
      expect(monitor.active.map(({ sub_type }) => sub_type)).to.deep.equal(['a', 'b', 'c', '']);
      errors.clear('counter/Overflow', 'b');
      await settle();
      expect(monitor.isActive('counter/Overflow', 'b')).to.equal(false);
      expect(monitor.isActive('counter/Overflow', 'a')).to.equal(true);
      errors.clearAllOf('counter/Overflow');
      await settle();
      expect(monitor.active.map(({ type }) => type)).to.deep.equal(['counter/CommunicationFault']);
      errors.clearAll();
      await settle();
      expect(monitor.active).to.deep.equal([]);
    });
  });

  it('that the interface does not list are logged and ignored', async () => {
    await withSystem({}, async (system) => {
      const type = 'counter/Unheard' as 'counter/Overflow';
      expect(raiser(system).raise({ type, message: '' })).to.equal(undefined);
      await settle();
      expect(system.requires.counter.errors.active).to.deep.equal([]);
      expect(system.lines.all.some(({ level, type: logged }) => level === 50 && logged === type)).to.equal(
        true,
      );
    });
  });

  it('are told once also when a bus delivers them twice, and not when the clear is the first that is heard', () => {
    const scope = {
      undo: { add: () => () => undefined },
      guard: (_label: string, work: () => unknown) => void work(),
    };
    const state = new ErrorState(scope as never, 'x');
    const log: string[] = [];
    state.subscribe('*', { raised: () => void log.push('raised'), cleared: () => void log.push('cleared') });
    state.release();
    const error = contractError();
    const cleared = contractError({ state: 'ClearedByModule' });
    for (const each of [cleared, error, error, cleared, cleared]) state.take(each);
    expect(log).to.deep.equal(['raised', 'cleared']);
  });

  it('of every module reach who asks for them all', async () => {
    await withSystem({}, async (system) => {
      const seen: string[] = [];
      const global = system.user.parts.context.globalErrors;
      global?.subscribe('*', { raised: ({ origin }) => void seen.push(origin.module_id) });
      raiser(system).raise({ type: 'counter/Overflow', message: '' });
      await settle();
      expect(seen).to.deep.equal(['counter']);
      expect(system.runtime.activeErrors()).to.have.lengthOf(1);
      expect(system.counters[0]!['context'].globalErrors).to.equal(undefined);
    });
  });

  it('are not replayed to a late subscriber, but in the list', async () => {
    await withSystem({}, async (system) => {
      raiser(system).raise({ type: 'counter/Overflow', message: '' });
      await settle();
      let told = 0;
      system.requires.counter.errors.subscribe('*', { raised: () => void (told += 1) });
      await settle();
      expect(told).to.equal(0);
      expect(system.requires.counter.errors.active).to.have.lengthOf(1);
    });
  });
});
