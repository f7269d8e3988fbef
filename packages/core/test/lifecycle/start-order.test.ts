// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { inOrder, reversed, startOrder } from '../../dist/lifecycle/start-order.js';

function order(needs: { readonly [id: string]: readonly string[] }): {
  readonly [id: string]: readonly string[];
} {
  return Object.fromEntries(
    [...startOrder(new Map(Object.entries(needs)))].map(([id, after]) => [id, [...after].sort()]),
  );
}

describe('the order of a start', () => {
  it('puts providers before consumers', () => {
    expect(order({ evse: ['psu', 'meter'], psu: [], meter: ['serial'], serial: [] })).to.deep.equal({
      evse: ['meter', 'psu'],
      psu: [],
      meter: ['serial'],
      serial: [],
    });
  });

  it('breaks circles where the composition has them in order', () => {
    expect(order({ a: ['b'], b: ['a'], c: ['b', 'c'] })).to.deep.equal({ a: [], b: ['a'], c: ['b'] });
  });

  it('leaves out modules that are elsewhere', () => {
    expect(order({ a: ['far'] })).to.deep.equal({ a: [] });
  });

  it('has no circle and keeps every arrow that is in none', () => {
    const graph = fc.array(fc.array(fc.nat(9), { maxLength: 5 }), { maxLength: 10 });
    fc.assert(
      fc.property(graph, (arrows) => {
        const needs = new Map(
          arrows.map((targets, id) => [
            String(id),
            targets.filter((target) => target < arrows.length).map(String),
          ]),
        );
        const dependencies = startOrder(needs);
        const state = new Map<string, 'open' | 'done'>();
        const visit = (id: string): void => {
          expect(state.get(id)).to.not.equal('open');
          if (state.get(id) === 'done') return;
          state.set(id, 'open');
          for (const need of dependencies.get(id)!) visit(need);
          state.set(id, 'done');
        };
        for (const id of dependencies.keys()) visit(id);
        const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
          from === to ||
          needs.get(from)!.some((next) => {
            if (seen.has(next)) return false;
            seen.add(next);
            return reaches(next, to, seen);
          });
        for (const [id, targets] of needs)
          for (const target of targets)
            if (!reaches(target, id)) expect(dependencies.get(id)!.has(target)).to.equal(true);
      }),
    );
  });

  it('turned round is the order of the stop', () => {
    const turned = reversed(
      startOrder(
        new Map([
          ['evse', ['psu']],
          ['psu', []],
        ]),
      ),
    );
    expect([...turned].map(([id, before]) => [id, [...before]])).to.deep.equal([
      ['evse', []],
      ['psu', ['evse']],
    ]);
  });

  it('lets independent modules start side by side and leaves out those whose provider failed', async () => {
    const log: string[] = [];
    const failures = await inOrder(
      startOrder(
        new Map([
          ['user', ['bad']],
          ['bad', []],
          ['slow', []],
          ['quick', []],
        ]),
      ),
      async (id) => {
        log.push(`begin ${id}`);
        if (id === 'slow') await new Promise((resolve) => setImmediate(resolve));
        if (id === 'bad') throw new Error('no');
        log.push(`end ${id}`);
      },
    );
    expect(failures.map(({ message }) => message)).to.deep.equal(['no']);
    expect(log).to.deep.equal(['begin bad', 'begin slow', 'begin quick', 'end quick', 'end slow']);
  });
});
