// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock, withTimeout } from '@carabiner/clock';
import { CompositionSource, LogBook, readComposition } from '@carabiner/core';
import { describeBroker } from './broker/broker-address.js';
import { BrokerSession } from './broker/broker-session.js';
import { measureRoundTrip, SLOW_BROKER_CURE, SLOW_ROUND_TRIP_MS } from './broker/round-trip.js';
import { Placements } from './manager-role/placement.js';
import { openSystemBroker, prefixesOf } from './manager-role/system-broker.js';
import { needsSystem } from './manager-role/needs-system.js';
import { Topics } from './protocol/topics.js';

/** One thing that was looked at. */
export interface Diagnosis {
  readonly subject: string;
  readonly ok: boolean;
  readonly text: string;
}

const CONNECT_TIMEOUT_MS = 3_000;

/**
 * Looks at what a composition needs from its machine to run as more than one process: the broker, its speed, the modules
 * of EVerest.
 *
 * @param file - path of the composition
 */
export async function diagnose(file: string): Promise<readonly Diagnosis[]> {
  const { configuration } = readComposition(CompositionSource.read(file));
  if (!needsSystem(configuration, undefined))
    return [{ subject: 'processes', ok: true, text: 'one; no broker is needed' }];
  const folder = dirname(file);
  const placements = new Placements(configuration.settings, folder, undefined);
  const findings: Diagnosis[] = [];
  if (placements.folders !== undefined) {
    const { modules } = placements.folders;
    const there = existsSync(modules);
    findings.push({
      subject: 'modules of EVerest',
      ok: there,
      text: there ? modules : `the folder ${modules} does not exist: correct settings.modules_dir or prefix`,
    });
  }
  const broker = await openSystemBroker(configuration.settings, folder);
  let failed: (reason: string) => void = () => undefined;
  const failure = new Promise<never>((_resolve, reject) => {
    failed = (reason) => {
      reject(new Error(reason));
    };
  });
  failure.catch(() => undefined);
  const session = new BrokerSession(
    { address: broker.address, clock: systemClock, log: new LogBook({ level: 'silent' }).host },
    { failed },
  );
  try {
    const name = broker.embedded ? 'embedded' : describeBroker(broker.address);
    const connected = Promise.race([session.whenConnected(), failure]);
    await withTimeout(systemClock, connected, CONNECT_TIMEOUT_MS, 'connection to the broker');
    findings.push({ subject: 'broker', ok: true, text: name });
    const medianMs = await measureRoundTrip(session, new Topics(prefixesOf(configuration.settings)), 11);
    const slow = medianMs > SLOW_ROUND_TRIP_MS && !broker.embedded;
    findings.push({
      subject: 'round trip',
      ok: !slow,
      text: `${medianMs.toFixed(2)} ms median${slow ? `; ${SLOW_BROKER_CURE}` : ''}`,
    });
  } catch (error) {
    findings.push({
      subject: 'broker',
      ok: false,
      text: `${describeBroker(broker.address)}: ${error instanceof Error ? error.message : String(error)}; start it, or correct settings.carabiner.mqtt.broker`,
    });
  } finally {
    await session.close();
    await broker.close();
  }
  return findings;
}
