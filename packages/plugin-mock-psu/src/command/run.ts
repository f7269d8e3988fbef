// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import type { Clock, Timer } from '@carabiner/clock';
import { loadTlsCredentials, type TlsCredentials } from '@carabiner/fusioncharge';
import { openPacketLink, openUdpLink } from '@carabiner/goose';
import { CERTIFICATE_FILES } from '../certificate-files.js';
import type { MockLog } from '../mock-log.js';
import { MockPowerUnit } from '../mock-power-unit.js';
import { attachBroker } from './broker.js';
import type { CommandSettings } from './settings.js';

/** Once the last dispenser is gone, the command waits for so long for one to come back, ms. */
const LEAVE_AFTER_MS = 10_000;

/** Runs the mock until the last dispenser has gone for good or `signal` aborts. */
export async function runMock(
  settings: CommandSettings,
  clock: Clock,
  log: MockLog,
  signal: AbortSignal,
): Promise<void> {
  const { certificates, peerName, link: kind } = settings;
  const credentials = certificates === undefined ? undefined : await loadCredentials(certificates);
  const link =
    kind === 'udp' ? await openUdpLink() : await openPacketLink({ interface: settings.interface, clock });
  link.onStatus((up, reason) => {
    if (up) log.info('network up', { link: link.name });
    else log.warn('network down', { link: link.name, reason });
  });
  try {
    const mock = await MockPowerUnit.start({
      ...settings,
      clock,
      link,
      log,
      ...(credentials === undefined ? {} : { tls: { credentials, peerNames: peerName ?? false } }),
    });
    log.info('listening', {
      port: mock.port,
      tls: credentials !== undefined,
      link: link.name,
      mac: String(link.mac),
    });
    const detach = settings.mqtt === undefined ? undefined : attachBroker(mock, settings.mqtt, clock, log);
    mock.on('rejected', ({ message }) => log.warn('frame dropped', { reason: message }));
    mock.on('faults', (active) => log.info('faults', { active }));
    const timers = settings.faults.map(({ request, afterS }) =>
      clock.setTimeout(() => mock.faults.inject(request), afterS * 1000),
    );
    try {
      await untilDone(mock, settings.keepRunning, clock, signal);
    } finally {
      for (const timer of timers) timer.cancel();
      await mock.close();
      await detach?.();
    }
  } finally {
    await link.close();
  }
}

async function loadCredentials(folder: string): Promise<TlsCredentials> {
  return await loadTlsCredentials({
    caFile: join(folder, CERTIFICATE_FILES.dispenserCa),
    certFile: join(folder, CERTIFICATE_FILES.psuCert),
    keyFile: join(folder, CERTIFICATE_FILES.psuKey),
  });
}

async function untilDone(
  mock: MockPowerUnit,
  keepRunning: boolean,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let leaving: Timer | undefined;
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    mock.on('dispensers', (count) => {
      leaving?.cancel();
      leaving = count === 0 && !keepRunning ? clock.setTimeout(resolve, LEAVE_AFTER_MS) : undefined;
    });
  });
  leaving?.cancel();
}
