// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@carabiner/clock';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import { freePort } from '../../../dist/placement.js';
import { BrokerProxy } from './broker-proxy.js';
import { chaosComposition } from './chaos-composition.js';
import { ChaosReport } from './chaos-report.js';
import { ChargerUnderTest } from './charger-under-test.js';
import { Disturbances } from './disturbances.js';
import { describeFault, drawFault, type Fault } from './fault.js';
import { FaultPlayer } from './fault-player.js';
import { malformedMessage } from './malformed.js';
import { Mosquitto } from './mosquitto.js';
import { Observer } from './observer.js';
import { Random } from './random.js';
import { sessionScript, VehicleDriver } from './vehicle-driver.js';
import { Witness } from './witness.js';

/** What a run is made of. */
export interface ChaosOptions {
  readonly seed: number;
  readonly faults: number;
  readonly broker: 'embedded' | 'mosquitto';
  /** How much faster the clock of the charger runs. */
  readonly timeFactor: number;
  /** Current has to end when the process that commands it is lost. */
  readonly supervised: boolean;
}

/** Faults that are only malformed messages. */
const MALFORMED_SHARE = 0.6;
/** Faults that wait for a moment of a session. */
const AIMED_SHARE = 0.3;
const AIM_LIMIT_MS = 3_000;
/** Faults before which everything may come back. */
const CALM_SHARE = 0.12;
const CALM_LIMIT_MS = 6_000;
const LOOK_MS = 25;
/** After the last fault everything is as before within this time, ms of real time. */
const HEALED_MS = 30_000;
/** Nothing is missing for so long before everything counts as back. */
const CALM_MS = 500;
/** An undisturbed session, ms of real time; the machine may be busy. */
const SESSION_MS = 60_000;

/** Charges vehicles while everything goes wrong; at the end one more, undisturbed. @returns what was found */
export async function chaosRun(options: ChaosOptions): Promise<{ report: ChaosReport; summary: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'dc-charger-chaos-'));
  const ends: (() => Promise<void>)[] = [];
  const report = new ChaosReport(options.seed);
  const disturbances = new Disturbances();
  const witness = new Witness(disturbances, options.supervised, report);
  try {
    const mosquitto = options.broker === 'mosquitto' ? await Mosquitto.start() : undefined;
    if (mosquitto !== undefined) ends.push(async () => await mosquitto.stop());
    const proxy = mosquitto === undefined ? undefined : await BrokerProxy.start(mosquitto.port);
    if (proxy !== undefined) ends.push(async () => await proxy.stop());
    const embeddedAt = await freePort();
    const { data, moduleIds } = await chaosComposition(
      folder,
      proxy === undefined ? { embeddedAt } : { at: proxy.port },
    );
    const observer = new Observer(mosquitto?.port ?? embeddedAt, (sighting) => {
      witness.saw(sighting);
    });
    ends.push(async () => await observer.stop());
    const charger = await ChargerUnderTest.start(data, options.timeFactor, {
      module: (moduleId, state, reason) => {
        witness.module(moduleId, state, reason);
      },
      line: (text) => {
        report.logged(text);
        witness.processes.line(text);
      },
      managerEnded: (reason) => {
        report.violated(`the manager ended: ${reason}`);
      },
    });
    ends.push(async () => await charger.stop());
    await observer.ready();
    const broker = mosquitto === undefined || proxy === undefined ? undefined : { mosquitto, proxy };
    const player = new FaultPlayer(charger, observer, broker, disturbances, witness.processes);
    const look = systemClock.setInterval(() => {
      witness.look();
    }, LOOK_MS);
    const driver = new VehicleDriver(charger, new Random(options.seed + 1));
    witness.onEvent = (event) => {
      driver.event(event);
    };
    ends.push(() => {
      look.cancel();
      player.stop();
      return Promise.resolve();
    });
    report.happened('started');
    driver.start();
    const play = async (fault: Fault, random: Random): Promise<void> => {
      report.fault(describeFault(fault));
      await systemClock.sleep(await player.play(fault, random));
    };
    await playAll(options, { moduleIds, observer, report, witness, play });
    report.happened('no more faults');
    player.heal();
    await driver.stop();
    await healed(charger, witness, proxy, moduleIds);
    report.happened('healed');
    await charge(charger, witness);
    witness.transactions.finish();
    const stored = await charger.call('store_1', 'main', 'load', { key: 'evse_1_session' });
    if (stored !== '' && stored !== null)
      report.violated(`the store still has transaction ${JSON.stringify(stored)}`);
  } catch (error) {
    report.violated(error instanceof Error ? error.message : String(error));
  } finally {
    for (const end of ends.reverse()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
  return { report, summary: witness.summary };
}

interface Stage {
  readonly moduleIds: readonly string[];
  readonly observer: Observer;
  readonly report: ChaosReport;
  readonly witness: Witness;
  play(fault: Fault, random: Random): Promise<void>;
}

/** Until all faults were played, or the first violation. */
async function playAll(options: ChaosOptions, stage: Stage): Promise<void> {
  const random = new Random(options.seed);
  const { moduleIds, observer, report } = stage;
  const more = (): boolean => report.faults.length < options.faults && report.violations.length === 0;
  const malformed = async (): Promise<void> => {
    await stage.play({ kind: 'malformed', ...malformedMessage(observer.said, moduleIds, random) }, random);
  };
  while (more()) {
    if (random.chance(MALFORMED_SHARE)) {
      await malformed();
      continue;
    }
    if (random.chance(CALM_SHARE)) await calm(stage.witness, more);
    if (random.chance(AIMED_SHARE)) await untilMoment(stage.witness, random, more);
    if (more()) {
      const { down } = stage.witness.processes;
      await stage.play(drawFault(random, moduleIds, down, options.broker === 'mosquitto'), random);
    }
  }
}

/** Waits until every process is back and current flows; not for long, since a session may be stuck. */
async function calm(witness: Witness, more: () => boolean): Promise<void> {
  const endMs = systemClock.monotonic() + CALM_LIMIT_MS;
  const settled = (): boolean => witness.processes.down.length === 0 && witness.power.current;
  while (more() && !settled() && systemClock.monotonic() < endMs) await systemClock.sleep(LOOK_MS);
}

/** Waits for a moment of a session that is drawn; not for long, since it may never come. */
async function untilMoment(witness: Witness, random: Random, more: () => boolean): Promise<void> {
  const moment = random.pick<SessionEvent['event'] | 'current' | 'relays'>([
    ...(['Authorized', 'TransactionStarted', 'ChargingStarted', 'StoppingCharging'] as const),
    ...(['ChargingFinished', 'TransactionFinished', 'current', 'current', 'relays'] as const),
  ]);
  const before = witness.events.length;
  const endMs = systemClock.monotonic() + AIM_LIMIT_MS;
  const reached = (): boolean => {
    if (moment === 'current') return witness.power.current;
    if (moment === 'relays') return witness.power.relaysClosed;
    return witness.events.slice(before).some(({ event }) => event === moment);
  };
  while (more() && !reached() && systemClock.monotonic() < endMs) await systemClock.sleep(5);
}

/** @throws Error when something does not come back */
async function healed(
  charger: ChargerUnderTest,
  witness: Witness,
  proxy: BrokerProxy | undefined,
  moduleIds: readonly string[],
): Promise<void> {
  const missing = (): readonly string[] => [
    ...charger.absent,
    ...(proxy === undefined ? [] : moduleIds.filter((id) => !proxy.connected.has(id))),
    ...witness.transactions.open.map((id) => `the end of transaction ${id}`),
    ...witness.activeErrors.map((error) => `the end of ${error}`),
  ];
  let sinceMs = systemClock.monotonic();
  await eventually(
    () => `not back after the last fault: ${missing().join(', ')}`,
    HEALED_MS,
    () => {
      if (missing().length > 0) sinceMs = systemClock.monotonic();
      return systemClock.monotonic() - sinceMs > CALM_MS;
    },
  );
}

/** A session without disturbance. @throws Error when it does not go as it should */
async function charge(charger: ChargerUnderTest, witness: Witness): Promise<void> {
  await eventually(
    () => `session ${String(witness.sessions.open)} does not end`,
    HEALED_MS,
    () => witness.sessions.open === undefined,
  );
  const before = witness.events.length;
  await eventually(
    () => 'the vehicle cannot be plugged in',
    HEALED_MS,
    async () => await said(charger, sessionScript(10)),
  );
  const seen = (): readonly SessionEvent[] => witness.events.slice(before);
  const names = (): string =>
    seen()
      .map(({ event }) => event)
      .join(' > ');
  await eventually(
    () => `the undisturbed session did not end: ${names()}`,
    SESSION_MS,
    () => seen().some(({ event }) => event === 'SessionFinished'),
  );
  for (const event of ['SessionStarted', 'TransactionStarted', 'ChargingStarted', 'TransactionFinished'])
    if (!seen().some((one) => one.event === event))
      throw new Error(`the undisturbed session had no ${event}: ${names()}`);
  if (seen().every(({ transaction_finished }) => transaction_finished?.signed_meter_value === undefined))
    throw new Error('the undisturbed session has no signed record');
}

async function said(charger: ChargerUnderTest, value: string): Promise<boolean> {
  try {
    await charger.call('bench_1', 'ev', 'execute_charging_session', { value });
    return true;
  } catch {
    return false;
  }
}

async function eventually(
  what: () => string,
  limitMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const endMs = systemClock.monotonic() + limitMs;
  while (!(await holds())) {
    if (systemClock.monotonic() > endMs) throw new Error(what());
    await systemClock.sleep(LOOK_MS);
  }
}
