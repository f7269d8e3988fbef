// SPDX-License-Identifier: Apache-2.0
import { createHarness, type ModuleHarness } from '@carabiner/testkit';
import { expect } from 'chai';
import { LampModuleBase, type LampModuleImplementations } from './lamp-module.js';

class Lamp extends LampModuleBase {
  override readonly implementations: LampModuleImplementations = {
    main: { dim: () => true, off: () => undefined },
  };
}

/** Never runs: what must and must not compile. */
export async function compileTimeOnly(harness: ModuleHarness<Lamp>): Promise<void> {
  const dimmed: boolean = await harness.provides.main.call.dim({ level: 1 });
  const level: number | undefined = harness.provides.main.latest.level;
  await harness.provides.main.call.off();
  harness.requires.relay.publish.closed(true);
  harness.requires.spare.raise({ type: 'relay/Welded', message: '' });
  harness.requires.more[0]?.answer({ close: 'x', open: undefined });
  const delay: number | undefined = harness.requires.relay.calls.close[0]?.args.delay;
  expect([dimmed, level, delay]).to.have.length(3);

  // @ts-expect-error an argument of another type
  await harness.provides.main.call.dim({ level: 'much' });
  // @ts-expect-error a value of another type
  harness.requires.relay.publish.closed('yes');
  // @ts-expect-error an error that the interface does not list
  harness.requires.relay.raise({ type: 'lamp/Broken', message: '' });
  // @ts-expect-error an answer of another type
  harness.requires.relay.answer({ close: 5 });
  // @ts-expect-error an unknown parameter
  await createHarness(Lamp, { config: { colour: 'red' } });
  // @ts-expect-error a parameter of another type
  await createHarness(Lamp, { config: { maxLevel: 'high' } });
  // @ts-expect-error an unknown requirement
  await createHarness(Lamp, { requires: { switch: {} } });
  // @ts-expect-error the answer of a command is typed
  await createHarness(Lamp, { requires: { relay: { close: 1 } } });
}

describe('types of the harness', () => {
  it('come from the module class, checked by the compiler', () => {
    expect(compileTimeOnly).to.be.a('function');
  });
});
