// SPDX-License-Identifier: Apache-2.0
// How fast an hour of a driver passes in the harness, beside the same timer work without a harness.
import { Module } from '@carabiner/core';
import { PowerSupplyDCInterface } from '@carabiner/interfaces/interfaces/power_supply_DC';
import { createHarness, VirtualClock } from '@carabiner/testkit';

const HOUR_MS = 3_600_000;
const PERIOD_MS = 250;

class Psu extends Module {
  static descriptor = {
    module: 'Psu',
    description: 'publishes four times a second',
    config: {},
    provides: { main: { description: 'the unit', interface: PowerSupplyDCInterface, config: {} } },
    requires: {},
    enableExternalMqtt: false,
    enableTelemetry: false,
    enableGlobalErrors: false,
  };

  implementations = {
    main: { setMode: () => {}, setExportVoltageCurrent: () => {}, setImportVoltageCurrent: () => {} },
  };

  ready() {
    const value = { voltage_V: 400, current_A: 20 };
    this.clock.setInterval(() => this.provides.main.publish.voltage_current(value), PERIOD_MS);
  }
}

async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1_000;
}

const harness = await createHarness(Psu);
const inHarness = await seconds(() => harness.advance(HOUR_MS));
const published = harness.journal.of('published').length;
await harness.shutdown();

const clock = new VirtualClock();
let ticks = 0;
clock.setInterval(() => (ticks += 1), PERIOD_MS);
const bare = await seconds(() => clock.advance(HOUR_MS));
if (published !== ticks) throw new Error(`${published} values, ${ticks} ticks`);

const figure = (bench, value, unit, peer, peerValue) =>
  console.log(
    JSON.stringify({
      bench,
      value: Number(value.toFixed(2)),
      unit,
      peer,
      peerValue: Number(peerValue.toFixed(2)),
    }),
  );
figure(
  'testkit: one hour of a 4 Hz driver, checked and recorded',
  inHarness,
  's',
  'the virtual clock alone',
  bare,
);
figure(
  'testkit: cost of a published value',
  ((inHarness - bare) / published) * 1e6,
  'µs',
  'clock step',
  (bare / ticks) * 1e6,
);
