// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import type { CompositionError } from '@carabiner/core';
import { createRuntime, type InterfaceDescriptor } from '@carabiner/core';
import { Counter, CounterDescriptor, CounterModule, UserModule } from '../support/modules.js';

function version(total: object, commands = Counter.commands): InterfaceDescriptor {
  return {
    ...Counter,
    commands,
    definition: {
      cmds: Object.fromEntries(Object.keys(commands).map((name) => [name, { arguments: {} }])),
      vars: { total: { ...total } },
    },
  };
}

async function outcome(offered: InterfaceDescriptor, wanted: InterfaceDescriptor): Promise<string> {
  class Provider extends CounterModule {
    static override readonly descriptor = {
      ...CounterDescriptor,
      provides: { main: { description: '', interface: offered, config: {} } },
    };
  }
  class Consumer extends UserModule {
    static override readonly descriptor = {
      ...UserModule.descriptor,
      requires: { counter: { ...UserModule.descriptor.requires['counter']!, interface: wanted } },
    };
  }
  try {
    await createRuntime({
      composition: {
        active_modules: {
          counter: { module: 'CounterModule' },
          user: {
            module: 'UserModule',
            connections: { counter: [{ module_id: 'counter', implementation_id: 'main' }] },
          },
        },
      },
      modules: { CounterModule: Provider, UserModule: Consumer },
      log: { level: 'silent' },
    });
    return 'accepted';
  } catch (thrown) {
    return (thrown as CompositionError).findings.map(({ code, message }) => `${code}: ${message}`).join('\n');
  }
}

describe('interfaces of provider and consumer', () => {
  it('may be the same in another copy', async () => {
    expect(await outcome(version({ type: 'number' }), version({ type: 'number' }))).to.equal('accepted');
  });

  it('may differ by a command the consumer does not know', async () => {
    const { reset } = Counter.commands;
    expect(
      await outcome(version({ type: 'number' }), version({ type: 'number' }, { reset: reset! })),
    ).to.equal('accepted');
  });

  it('are refused when the provider lacks a command, which is named', async () => {
    const { reset } = Counter.commands;
    const text = await outcome(version({ type: 'number' }, { reset: reset! }), version({ type: 'number' }));
    expect(text).to.contain('incompatible-interface').and.to.contain("command 'add'");
  });

  it('are refused when a variable may hold what the consumer does not expect, which is named', async () => {
    const text = await outcome(version({ type: 'string' }), version({ type: 'number' }));
    expect(text).to.contain('counter/main and user').and.to.contain('total');
  });
});
