// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { expect } from 'chai';
import fc from 'fast-check';
import { Battery } from '../dist/plant/battery.js';
import { CcCvSource } from '../dist/plant/cc-cv-source.js';
import { ControlPilot, currentOfDutyCycle } from '../dist/plant/control-pilot.js';
import { DcPlant } from '../dist/plant/dc-plant.js';
import { OutputRelays } from '../dist/plant/output-relays.js';

const BATTERY = { capacityWh: 50_000, socPercent: 20, nominalVoltageV: 400, internalResistanceOhm: 0.1 };

describe('battery', () => {
  it('gains the state of charge that the received energy amounts to', () => {
    const battery = new Battery(BATTERY);
    battery.charge(400, 125, 3_600_000);
    expect(battery.receivedWh).to.be.closeTo(50_000, 1e-6);
    expect(battery.socPercent).to.equal(100);
  });

  it('has an open-circuit voltage that rises with the state of charge', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 99, noNaN: true }), (soc) => {
        const low = new Battery({ ...BATTERY, socPercent: soc }).openCircuitVoltageV;
        const high = new Battery({ ...BATTERY, socPercent: soc + 1 }).openCircuitVoltageV;
        expect(high).to.be.greaterThan(low);
        expect(low).to.be.within(0.84 * 400, 1.1 * 400);
      }),
    );
  });
});

describe('control pilot', () => {
  function pilot(): { clock: VirtualClock; pilot: ControlPilot; states: string[] } {
    const clock = new VirtualClock();
    const states: string[] = [];
    return {
      clock,
      states,
      pilot: new ControlPilot(
        clock,
        (state) => states.push(state),
        () => undefined,
      ),
    };
  }

  it('reports a new state after the debounce time, once', async () => {
    const bench = pilot();
    bench.pilot.enable(true);
    await bench.clock.advance(100);
    bench.pilot.setVehicle('B');
    await bench.clock.advance(19);
    expect(bench.states).to.deep.equal(['A']);
    await bench.clock.advance(1);
    bench.pilot.setVehicle('B');
    await bench.clock.advance(100);
    expect(bench.states).to.deep.equal(['A', 'B']);
  });

  it('hides the vehicle behind state F and shows it again with the next output', async () => {
    const bench = pilot();
    bench.pilot.enable(true);
    bench.pilot.setVehicle('B');
    await bench.clock.advance(100);
    bench.pilot.setOutput({ kind: 'F' });
    await bench.clock.advance(100);
    bench.pilot.setOutput({ kind: 'X1' });
    await bench.clock.advance(100);
    expect(bench.states).to.deep.equal(['B', 'F', 'B']);
  });

  it('remembers the output while disabled and reports its state again when enabled', async () => {
    const bench = pilot();
    bench.pilot.setOutput({ kind: 'PWM', dutyPercent: 5 });
    bench.pilot.setVehicle('B');
    await bench.clock.advance(100);
    expect(bench.states).to.deep.equal([]);
    expect(bench.pilot.output).to.deep.equal({ kind: 'F' });
    bench.pilot.enable(true);
    await bench.clock.advance(100);
    expect(bench.states).to.deep.equal(['B']);
    expect(bench.pilot.output).to.deep.equal({ kind: 'PWM', dutyPercent: 5 });
  });

  it('reads the current from the duty cycle', () => {
    const table = [5, 8, 10, 16, 26.7, 53.3, 85, 90, 96, 97, 98];
    expect(table.map((duty) => Math.round(currentOfDutyCycle(duty) * 10) / 10)).to.deep.equal([
      0, 6, 6, 9.6, 16, 32, 51, 65, 80, 80, 0,
    ]);
  });
});

describe('output relays', () => {
  function relays(): { clock: VirtualClock; relays: OutputRelays; log: string[] } {
    const clock = new VirtualClock();
    const log: string[] = [];
    const made = new OutputRelays(
      clock,
      (closed) => log.push(closed ? 'on' : 'off'),
      () => log.push('welded'),
    );
    return { clock, relays: made, log };
  }

  it('close only when permitted and asked for', async () => {
    const bench = relays();
    bench.relays.setWanted(true);
    await bench.clock.advance(100);
    expect(bench.log).to.deep.equal([]);
    bench.relays.permit(true);
    await bench.clock.advance(100);
    bench.relays.permit(false);
    await bench.clock.advance(100);
    expect(bench.log).to.deep.equal(['on', 'off']);
  });

  it('report welded contacts instead of opening, and open once repaired', async () => {
    const bench = relays();
    bench.relays.setWanted(true);
    bench.relays.permit(true);
    await bench.clock.advance(100);
    bench.relays.welded = true;
    bench.relays.permit(false);
    await bench.clock.advance(100);
    expect(bench.relays.closed).to.equal(true);
    bench.relays.welded = false;
    await bench.clock.advance(100);
    expect(bench.log).to.deep.equal(['on', 'welded', 'off']);
  });
});

describe('regulated source', () => {
  function source(): CcCvSource {
    return new CcCvSource({
      maximumVoltageV: 1000,
      maximumCurrentA: 200,
      maximumPowerW: 60_000,
      rampVPerS: 1000,
    });
  }

  it('ramps to its set point and discharges when switched off', () => {
    const psu = source();
    psu.setPoint = { voltageV: 400, currentA: 10 };
    psu.enabled = true;
    psu.advanceTo(0);
    psu.advanceTo(200);
    expect(psu.voltageV).to.be.closeTo(200, 1e-9);
    psu.advanceTo(1000);
    expect(psu.voltageV).to.equal(400);
    psu.enabled = false;
    psu.advanceTo(1200);
    expect(psu.voltageV).to.equal(0);
  });

  it('holds the current below the battery limit, then the voltage', () => {
    const psu = source();
    psu.enabled = true;
    psu.advanceTo(0);
    psu.setPoint = { voltageV: 440, currentA: 100 };
    psu.load = { connected: true, counter_voltage_V: 380, series_resistance_Ohm: 0.1 };
    psu.advanceTo(5000);
    expect(psu.currentA).to.equal(100);
    expect(psu.voltageV).to.be.closeTo(390, 1e-9);
    psu.load = { connected: true, counter_voltage_V: 439, series_resistance_Ohm: 0.1 };
    expect(psu.currentA).to.be.closeTo(10, 1e-9);
    expect(psu.voltageV).to.be.closeTo(440, 1e-9);
  });

  it('never exceeds its limits, nor takes power', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1200, noNaN: true }),
        fc.double({ min: 0, max: 500, noNaN: true }),
        fc.double({ min: 0, max: 1200, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (voltageV, currentA, counter, resistance) => {
          const psu = source();
          psu.enabled = true;
          psu.setPoint = { voltageV, currentA };
          psu.load = { connected: true, counter_voltage_V: counter, series_resistance_Ohm: resistance };
          psu.advanceTo(0);
          psu.advanceTo(10_000);
          expect(psu.currentA).to.be.within(0, Math.min(200, currentA));
          expect(counter * psu.currentA).to.be.at.most(60_000.001);
        },
      ),
    );
  });
});

describe('DC plant', () => {
  it('lets current flow only through closed relays and a closed vehicle contactor', () => {
    const plant = new DcPlant(new VirtualClock(), new Battery(BATTERY), () => undefined);
    plant.setSource(400, 50);
    expect([plant.currentA, plant.terminalVoltageV]).to.deep.equal([0, 0]);
    plant.setRelays(true);
    expect([plant.currentA, plant.terminalVoltageV]).to.deep.equal([0, 400]);
    plant.setContactor(true);
    expect(plant.currentA).to.equal(50);
  });

  it('gives the battery exactly the energy that it delivers', async () => {
    const clock = new VirtualClock();
    const plant = new DcPlant(clock, new Battery(BATTERY), () => undefined);
    plant.setRelays(true);
    plant.setContactor(true);
    for (let i = 0; i < 50; i++) {
      plant.setSource(390 + i, 100 + (i % 7));
      await clock.advance(997);
    }
    plant.setSource(0, 0);
    expect(plant.deliveredWh).to.be.greaterThan(500);
    expect(plant.battery.receivedWh).to.be.closeTo(plant.deliveredWh, plant.deliveredWh * 1e-9);
  });
});
