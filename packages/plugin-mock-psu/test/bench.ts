// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { MemoryNetwork, type EthernetLink } from '@carabiner/goose';
import { MockPowerUnit, type MockPowerUnitOptions } from '@carabiner/plugin-mock-psu';
import { TestDispenser, type TestDispenserOptions } from './dispenser.js';

const STEP_MS = 5;
/** Turns of the event loop in each step: sockets need a few to carry an exchange. */
const TURNS = 4;

/** Lets virtual time pass in small steps, so that real sockets keep up with it. */
export async function pass(clock: VirtualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    await clock.advance(Math.min(STEP_MS, ms - passed));
    for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface Bench {
  readonly mock: MockPowerUnit;
  readonly clock: VirtualClock;
  dispenser(options?: Partial<TestDispenserOptions>): Promise<TestDispenser>;
  /** Lets time pass until `condition` holds. */
  until(condition: () => boolean, what: string, limitMs?: number): Promise<void>;
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** A power unit on a free port that reports its ratings at once, and dispensers for it on the same network. */
export async function makeBench(
  options: Partial<MockPowerUnitOptions> = {},
  links: (clock: VirtualClock) => EthernetLink | Promise<EthernetLink> = memoryLinks(),
): Promise<Bench> {
  const clock = new VirtualClock();
  const link = await links(clock);
  const mock = await MockPowerUnit.start({
    link,
    clock,
    port: 0,
    host: '127.0.0.1',
    roundsWithoutRatings: 0,
    ...options,
  });
  const dispensers: TestDispenser[] = [];
  return {
    mock,
    clock,
    dispenser: async (changes = {}) => {
      const dispenser = await TestDispenser.connect({
        link: await links(clock),
        clock,
        port: mock.port,
        connectors: [5],
        ...changes,
      });
      dispensers.push(dispenser);
      return dispenser;
    },
    until: async (condition, what, limitMs = 15_000) => {
      for (let passed = 0; !condition(); passed += STEP_MS) {
        if (passed > limitMs) throw new Error(`${what} did not happen within ${limitMs} ms of virtual time`);
        await pass(clock, STEP_MS);
      }
    },
    pass: async (ms) => pass(clock, ms),
    close: async () => {
      for (const dispenser of dispensers) await dispenser.close();
      await mock.close();
      await link.close();
    },
  };
}

export function memoryLinks(): () => EthernetLink {
  const network = new MemoryNetwork();
  return () => network.link();
}
