// SPDX-License-Identifier: Apache-2.0
// Time from the board's emergency stop error to the command that opens the relays and the one that switches the power
// supply off: alone, with a meter that never answers, and while 100 other chargers charge. Real time, real event loop.
// `node bench/emergency-stop.mjs [samples = 40] [others = 100]`
import { performance } from 'node:perf_hooks';
import { createRuntime } from '@carabiner/core';
import { EvseManager } from '@carabiner/plugin-evse-manager';
import { BenchSimulator, EnergySource, LocalAuthoriser, SimulatedPsu } from '@carabiner/plugin-simulator';
import { composition } from './support/many-chargers.mjs';

/** Latest time of each command, by module id. */
const relaysOff = new Map();
const supplyOff = new Map();
let silentMeter = false;

class ProbedBench extends BenchSimulator {
  constructor(context) {
    super(context);
    const { board_support, powermeter } = this.implementations;
    const allow = board_support.allow_power_on;
    board_support.allow_power_on = (args, call) => {
      if (!args.value.allow_power_on && !relaysOff.has(this.info.id))
        relaysOff.set(this.info.id, performance.now());
      return allow(args, call);
    };
    const stop = powermeter.stop_transaction;
    powermeter.stop_transaction = (args, call) => (silentMeter ? new Promise(() => {}) : stop(args, call));
  }
}

class ProbedPsu extends SimulatedPsu {
  constructor(context) {
    super(context);
    const { main } = this.implementations;
    const setMode = main.setMode;
    main.setMode = (args, call) => {
      if (args.mode === 'Off' && !supplyOff.has(this.info.id)) supplyOff.set(this.info.id, performance.now());
      return setMode(args, call);
    };
  }
}

const modules = {
  EvseManager,
  BenchSimulator: ProbedBench,
  EnergySource,
  LocalAuthoriser,
  SimulatedPsu: ProbedPsu,
};

async function sleep(ms) {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Stops each of `count` chargers once, one after the other, while the rest goes on. @returns latencies in ms */
async function stopEach(runtime, charging, count, samples) {
  const latencies = [];
  for (let i = 0; latencies.length < samples; i++) {
    const n = (i % count) + 1;
    while (!charging.has(`evse_${n}`)) await sleep(20);
    await sleep(Math.random() * 100);
    relaysOff.delete(`bench_${n}`);
    supplyOff.delete(`psu_${n}`);
    charging.delete(`evse_${n}`);
    const from = performance.now();
    const stop = 'emergency_stop;sleep 1;release_emergency_stop;iso_start_v2g_session DC';
    await runtime.call(`bench_${n}`, 'ev', 'execute_charging_session', { value: stop });
    while (!relaysOff.has(`bench_${n}`) || !supplyOff.has(`psu_${n}`)) await sleep(1);
    latencies.push(Math.max(relaysOff.get(`bench_${n}`), supplyOff.get(`psu_${n}`)) - from);
  }
  return latencies.sort((a, b) => a - b);
}

async function measure(title, count, samples, whileCharging = () => {}) {
  const runtime = await createRuntime({ composition: composition(count), modules, log: { level: 'silent' } });
  const charging = new Set();
  runtime.observe((event) => {
    if (
      event.kind === 'variable' &&
      event.name === 'session_event' &&
      event.value.event === 'ChargingStarted'
    )
      charging.add(event.moduleId);
  });
  await runtime.start();
  while (charging.size < count) await sleep(50);
  whileCharging();
  const latencies = await stopEach(runtime, charging, count, samples);
  await runtime.stop();
  const at = (share) =>
    Number((latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0).toFixed(3));
  console.log(
    JSON.stringify({
      bench: `emergency stop to relays off and supply off, ${title}`,
      value: at(0.5),
      unit: 'ms median',
      p99: at(0.99),
      max: at(1),
      samples: latencies.length,
      aim: 'p99 < 5 ms alone',
    }),
  );
}

const samples = Number(process.argv[2] ?? 40);
const others = Number(process.argv[3] ?? 100);
await measure('alone (10 chargers in turn)', 10, samples);
await measure('with a meter that never answers (10 chargers in turn)', 10, samples, () => {
  silentMeter = true;
});
silentMeter = false;
await measure(`with ${others} other chargers charging`, others + 1, samples);
process.exit(0);
