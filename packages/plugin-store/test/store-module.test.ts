// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { systemClock } from '@carabiner/clock';
import { Store } from '@carabiner/plugin-store';
import { createHarness, describeContract, tempDir } from '@carabiner/testkit';
import { expect } from 'chai';
import { useFolder } from './folder.js';

async function startStore(file: string, on_damage: 'stop' | 'restore' = 'stop') {
  return await createHarness(Store, { clock: systemClock, id: 'keeper', config: { file, on_damage } });
}

describe('module Store', () => {
  describeContract('kvs', async () => {
    const folder = await tempDir();
    const file = folder.join('values.mdb');
    let harness = await startStore(file);
    return {
      client: harness.provides.main,
      clock: systemClock,
      shutdown: async () => {
        await harness.shutdown();
      },
      dispose: async () => {
        await folder.remove();
      },
      device: {
        restart: async () => {
          await harness.shutdown();
          harness = await startStore(file);
          return harness.provides.main;
        },
      },
    };
  });

  const folder = useFolder();

  it('puts the module id into the name of its file', async () => {
    const harness = await startStore(folder.file('{module}.mdb'));
    await harness.provides.main.call.store({ key: 'key', value: 1 });
    expect(existsSync(folder.file('keeper.mdb'))).to.equal(true);
    await harness.shutdown();
  });

  it('fails to start on a damaged file, and says why', async () => {
    writeFileSync(folder.file(), 'no store');
    const error: unknown = await startStore(folder.file()).then(
      () => expect.fail('it started'),
      (cause: unknown) => cause,
    );
    expect(String(error)).to.contain('is damaged');
    expect(readFileSync(folder.file(), 'utf8')).to.equal('no store');
  });

  it('starts on a damaged file when it is told to, and logs what became of it', async () => {
    writeFileSync(folder.file(), 'no store');
    const harness = await startStore(folder.file(), 'restore');
    const line = harness.logLines.find(({ level }) => level === 'error');
    expect(line?.message).to.contain('damaged');
    expect(basename((line?.fields as { damagedFile: string }).damagedFile)).to.match(
      /^values\.mdb\.damaged-/,
    );
    await harness.provides.main.call.store({ key: 'key', value: 1 });
    expect(await harness.provides.main.call.load({ key: 'key' })).to.equal(1);
    await harness.shutdown();
  });

  it('is released by its shutdown', async () => {
    const harness = await startStore(folder.file());
    await harness.provides.main.call.store({ key: 'key', value: 'kept' });
    await harness.shutdown();
    const again = await startStore(folder.file());
    expect(await again.provides.main.call.load({ key: 'key' })).to.equal('kept');
    await again.shutdown();
  });
});
