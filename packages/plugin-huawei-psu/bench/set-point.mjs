// SPDX-License-Identifier: Apache-2.0
// From the call of setExportVoltageCurrent to the arrival of its first frame at the peer, another process.
import { systemClock } from '@carabiner/clock';
import { percentile, print, startCharging } from './support/bench-driver.mjs';

const CALLS = 600;

for (const connectors of [1, 4]) {
  const { kind, outputs, arrivals, stop } = await startCharging(connectors);
  const calls = new Map();
  for (let call = 0; call < CALLS; call++) {
    const voltage = 300 + call / 2;
    calls.set(voltage, process.hrtime.bigint());
    await outputs[call % connectors].call.setExportVoltageCurrent({ voltage, current: 10 });
    // Uneven pauses, so that calls meet the repetitions of others at any point.
    await systemClock.sleep(2 + (call % 7));
  }
  await systemClock.sleep(50);
  const first = (await arrivals()).filter(({ sqNum, voltage }) => sqNum === 0 && calls.has(voltage));
  const latenciesMs = first.map(({ voltage, atNs }) => Number(atNs - calls.get(voltage)) / 1e6);
  const title = `set-point to wire over ${kind}, ${connectors} connector${connectors > 1 ? 's' : ''}`;
  print(`${title}, median`, percentile(latenciesMs, 0.5), 'ms');
  print(`${title}, p99`, percentile(latenciesMs, 0.99), 'ms');
  await stop();
}
