// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { CmdTimeout, HandlerException, NotReady } from '@carabiner/core';
import { expect } from 'chai';
import { DeviceMemory } from '../dist/device-memory.js';
import { DeviceReminder } from '../dist/device-reminder.js';

const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

/** A board whose answers are the given errors, one for each round, and then success. */
function board(errors: readonly Error[]): {
  readonly clock: VirtualClock;
  readonly memory: DeviceMemory;
  readonly reminder: DeviceReminder;
  readonly told: string[];
} {
  const clock = new VirtualClock();
  const memory = new DeviceMemory();
  const waiting = [...errors];
  const told: string[] = [];
  const call = async (peer: string, command: string, args: unknown): Promise<void> => {
    told.push(`${peer}.${command} ${JSON.stringify(args)}`);
    const error = waiting.shift();
    if (error !== undefined) throw error;
  };
  return { clock, memory, reminder: new DeviceReminder(clock, memory, call, silent), told };
}

describe('a device that is back', () => {
  it('is told its state again until it answers', async () => {
    const { clock, memory, reminder, told } = board([new CmdTimeout('silent'), new NotReady('gone')]);
    memory.sent('bsp', 'enable', { value: true });
    reminder.remind('bsp');
    await clock.advance(500);
    expect(told).to.have.lengthOf(1);
    await clock.advance(1_000);
    expect(told).to.have.lengthOf(2);
    await clock.advance(60_000);
    expect(told).to.deep.equal(Array(3).fill('bsp.enable {"value":true}'));
    expect(clock.pending).to.equal(0);
  });

  it('is told what counts by then, in the round after', async () => {
    const { clock, memory, reminder, told } = board([new NotReady('gone')]);
    memory.sent('bsp', 'pwm_on', { value: 5 });
    reminder.remind('bsp');
    await clock.advance(500);
    memory.sent('bsp', 'cp_state_X1', {});
    await clock.advance(1_000);
    expect(told).to.deep.equal(['bsp.pwm_on {"value":5}', 'bsp.cp_state_X1 {}']);
  });

  it('is not asked again for what it refuses', async () => {
    const { clock, memory, reminder, told } = board([new HandlerException('broken')]);
    memory.sent('bsp', 'enable', { value: true });
    reminder.remind('bsp');
    await clock.advance(60_000);
    expect(told).to.have.lengthOf(1);
  });
});
