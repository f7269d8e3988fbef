// SPDX-License-Identifier: Apache-2.0
// The driver in this process, charging, with a simulated power unit in a process of its own.
import { systemClock } from '@carabiner/clock';
import { HuaweiPsu } from '@carabiner/plugin-huawei-psu';
import { createHarness } from '@carabiner/testkit';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const UDP_PORT = 35_917;

/** A pair of network interfaces where that is possible, else a UDP port. */
function makePlace() {
  const [near, far] = [`hpb${process.pid % 10000}a`, `hpb${process.pid % 10000}b`];
  try {
    execFileSync('ip', ['link', 'add', near, 'type', 'veth', 'peer', 'name', far], { stdio: 'ignore' });
    for (const name of [near, far]) execFileSync('ip', ['link', 'set', name, 'up'], { stdio: 'ignore' });
    return {
      kind: 'packet',
      near,
      far,
      remove: () => execFileSync('ip', ['link', 'del', near], { stdio: 'ignore' }),
    };
  } catch {
    return { kind: 'udp', near: '', far: String(UDP_PORT), remove: () => undefined };
  }
}

/** Starts both and brings every connector into charging. */
export async function startCharging(connectors, { telemetry = false } = {}) {
  const place = makePlace();
  const child = fork(fileURLToPath(new URL('power-unit.mjs', import.meta.url)), [place.kind, place.far]);
  const [port] = await once(child, 'message');
  const numbers = Array.from({ length: connectors }, (_, index) => index + 1);
  const driver = await createHarness(HuaweiPsu, {
    clock: systemClock,
    config: {
      psu_ip: '127.0.0.1',
      psu_port: port,
      ethernet_link: place.kind,
      ethernet_interface: place.near,
      udp_port: UDP_PORT,
      telemetry_topic_prefix: telemetry ? 'bench' : '',
    },
    implementationConfig: Object.fromEntries(
      numbers.map((number) => [
        `connector_${number}`,
        { global_connector_number: number, max_export_current_A: 100, max_export_power_W: 60_000 },
      ]),
    ),
    connections: {
      board_support: connectors,
      isolation_monitor: connectors,
      carside_powermeter: connectors,
      over_voltage_monitor: 0,
    },
  });
  const outputs = numbers.map((number) => driver.provides[`connector_${number}`]);
  await driver.until(() => outputs.every(({ errors }) => errors.active.length === 0), 30_000, 'start');
  for (const board of driver.requires.board_support) board.publish.event({ event: 'B' });
  for (const { call } of outputs) await call.setMode({ mode: 'Export', phase: 'Charging' });
  const arrivals = async () => {
    child.send('arrivals');
    return (await once(child, 'message'))[0].map(([connector, stNum, sqNum, atNs, voltage]) => ({
      connector,
      stNum,
      sqNum,
      atNs: BigInt(atNs),
      voltage,
    }));
  };
  for (let running = 0; running < connectors;) {
    for (const { call } of outputs) await call.setExportVoltageCurrent({ voltage: 200, current: 10 });
    await systemClock.sleep(200);
    running = new Set(
      (await arrivals()).filter(({ voltage }) => voltage === 200).map(({ connector }) => connector),
    ).size;
  }
  return {
    kind: place.kind,
    driver,
    outputs,
    arrivals,
    stop: async () => {
      await driver.shutdown();
      child.send('exit');
      await once(child, 'exit');
      place.remove();
    },
  };
}

/** The value below which `part` of the sorted numbers lie. */
export function percentile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** Prints one figure. */
export function print(bench, value, unit, digits = 3) {
  console.log(JSON.stringify({ bench, value: Number(value.toFixed(digits)), unit }));
}
