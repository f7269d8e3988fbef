// SPDX-License-Identifier: Apache-2.0
import { existsSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { StoreAccessError, StoreClosedError, StoreValueError } from '../dist/store-errors.js';
import { useFolder } from './folder.js';

async function rejection(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => expect.fail('nothing was thrown'),
    (error: unknown) => error,
  );
}

describe('ValueStore', () => {
  const folder = useFolder();

  it('gives back every kind of value exactly, also after reopening', async () => {
    const values = {
      null: null,
      string: 'Größe 😀 \u0000 "quoted"',
      emptyString: '',
      number: 230.1,
      tiny: 5e-324,
      integer: Number.MAX_SAFE_INTEGER,
      zero: 0,
      true: true,
      false: false,
      array: [1, 'two', [null, { three: 3 }], []],
      object: { b: 1, a: { c: [false] }, '': 0 },
    };
    let store = await folder.open();
    for (const [key, value] of Object.entries(values)) await store.set(key, value);
    for (const [key, value] of Object.entries(values)) expect(store.get(key), key).to.deep.equal(value);
    await store.close();
    store = await folder.open();
    for (const [key, value] of Object.entries(values)) expect(store.get(key), key).to.deep.equal(value);
    expect(JSON.stringify(store.get('object'))).to.equal('{"b":1,"a":{"c":[false]},"":0}');
  });

  it('gives back any JSON value under any key', async () => {
    const store = await folder.open();
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[A-Za-z0-9_.]+$/), fc.jsonValue(), async (key, value) => {
        await store.set(key, value);
        expect(JSON.stringify(store.get(key))).to.equal(JSON.stringify(value));
      }),
      { numRuns: 200 },
    );
  });

  it('tells a stored null from no value', async () => {
    const store = await folder.open();
    expect(store.get('key')).to.equal(null);
    expect(store.has('key')).to.equal(false);
    await store.set('key', null);
    expect(store.get('key')).to.equal(null);
    expect(store.has('key')).to.equal(true);
    await store.delete('key');
    expect(store.has('key')).to.equal(false);
  });

  it('removes a key for good, and a missing one without complaint', async () => {
    let store = await folder.open();
    await store.set('key', 1);
    await store.delete('key');
    await store.delete('never.there');
    await store.close();
    store = await folder.open();
    expect(store.get('key')).to.equal(null);
    await store.set('key', 2);
    expect(store.get('key')).to.equal(2);
  });

  it('keeps keys of any length apart', async () => {
    const store = await folder.open();
    const long = 'k'.repeat(5000);
    await store.set(`${long}1`, 1);
    await store.set(`${long}2`, 2);
    await store.set('', 3);
    expect([store.get(`${long}1`), store.get(`${long}2`), store.get('')]).to.deep.equal([1, 2, 3]);
  });

  it('applies writes under way in the order of their calls', async () => {
    const store = await folder.open();
    const writes = Array.from({ length: 100 }, async (_, index) => {
      await store.set('key', index);
    });
    await Promise.all([...writes, store.delete('other')]);
    expect(store.get('key')).to.equal(99);
    await Promise.all([store.set('key', 1), store.delete('key')]);
    expect(store.has('key')).to.equal(false);
    await Promise.all([store.delete('key'), store.set('key', 2)]);
    expect(store.get('key')).to.equal(2);
  });

  it('holds values of a megabyte', async () => {
    const store = await folder.open();
    const value = { text: 'x'.repeat(1_000_000) };
    await store.set('key', value);
    expect(store.get('key')).to.deep.equal(value);
  });

  it('refuses what is not JSON, and says where', async () => {
    const store = await folder.open();
    await store.set('key', 'old');
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const cases: [unknown, string][] = [
      [undefined, 'it is undefined'],
      [NaN, 'it is NaN'],
      [{ a: [1, Infinity] }, '/a/1 is Infinity'],
      [{ a: undefined }, '/a is undefined'],
      [10n, 'it is a bigint'],
      [new Date(0), 'it is an instance of a class'],
      [circular, '/self is part of itself'],
    ];
    for (const [value, message] of cases) {
      const error = await rejection(store.set('key', value));
      expect(error).to.be.instanceOf(StoreValueError);
      expect((error as StoreValueError).code).to.equal('STORE_VALUE');
      expect((error as StoreValueError).message).to.contain(message);
    }
    expect(store.get('key')).to.equal('old');
  });

  it('accepts a value that appears twice', async () => {
    const store = await folder.open();
    const shared = { a: 1 };
    await store.set('key', [shared, shared]);
    expect(store.get('key')).to.deep.equal([{ a: 1 }, { a: 1 }]);
  });

  it('refuses everything once closed', async () => {
    const store = await folder.open();
    await store.close();
    await store.close();
    expect(() => store.get('key')).to.throw(StoreClosedError);
    expect(() => store.has('key')).to.throw(StoreClosedError);
    expect(await rejection(store.set('key', 1))).to.be.instanceOf(StoreClosedError);
    expect(await rejection(store.delete('key'))).to.be.instanceOf(StoreClosedError);
  });

  it('finishes writes under way before it closes', async () => {
    let store = await folder.open();
    const write = store.set('key', 'value');
    await Promise.all([write, store.close()]);
    store = await folder.open();
    expect(store.get('key')).to.equal('value');
  });

  it('creates the folder of its file', async () => {
    const store = await folder.open(folder.file('a/b/values.mdb'));
    await store.set('key', 1);
    expect(store.get('key')).to.equal(1);
  });

  it('refuses a folder that cannot be made, also where the file system says that it does not exist', async function () {
    if (!existsSync('/proc/self')) this.skip();
    const error = await rejection(folder.open('/proc/carabiner/deep/values.mdb'));
    expect(error).to.be.instanceOf(StoreAccessError);
  });

  it('says which file cannot be opened', async () => {
    writeFileSync(folder.file('plain'), 'a file, no folder');
    const error = await rejection(folder.open(folder.file('plain/values.mdb')));
    expect(error).to.be.instanceOf(StoreAccessError);
    expect((error as StoreAccessError).code).to.equal('STORE_ACCESS');
    expect((error as StoreAccessError).message).to.contain('plain/values.mdb');
  });

  it('forgets removed keys only when many others were written since', async () => {
    let store = await folder.open();
    await store.set('key', 1);
    await store.delete('key');
    for (let batch = 0; batch < 10; batch++) {
      await Promise.all(
        Array.from({ length: 1100 }, async () => {
          await store.set('other', batch);
        }),
      );
    }
    await store.close();
    store = await folder.open();
    expect(store.has('key')).to.equal(false);
    expect(store.get('other')).to.equal(9);
    await store.set('key', 2);
    expect(store.get('key')).to.equal(2);
  });
});
