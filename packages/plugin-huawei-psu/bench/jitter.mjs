// SPDX-License-Identifier: Apache-2.0
// How far the repetitions of a demand are from the schedule of 0, 2, 4, 8, 16, 1016 ms, as seen by the peer: with one
// connector at rest, and with four while meters speak, telemetry is published and set-points change.
import { systemClock } from '@carabiner/clock';
import { percentile, print, startCharging } from './support/bench-driver.mjs';

const SECONDS = 10;
const STEPS_PER_S = 20;
const SCHEDULE_MS = [0, 2, 4, 8, 16];
const dueMs = (sqNum) => SCHEDULE_MS[sqNum] ?? 16 + 1000 * (sqNum - 4);

function jitter(arrivals) {
  const states = new Map();
  for (const { connector, stNum, sqNum, atNs } of arrivals) {
    const name = `${connector}/${stNum}`;
    if (sqNum === 0) states.set(name, atNs);
  }
  return arrivals
    .filter(({ connector, stNum, sqNum }) => sqNum > 0 && states.has(`${connector}/${stNum}`))
    .map(({ connector, stNum, sqNum, atNs }) =>
      Math.abs(Number(atNs - states.get(`${connector}/${stNum}`)) / 1e6 - dueMs(sqNum)),
    );
}

/** How late a loop is that does nothing but look at the clock: what the machine itself takes away. */
function bareJitter() {
  const found = [];
  for (let round = 0; round < 150; round++) {
    const startMs = performance.now();
    for (const dueAfterMs of SCHEDULE_MS.slice(1)) {
      const dueAtMs = startMs + dueAfterMs;
      while (performance.now() < dueAtMs);
      found.push(performance.now() - dueAtMs);
    }
  }
  return found;
}

async function measure(title, connectors, loaded) {
  const { meters, outputs, arrivals, stop } = await startCharging(connectors, { telemetry: loaded });
  // What is compiled and sorted out at the start is not what is measured.
  await systemClock.sleep(2000);
  await arrivals();
  const readings = loaded
    ? systemClock.setInterval(() => {
        for (const meter of meters)
          meter.powermeter({
            timestamp: '2026-01-01T00:00:00.000Z',
            energy_Wh_import: { total: 1 },
            voltage_V: { DC: 400 + Math.random() },
            current_A: { DC: 10 + Math.random() },
          });
      }, 10)
    : undefined;
  for (let step = 0; step < SECONDS * STEPS_PER_S; step++) {
    for (const { call } of outputs)
      await call.setExportVoltageCurrent({ voltage: 300 + (step % 100), current: 10 });
    await systemClock.sleep(1000 / STEPS_PER_S);
  }
  readings?.cancel();
  await systemClock.sleep(1200);
  const found = jitter(await arrivals());
  print(`${title}, median of ${found.length}`, percentile(found, 0.5), 'ms');
  print(`${title}, p99`, percentile(found, 0.99), 'ms');
  await stop();
}

await measure('retransmission jitter, idle, 1 connector', 1, false);
await measure('retransmission jitter, loaded, 4 connectors', 4, true);
print('jitter of a loop that only looks at the clock, p99', percentile(bareJitter(), 0.99), 'ms');
