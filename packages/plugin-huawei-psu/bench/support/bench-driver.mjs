// SPDX-License-Identifier: Apache-2.0
// The driver in a composition in this process, charging, with a simulated power unit in a process of its own.
import { systemClock } from '@carabiner/clock';
import { createRuntime, Module } from '@carabiner/core';
import { EvseBoardSupportInterface } from '@carabiner/interfaces/interfaces/evse_board_support';
import { IsolationMonitorInterface } from '@carabiner/interfaces/interfaces/isolation_monitor';
import { PowerSupplyDCInterface } from '@carabiner/interfaces/interfaces/power_supply_DC';
import { PowermeterInterface } from '@carabiner/interfaces/interfaces/powermeter';
import { HuaweiPsu } from '@carabiner/plugin-huawei-psu';
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

const shape = { config: {}, enableExternalMqtt: false, enableTelemetry: false, enableGlobalErrors: false };

/** A module that provides `main` and does nothing with commands. */
function provider(name, descriptor) {
  return class extends Module {
    static descriptor = {
      ...shape,
      module: name,
      description: '',
      provides: { main: { description: '', interface: descriptor, config: {} } },
      requires: {},
    };
    implementations = {
      main: Object.fromEntries(Object.keys(descriptor.commands).map((command) => [command, () => undefined])),
    };
  };
}

const Board = provider('Board', EvseBoardSupportInterface);
const Meter = provider('Meter', PowermeterInterface);
const Monitor = provider('Monitor', IsolationMonitorInterface);

/** Uses every connector of the driver. */
class Charger extends Module {
  static descriptor = {
    ...shape,
    module: 'Charger',
    description: '',
    provides: {},
    requires: {
      supplies: {
        interface: PowerSupplyDCInterface,
        minConnections: 1,
        maxConnections: 4,
        ignore: { errors: false, variables: [] },
      },
    },
  };
  implementations = {};
}

/** Starts both and brings every connector into charging. */
export async function startCharging(connectors, { telemetry = false } = {}) {
  const place = makePlace();
  const child = fork(fileURLToPath(new URL('power-unit.mjs', import.meta.url)), [place.kind, place.far]);
  const [port] = await once(child, 'message');
  const numbers = Array.from({ length: connectors }, (_, index) => index + 1);
  const made = { Board: [], Meter: [], Charger: [] };
  const keep = (Class) =>
    class extends Class {
      init() {
        made[Class.descriptor.module].push(this);
      }
    };
  const each = (name) => numbers.map((number) => [`${name}_${number}`, { module: name }]);
  const connect = (name) =>
    numbers.map((number) => ({ module_id: `${name}_${number}`, implementation_id: 'main' }));
  const runtime = await createRuntime({
    composition: {
      active_modules: {
        psu: {
          module: 'HuaweiPsu',
          config_module: {
            psu_ip: '127.0.0.1',
            psu_port: port,
            ethernet_link: place.kind,
            ethernet_interface: place.near,
            udp_port: UDP_PORT,
            telemetry_topic_prefix: telemetry ? 'bench' : '',
          },
          config_implementation: Object.fromEntries(
            numbers.map((number) => [
              `connector_${number}`,
              { global_connector_number: number, max_export_current_A: 100, max_export_power_W: 60_000 },
            ]),
          ),
          connections: {
            board_support: connect('Board'),
            isolation_monitor: connect('Monitor'),
            carside_powermeter: connect('Meter'),
          },
        },
        ...Object.fromEntries([...['Board', 'Meter', 'Monitor'].flatMap(each)]),
        charger: {
          module: 'Charger',
          connections: {
            supplies: numbers.map((number) => ({
              module_id: 'psu',
              implementation_id: `connector_${number}`,
            })),
          },
        },
      },
    },
    modules: { HuaweiPsu, Board: keep(Board), Meter: keep(Meter), Monitor, Charger: keep(Charger) },
    log: { level: 'silent' },
  });
  await runtime.start();
  const outputs = made.Charger[0].requires.supplies;
  for (const { provides } of made.Board) provides.main.publish.event({ event: 'B' });
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
    outputs,
    meters: made.Meter.map(({ provides }) => provides.main.publish),
    arrivals,
    stop: async () => {
      await runtime.stop();
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
