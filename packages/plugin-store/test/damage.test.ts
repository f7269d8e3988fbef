// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { StoreDamagedError } from '../dist/store-errors.js';
import { useFolder } from './folder.js';

describe('a damaged store', () => {
  const folder = useFolder();
  const STAMP = '2026-01-02T03-04-05-678Z';

  /** Fills a store with `key.0` to `key.59`, each written twice; `gone` was removed. */
  async function fill(): Promise<Buffer> {
    const store = await folder.open();
    for (const generation of [1, 2]) {
      await store.set('gone', generation);
      for (let index = 0; index < 60; index++) {
        await store.set(`key.${String(index)}`, { index, generation, text: 't'.repeat(300) });
      }
    }
    await store.delete('gone');
    await store.close();
    return readFileSync(folder.file());
  }

  function damageValue(bytes: Buffer, key: string): Buffer {
    const damaged = Buffer.from(bytes);
    const text = `${key}{"index"`;
    for (let at = damaged.indexOf(text); at !== -1; at = damaged.indexOf(text, at + 1))
      damaged[at + text.length + 4]! ^= 1;
    return damaged;
  }

  async function openingError(file?: string): Promise<StoreDamagedError> {
    const error: unknown = await folder.open(file).then(
      () => expect.fail('a damaged store was opened'),
      (cause: unknown) => cause,
    );
    expect(error).to.be.instanceOf(StoreDamagedError);
    return error as StoreDamagedError;
  }

  const kinds: [string, (bytes: Buffer) => Buffer][] = [
    ['cut off in the middle', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['cut off after its first page', (bytes) => bytes.subarray(0, 4096)],
    ['empty', () => Buffer.alloc(0)],
    ['another kind of file', () => Buffer.from('SQLite format 3\0'.repeat(2000))],
    [
      'overwritten at its beginning',
      (bytes) => Buffer.concat([Buffer.alloc(8192, 0x55), bytes.subarray(8192)]),
    ],
    [
      'overwritten but for its beginning',
      (bytes) => Buffer.concat([bytes.subarray(0, 8192), Buffer.alloc(bytes.length - 8192, 0xaa)]),
    ],
    ['wrong in one bit of a value', (bytes) => damageValue(bytes, 'key.7')],
  ];

  for (const [kind, damage] of kinds) {
    it(`${kind}: says so, shows what can be read and leaves the file alone`, async () => {
      const damaged = damage(await fill());
      writeFileSync(folder.file(), damaged);
      const error = await openingError();
      expect(error.code).to.equal('STORE_DAMAGED');
      expect(error.message).to.contain(folder.file()).and.to.contain('on_damage');
      expect(readFileSync(folder.file()).equals(damaged)).to.equal(true);
      const readable = JSON.parse(readFileSync(`${folder.file()}.readable.json`, 'utf8')) as Record<
        string,
        unknown
      >;
      expect(Object.keys(readable)).to.have.length(error.count);
      expect(readdirSync(dirname(folder.file())).filter((name) => name.includes('probe'))).to.deep.equal([]);
    });
  }

  it('with one wrong value still shows all others, each in its newest state', async () => {
    writeFileSync(folder.file(), damageValue(await fill(), 'key.7'));
    const error = await openingError();
    expect(error.reason).to.contain('key.7');
    const readable = JSON.parse(readFileSync(`${folder.file()}.readable.json`, 'utf8')) as Record<
      string,
      { generation: number }
    >;
    expect(Object.keys(readable)).to.have.length(59);
    expect(readable).not.to.have.property('key.7');
    for (const value of Object.values(readable)) expect(value.generation).to.equal(2);
  });

  it('goes on with what can be read when it is told to', async () => {
    const damaged = damageValue(await fill(), 'key.7');
    writeFileSync(folder.file(), damaged);
    let store = await folder.open(undefined, 'restore');
    expect(store.restored?.count).to.equal(59);
    expect(store.restored?.damagedFile).to.equal(`${folder.file()}.damaged-${STAMP}`);
    expect(readFileSync(`${folder.file()}.damaged-${STAMP}`).equals(damaged)).to.equal(true);
    expect(existsSync(`${folder.file()}.damaged-${STAMP}.json`)).to.equal(true);
    expect(store.get('key.7')).to.equal(null);
    expect(store.has('gone')).to.equal(false);
    expect(store.get('key.8')).to.deep.equal({ index: 8, generation: 2, text: 't'.repeat(300) });
    await store.set('key.7', 'new');
    await store.close();
    store = await folder.open();
    expect(store.restored).to.equal(undefined);
    expect([store.get('key.7'), store.has('gone'), store.has('key.59')]).to.deep.equal(['new', false, true]);
  });

  it('does not bring back a removed value or an older one', async () => {
    const bytes = await fill();
    // the tree is gone, the pages are there: all generations are found side by side
    bytes.fill(0x55, 0, 8192);
    writeFileSync(folder.file(), bytes);
    const store = await folder.open(undefined, 'restore');
    expect(store.has('gone')).to.equal(false);
    for (let index = 0; index < 60; index++) {
      expect(store.get(`key.${String(index)}`)).to.include({ index, generation: 2 });
    }
  });

  it('is restored even if the restoration was interrupted', async () => {
    const bytes = damageValue(await fill(), 'key.7');
    writeFileSync(folder.file(), bytes);
    await (await folder.open(undefined, 'restore')).close();
    // as if the power had failed between moving the damaged file away and moving the new one to its place
    renameSync(folder.file(), `${folder.file()}.restored`);
    let store = await folder.open();
    expect(store.has('key.8')).to.equal(true);
    await store.close();
    // as if it had failed before the damaged file was moved away
    writeFileSync(`${folder.file()}.restored`, 'not finished');
    store = await folder.open();
    expect(store.has('key.8')).to.equal(true);
    expect(existsSync(`${folder.file()}.restored`)).to.equal(false);
  });

  it('is created anew once the file has been moved away', async () => {
    await fill();
    writeFileSync(folder.file(), 'nonsense');
    await openingError();
    rmSync(folder.file());
    const store = await folder.open();
    expect(store.has('key.1')).to.equal(false);
  });
});
