// SPDX-License-Identifier: Apache-2.0
import { expectNone, expectOrder, freePort, tempDir, type Entry } from '@carabiner/testkit';
import { expect } from 'chai';
import { access, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';

const called = (at: number, command: string, args: object = {}): Entry => ({
  kind: 'called',
  at,
  requirement: 'psu',
  index: 0,
  command,
  args,
});

const entries = [
  called(0, 'setMode', { mode: 'Export', phase: 'Charging' }),
  called(5, 'setExportVoltageCurrent', { voltage: 400, current: 10 }),
  called(9, 'setMode', { mode: 'Off', phase: 'Other' }),
];

describe('expectOrder', () => {
  it('finds the entries in order, others between them', () => {
    const found = expectOrder(entries, [
      { command: 'setMode', args: { mode: 'Export' } },
      (entry) => entry.at === 9,
    ]);
    expect(found.map(({ at }) => at)).to.deep.equal([0, 9]);
  });

  it('tells what came too early from what never happened', () => {
    expect(() => expectOrder(entries, [{ args: { mode: 'Off' } }, { args: { mode: 'Export' } }])).to.throw(
      /step 2 of 2.*came too early; there were:\n {8}0 ms {2}called/,
    );
    expect(() => expectOrder(entries, [{ args: { mode: 'Import' } }])).to.throw('did not happen');
    expect(() => expectOrder([], [{ kind: 'raised' }])).to.throw('(nothing)');
  });

  it('matches texts by pattern and lists by length', () => {
    expectOrder(entries, [{ command: /^setExport/ }]);
    const list = { kind: 'published' as const, implementation: 'main', variable: 'v', value: [1, 2], at: 0 };
    expectOrder([list], [{ value: [1, 2] }]);
    expect(() => expectOrder([list], [{ value: [1] }])).to.throw('did not happen');
  });

  it('has an opposite', () => {
    expectNone(entries, { command: 'stop' });
    expect(() => expectNone(entries, { command: 'setMode' })).to.throw('unexpected:       0 ms');
  });
});

describe('fixtures', () => {
  it('finds a port that can be listened on', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect(server.address()).to.include({ port });
    await new Promise((resolve) => server.close(resolve));
  });

  it('makes a folder that goes away with its content', async () => {
    let path = '';
    {
      await using folder = await tempDir();
      path = folder.join('file.txt');
      await writeFile(path, 'x');
      await access(path);
    }
    const gone = await access(path).then(
      () => false,
      () => true,
    );
    expect(gone).to.equal(true);
  });
});
