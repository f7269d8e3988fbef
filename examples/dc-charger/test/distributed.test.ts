// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScaledClock, systemClock } from '@carabiner/clock';
import type { Output } from '@carabiner/interfaces/types/dc_power_output';
import { expect } from 'chai';
import { Charger } from '../dist/charger.js';
import { Composition } from '../dist/composition.js';
import { BROKERS, commonEpochMs, type BrokerName } from '../dist/distributed.js';
import { placeOnThisMachine } from '../dist/placement.js';
import { chargingScript } from '../dist/scenarios/scenario.js';
import { VendorUnit } from '../dist/vendor-unit.js';

const TIME_FACTOR = 5;
/** Real time within which nothing may flow any more after a process was killed: its restart, and the stop. */
const OFF_LIMIT_MS = 8_000;
/** The same for the process that commands board and power supply: they do not wait for its restart. */
const CALLER_LOST_LIMIT_MS = 500;

/** A charger in processes of its own that charges a vehicle. */
async function charging(broker: BrokerName, work: (charger: Charger) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'dc-charger-distributed-'));
  const epochMs = commonEpochMs();
  const clock = new ScaledClock(systemClock, TIME_FACTOR, epochMs);
  const composition = new Composition(new URL('../compositions/dc-charger.yaml', import.meta.url));
  await placeOnThisMachine(composition, { folder, veth: undefined, meter: undefined });
  const vendorUnit = await VendorUnit.start(composition, clock);
  try {
    const charger = await Charger.startDistributed(composition, clock, epochMs, { level: 'silent' }, broker);
    try {
      vendorUnit?.attach(charger);
      await charger.ready();
      await charger.vehicle('evse_1', chargingScript(undefined));
      await charger.untilEvent('evse_1', 'ChargingStarted', 600_000);
      await work(charger);
    } finally {
      await charger.stop();
    }
  } finally {
    await vendorUnit?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function output(charger: Charger): Promise<Output | undefined> {
  try {
    return (await charger.call('bench_1', 'output', 'get_output')) as Output;
  } catch {
    return undefined;
  }
}

/** Waits in real time. */
async function eventually(
  what: string,
  limitMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const endMs = systemClock.monotonic() + limitMs;
  while (!(await holds())) {
    expect(systemClock.monotonic(), what).to.be.lessThan(endMs);
    await systemClock.sleep(20);
  }
}

async function seen(
  charger: Charger,
  what: string,
  limitMs: number,
  holds: (now: Output | undefined) => boolean,
): Promise<void> {
  await eventually(what, limitMs, async () => holds(await output(charger)));
}

describe('DC charger in processes of its own', function () {
  this.timeout(60_000);
  const noMosquitto = spawnSync('mosquitto', ['-h']).error !== undefined;

  for (const [index, victim] of ['evse_1', 'psu', 'meter_1', 'bench_1'].entries()) {
    const broker: BrokerName = BROKERS[index % BROKERS.length] ?? 'embedded';
    it(`switches off and comes back when the process of ${victim} is killed (${broker})`, async function () {
      if (broker === 'mosquitto' && noMosquitto) this.skip();
      await charging(broker, async (charger) => {
        const others = new Map(charger.pids);
        const pid = others.get(victim);
        if (pid === undefined) throw new Error(`${victim} has no process`);
        others.delete(victim);
        await seen(charger, 'current flows', 20_000, (now) => now !== undefined && now.current_A > 1);
        process.kill(pid, 'SIGKILL');
        const limitMs = victim === 'evse_1' ? CALLER_LOST_LIMIT_MS : OFF_LIMIT_MS;
        await seen(charger, 'current stops', limitMs, (now) => now !== undefined && now.current_A < 1);
        await eventually(
          'the restart',
          10_000,
          () => charger.pids.get(victim) !== pid && charger.pids.has(victim),
        );
        for (const [id, other] of others) expect(charger.pids.get(id), id).to.equal(other);
      });
    });
  }
});
