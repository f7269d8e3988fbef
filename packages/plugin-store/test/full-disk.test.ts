// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { StoreAccessError } from '../dist/store-errors.js';
import { useFolder } from './folder.js';

describe('a store on a full disk', () => {
  const folder = useFolder();

  it('refuses the write, keeps what it has, and can be opened again', async function () {
    const disk = folder.file('disk');
    mkdirSync(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      console.log('      skipped: a small disk can only be mounted by root');
      this.skip();
    }
    try {
      await fillAndReopen();
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });

  async function fillAndReopen(): Promise<void> {
    const file = folder.file('disk/values.mdb');
    let store = await folder.open(file);
    let written = 0;
    let failure: unknown;
    while (failure === undefined && written < 1000) {
      try {
        await store.set(`key.${String(written)}`, { text: 'x'.repeat(20_000) });
        written += 1;
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).to.be.instanceOf(StoreAccessError);
    expect((failure as StoreAccessError).message)
      .to.contain(file)
      .and.to.contain('free space');
    // several writes under way fail together, and none of them ends the process
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, async (_, index) => {
        await store.set(`more.${String(index)}`, 'x'.repeat(400_000));
      }),
    );
    expect(results.every(({ status }) => status === 'rejected')).to.equal(true);
    expect(store.has(`key.${String(written - 1)}`)).to.equal(true);
    expect(store.has(`key.${String(written)}`)).to.equal(false);
    await store.close();

    store = await folder.open(file);
    for (let index = 0; index < written; index++) expect(store.has(`key.${String(index)}`)).to.equal(true);
    await store.delete('key.0');
    await store.set('small', 1);
    expect(store.get('small')).to.equal(1);
    await store.close();
  }
});
