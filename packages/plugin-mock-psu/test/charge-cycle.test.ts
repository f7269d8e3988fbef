// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { openPacketLink, openUdpLink, type EthernetLink } from '@carabiner/goose';
import type { VirtualClock } from '@carabiner/clock/virtual';
import { PortAvailability, portRegisters, powerUnitRegisters, RunningMode } from '@carabiner/fusioncharge';
import { CONSTANT_KEY, type MockPowerUnitOptions } from '@carabiner/plugin-mock-psu';
import { makeBench, memoryLinks, type Bench } from './bench.js';
import type { TestDispenser } from './dispenser.js';
import { skip } from './requirement.js';
import { makeVethPair } from './veth.js';

/** Plug, key, placeholder, cable check, precharge, charging, stop, unplug, on each connector. */
async function charge(bench: Bench, dispenser: TestDispenser, connectors: readonly number[]): Promise<void> {
  const { unit } = bench.mock;
  for (const [index, global] of connectors.entries()) {
    const local = index + 1;
    dispenser.event('carConnected', local);
    await bench.until(() => dispenser.situation(local).state === 'Running', 'the allocation');
    unit.setLoad(global, { connected: false });
    dispenser.phase('ExportCableCheck', local, { voltage: 500, current: 2 });
    await bench.until(() => unit.state(global).voltageV === 500, 'the voltage of the cable check');
    dispenser.phase('OffCableCheck', local);
    await bench.until(() => unit.state(global).voltageV === 0, 'the end of the cable check');
    expect(unit.state(global).enabled).to.equal(false);
    dispenser.phase('ExportPrecharge', local, { voltage: 400, current: 2 });
    await bench.until(() => unit.state(global).voltageV === 400, 'the precharge voltage');
    unit.setLoad(global, { connected: true, counterVoltageV: 395, seriesResistanceOhm: 0.1 });
    dispenser.phase('ExportCharging', local, { voltage: 450, current: 80 });
    await bench.until(() => unit.state(global).currentA === 80, 'the charging current');
    expect(unit.state(global).voltageV).to.be.closeTo(395 + 8, 1e-9);
  }
  for (const [index, global] of connectors.entries()) {
    const local = index + 1;
    dispenser.phase('Off', local);
    await bench.until(() => !unit.state(global).enabled, 'the stop');
    expect(unit.state(global).currentA).to.equal(0);
    dispenser.event('carDisconnected', local);
  }
  expect(dispenser.replies.every(({ success, requirement }) => success && requirement === 1)).to.equal(true);
}

describe('a charge cycle', () => {
  const run = async (
    connectors: readonly number[],
    options: Partial<MockPowerUnitOptions>,
    secure: boolean,
    links?: (clock: VirtualClock) => EthernetLink | Promise<EthernetLink>,
  ): Promise<void> => {
    const bench = await makeBench(options, links);
    try {
      const dispenser = await bench.dispenser({ connectors, secure });
      await bench.until(
        () => dispenser.bank.get(portRegisters.available, connectors.length) === PortAvailability.AVAILABLE,
        'the ratings',
      );
      expect(dispenser.bank.get(powerUnitRegisters.runningMode)).to.equal(RunningMode.RUNNING);
      expect(dispenser.bank.get(portRegisters.maxCurrent, connectors.length)).to.equal(100);
      expect(dispenser.bank.get(portRegisters.ratedPower, connectors.length)).to.equal(60);
      await charge(bench, dispenser, connectors);
    } finally {
      await bench.close();
    }
  };

  for (const connectors of [[5], [5, 6, 9, 12]]) {
    const count = `${connectors.length} connector${connectors.length === 1 ? '' : 's'}`;
    it(`runs with ${count}, signed`, () => run(connectors, {}, true, memoryLinks()));
    it(`runs with ${count}, unsigned`, () =>
      run(connectors, { signReplies: false, verifyRequests: false }, false, memoryLinks()));
    it(`runs with ${count} and keys made for each session`, () =>
      run(connectors, { keyPolicy: 'random' }, true));
  }

  it('runs over udp', () => run([5, 6], {}, true, async () => openUdpLink({ port: 36_321 })));

  it('runs over a pair of network interfaces', async function () {
    const pair = makeVethPair('cbm');
    if ('unavailable' in pair) return skip(this, 'packet', pair.unavailable);
    const names = [pair.a, pair.b];
    try {
      await run([5, 6], {}, true, async (clock) => openPacketLink({ interface: names.shift() ?? '', clock }));
    } finally {
      pair.remove();
    }
  });

  it('hands out the constant key, or a new one for each session', async () => {
    for (const keyPolicy of ['constant', 'random'] as const) {
      const bench = await makeBench({ keyPolicy });
      const dispenser = await bench.dispenser();
      for (let session = 1; session <= 2; session++) {
        dispenser.event('carConnected');
        await bench.until(() => dispenser.keys.get(1)?.length === session, `key ${session}`);
        await bench.until(() => dispenser.situation().state === 'Running', 'the allocation');
        dispenser.phase('ExportCharging', 1, { voltage: 400, current: 10 });
        await bench.until(() => bench.mock.unit.state(5).enabled, 'the output');
        dispenser.phase('Off');
        await bench.until(() => !bench.mock.unit.state(5).enabled, 'the stop');
        dispenser.event('carDisconnected');
        await bench.pass(1100);
      }
      const [first, second] = dispenser.keys.get(1)!;
      expect(first!.equals(CONSTANT_KEY.reveal())).to.equal(keyPolicy === 'constant');
      expect(first!.equals(second!)).to.equal(keyPolicy === 'constant');
      await bench.close();
    }
  });

  it('gives a second charge without unplugging a key too', async () => {
    const bench = await makeBench();
    const dispenser = await bench.dispenser();
    dispenser.event('carConnected');
    await bench.until(() => dispenser.situation().state === 'Running', 'the allocation');
    dispenser.phase('ExportCharging', 1, { voltage: 400, current: 10 });
    dispenser.phase('Off');
    expect(dispenser.situation().state).to.equal('Completed');
    await bench.pass(1100);
    dispenser.phase('ExportCableCheck', 1, { voltage: 500, current: 1 });
    await bench.until(() => dispenser.situation().state === 'Running', 'the second allocation');
    expect(dispenser.keys.get(1)).to.have.length(2);
    await bench.close();
  });

  it('runs with a dispenser that was started anew with its clock set back', async () => {
    for (const keyPolicy of ['constant', 'random'] as const) {
      const bench = await makeBench({ keyPolicy });
      const first = await bench.dispenser();
      await charge(bench, first, [5]);
      await first.close();
      await bench.until(() => bench.mock.dispensers === 0, 'the end of the connection');
      const { clock } = bench;
      const late = {
        now: () => clock.now() - 3_600_000,
        monotonic: () => clock.monotonic(),
        setTimeout: clock.setTimeout.bind(clock),
        setInterval: clock.setInterval.bind(clock),
        sleep: clock.sleep.bind(clock),
      };
      await charge(bench, await bench.dispenser({ clock: late }), [5]);
      await bench.close();
    }
  });

  it('serves several dispensers at once', async () => {
    const bench = await makeBench();
    const dispensers = [
      await bench.dispenser({ connectors: [1, 2] }),
      await bench.dispenser({ connectors: [3] }),
    ];
    await bench.until(() => bench.mock.dispensers === 2, 'both connections');
    await Promise.all([charge(bench, dispensers[0]!, [1, 2]), charge(bench, dispensers[1]!, [3])]);
    expect(dispensers[1]!.rejections.filter(({ reason }) => reason !== 'foreign')).to.deep.equal([]);
    await bench.close();
  });
});
