// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { settle, withSystem, type System, type SystemOptions } from '../support/system.js';

/** Fails in a timer of the user, which nobody waits for. */
async function crashUser(system: System): Promise<void> {
  system.user.parts.context.clock.setTimeout(() => {
    throw new Error('broken pipe');
  }, 1);
  await system.clock.advance(1);
  await settle();
}

describe('a provider whose caller is lost', () => {
  const lost: string[] = [];
  const options: SystemOptions = {
    hooks: { ready: (module) => void module['provides'].main.onCallerLost((id) => void lost.push(id)) },
  };
  beforeEach(() => {
    lost.length = 0;
  });

  it('hears of it once, when the caller fails', async () => {
    await withSystem(options, async (system) => {
      await system.requires.counter.call.add({ amount: 1 });
      expect(lost).to.deep.equal([]);
      await crashUser(system);
      expect(lost).to.deep.equal(['user']);
    });
  });

  it('hears of it again when the caller is back, has called, and fails once more', async () => {
    await withSystem(options, async (system) => {
      await system.requires.counter.call.add({ amount: 1 });
      await crashUser(system);
      await system.clock.advance(60_000);
      await crashUser(system);
      expect(lost, 'it had not called since').to.deep.equal(['user']);
      await system.clock.advance(60_000);
      await system.requires.counter.call.add({ amount: 1 });
      await crashUser(system);
      expect(lost).to.deep.equal(['user', 'user']);
    });
  });

  it('hears nothing of modules that never called it', async () => {
    await withSystem(options, async (system) => {
      await crashUser(system);
      expect(lost).to.deep.equal([]);
    });
  });

  it('hears nothing when all is shut down in order', async () => {
    await withSystem(options, async (system) => {
      await system.requires.counter.call.add({ amount: 1 });
    });
    expect(lost).to.deep.equal([]);
  });

  it('goes on when its handler throws', async () => {
    const throwing: SystemOptions = {
      hooks: {
        ready: (module) => {
          module['provides'].main.onCallerLost(() => {
            throw new Error('cannot switch off');
          });
        },
      },
    };
    await withSystem(throwing, async (system) => {
      await system.requires.counter.call.add({ amount: 1 });
      await crashUser(system);
      expect(system.lines.with('a handler failed')[0]).to.include({ handler: 'counter/main.onCallerLost' });
      expect(system.runtime.modules()[0]!.state).to.equal('running');
    });
  });
});
