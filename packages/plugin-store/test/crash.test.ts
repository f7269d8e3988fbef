// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { useFolder } from './folder.js';

const WRITER = fileURLToPath(new URL('./endless-writer.js', import.meta.url));

/** Runs the writer until it has acknowledged `writes` more writes, kills it and returns its last acknowledgement. */
async function writeAndKill(file: string, first: number, writes: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, file, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (output.split('\n').length > writes) child.kill('SIGKILL');
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal, `exit code ${String(code)}`).to.equal('SIGKILL');
  const lines = output.split('\n').slice(0, -1);
  return Number(lines.at(-1));
}

describe('a store whose process is killed', () => {
  const folder = useFolder();

  it('has every acknowledged write', async function () {
    this.timeout(30_000);
    let next = 1;
    for (const writes of [1, 3, 17, 40, 77]) {
      const last = await writeAndKill(folder.file(), next, writes);
      expect(last).to.be.at.least(next);
      const store = await folder.open();
      // one more write may have been under way; it is there or not
      const counter = store.get('counter') as number;
      expect(counter).to.be.within(last, last + 1);
      for (let acknowledged = Math.max(1, last - 5); acknowledged <= last; acknowledged++) {
        const slot = acknowledged % 20;
        // a slot is removed seven writes after and thirteen before it is written
        const value = store.get(`slot.${String(slot)}`) as { counter: number; padding: string };
        expect(value.counter).to.equal(acknowledged);
        expect(value.padding.length).to.equal((acknowledged * 37) % 6000);
      }
      next = counter + 1;
      await store.close();
    }
  });
});

describe('a store after a power failure', () => {
  const folder = useFolder();

  /**
   * Images of a file before and after a commit. In between, a power failure leaves any part of the changed pages
   * written, and the page that makes them valid, one disk sector, before or after its change.
   */
  async function images(): Promise<{ before: Buffer; after: Buffer; pageSize: number }> {
    const store = await folder.open();
    for (let index = 0; index < 40; index++)
      await store.set(`key.${String(index)}`, { text: 'x'.repeat(index * 50) });
    await store.set('state', 'acknowledged');
    const before = readFileSync(folder.file());
    await store.set('state', 'under way');
    await store.close();
    const after = readFileSync(folder.file());
    return { before, after, pageSize: before.readUInt32LE(48) };
  }

  function changedPages(before: Buffer, after: Buffer, pageSize: number): number[] {
    const pages: number[] = [];
    for (let page = 0; page * pageSize < after.length; page++) {
      const range = [page * pageSize, (page + 1) * pageSize] as const;
      if (!after.subarray(...range).equals(before.subarray(...range))) pages.push(page);
    }
    return pages;
  }

  it('has the state of the last commit, whatever part of the next one was written', async function () {
    this.timeout(30_000);
    const { before, after, pageSize } = await images();
    const changed = changedPages(before, after, pageSize);
    const data = changed.filter((page) => page > 1);
    const meta = changed.filter((page) => page <= 1);
    expect(data).to.have.length.greaterThan(0);
    expect(meta).to.have.length(1);
    const subsets = [[], data.slice(0, 1), data.slice(1), data];
    for (const [index, subset] of subsets.entries()) {
      const torn = Buffer.from(after);
      for (const page of changed) {
        if (!subset.includes(page))
          before.copy(torn, page * pageSize, page * pageSize, (page + 1) * pageSize);
      }
      // and half of a page
      const half = data.find((page) => !subset.includes(page));
      if (half !== undefined)
        after.copy(torn, half * pageSize, half * pageSize, half * pageSize + pageSize / 2);
      const file = folder.file(`torn-${String(index)}.mdb`);
      writeFileSync(file, torn);
      const store = await folder.open(file);
      expect(store.get('state'), `pages ${subset.join()}`).to.equal('acknowledged');
      expect(store.get('key.39')).to.deep.equal({ text: 'x'.repeat(39 * 50) });
      await store.set('state', 'again');
      expect(store.get('state')).to.equal('again');
    }
    copyFileSync(folder.file(), folder.file('whole.mdb'));
    expect((await folder.open(folder.file('whole.mdb'))).get('state')).to.equal('under way');
  });

  it('has a state that was committed when the page that makes a commit valid is torn', async function () {
    this.timeout(30_000);
    const { before, after, pageSize } = await images();
    const page = changedPages(before, after, pageSize).find((number) => number <= 1) ?? 0;
    const start = page * pageSize;
    let last = start;
    for (let offset = start; offset < start + pageSize; offset++)
      if (before[offset] !== after[offset]) last = offset;
    for (const cut of [start + 48, start + 96, start + 130, last, last + 1]) {
      const torn = Buffer.from(after);
      before.copy(torn, cut, cut, start + pageSize);
      const file = folder.file(`torn-${String(cut)}.mdb`);
      writeFileSync(file, torn);
      const store = await folder.open(file);
      expect(store.get('state'), `cut at ${String(cut - start)}`).to.equal(
        cut > last ? 'under way' : 'acknowledged',
      );
    }
  });
});
