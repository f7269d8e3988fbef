// SPDX-License-Identifier: Apache-2.0
// How many DC chargers, each with its simulated devices and vehicle, charge in real time in one process, and how fast an
// emergency stop is while they do: `node bench/chargers.mjs [count = 500]`.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { createRuntime } from '@carabiner/core';
import { EvseManager } from '@carabiner/plugin-evse-manager';
import { composition } from './support/many-chargers.mjs';
import { BenchSimulator, EnergySource, LocalAuthoriser, SimulatedPsu } from '@carabiner/plugin-simulator';

const MEASURE_MS = 8000;
const modules = { EvseManager, BenchSimulator, EnergySource, LocalAuthoriser, SimulatedPsu };

async function charge(count) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  const runtime = await createRuntime({ composition: composition(count), modules, log: { level: 'silent' } });
  let charging = 0;
  let all;
  const everybody = new Promise((resolve) => (all = resolve));
  runtime.observe((event) => {
    if (event.kind !== 'variable' || event.name !== 'session_event') return;
    if (event.value.event === 'ChargingStarted' && ++charging === count) all();
  });
  await runtime.start();
  const readyMs = performance.now() - started;
  await Promise.race([everybody, new Promise((resolve) => setTimeout(resolve, 90_000))]);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  loop.enable();
  await new Promise((resolve) => setTimeout(resolve, MEASURE_MS));
  loop.disable();
  const { user, system } = process.cpuUsage(cpu);
  globalThis.gc?.();
  const after = process.memoryUsage().rss;
  await runtime.stop();
  return {
    charging,
    readyMs,
    p99Ms: loop.percentile(99) / 1e6,
    cpuShare: (user + system) / 1000 / MEASURE_MS,
    memoryKb: (after - before) / 1024 / count,
  };
}

const count = Number(process.argv[2] ?? 500);
const result = await charge(count);
const line = (bench, value, unit, more = {}) => console.log(JSON.stringify({ bench, value, unit, ...more }));
line('chargers that charge in one process', result.charging, `of ${count}`);
line('event loop delay p99 while they charge', Number(result.p99Ms.toFixed(2)), 'ms', { aim: '< 20' });
line('processor share while they charge', Number((result.cpuShare * 100).toFixed(1)), '% of one core');
line('memory per charger with its simulators', Math.round(result.memoryKb), 'kB');
line('start of all modules', Math.round(result.readyMs), 'ms', { modules: count * 5 });
process.exit(result.charging === count ? 0 : 1);
