// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import fc from 'fast-check';
import { DcOutput } from '../dist/device/dc-output.js';

const LIMITS = { maxVoltageV: 1000, maxCurrentA: 100, maxPowerW: 60_000 };
const DYNAMICS = { voltageRampVPerS: 1000, currentRampAPerS: 200, dischargeVPerS: 2000 };
const output = () => new DcOutput(LIMITS, DYNAMICS, 0);
const charging = (voltageV: number, currentA: number) => ({ voltageV, currentA, charging: true });

describe('an output', () => {
  it('ramps the voltage up and down', () => {
    const port = output();
    port.setLoad({ connected: false });
    port.demand(charging(400, 10));
    const at = (ms: number): number => {
      port.advanceTo(ms);
      return port.state.voltageV;
    };
    expect([at(0), at(100), at(399), at(400), at(900)]).to.deep.equal([0, 100, 399, 400, 400]);
    expect(port.moving).to.equal(false);
    port.switchOff();
    expect(port.state.enabled).to.equal(false);
    expect([at(950), at(1100), at(5000)]).to.deep.equal([300, 0, 0]);
  });

  it('never runs backwards, whatever is demanded', () => {
    const port = output();
    port.demand(charging(-400, -50));
    port.advanceTo(5000);
    expect(port.state).to.deep.equal({ voltageV: 0, currentA: 0, enabled: true });
    port.demand(charging(400, -50));
    port.advanceTo(10_000);
    expect(port.state).to.deep.equal({ voltageV: 400, currentA: 0, enabled: true });
  });

  it('holds the current into a battery and ramps it', () => {
    const port = output();
    port.setLoad({ connected: true, counterVoltageV: 350, seriesResistanceOhm: 0.1 });
    expect(port.state).to.deep.equal({ voltageV: 350, currentA: 0, enabled: false });
    port.demand(charging(400, 50));
    port.advanceTo(340);
    expect(port.state).to.deep.equal({ voltageV: 350, currentA: 0, enabled: true });
    port.advanceTo(10_000);
    expect(port.state.currentA).to.equal(50);
    expect(port.state.voltageV).to.be.closeTo(355, 1e-9);
    port.demand(charging(400, 80));
    port.advanceTo(10_100);
    expect(port.state.currentA).to.equal(70);
    port.demand(charging(400, 20));
    port.advanceTo(10_101);
    expect(port.state.currentA).to.equal(20);
    port.switchOff();
    expect(port.state).to.deep.include({ currentA: 0, enabled: false });
  });

  it('holds the voltage when the battery takes less than it may', () => {
    const port = output();
    port.setLoad({ connected: true, counterVoltageV: 398, seriesResistanceOhm: 0.1 });
    port.demand(charging(400, 100));
    port.advanceTo(10_000);
    expect(port.state.currentA).to.be.closeTo(20, 1e-9);
    expect(port.state.voltageV).to.be.closeTo(400, 1e-9);
  });

  it('keeps to its power', () => {
    const port = output();
    port.setLoad({ connected: true, counterVoltageV: 790, seriesResistanceOhm: 0.1 });
    port.demand(charging(900, 100));
    port.advanceTo(10_000);
    expect(port.state.voltageV * port.state.currentA).to.be.closeTo(60_000, 1e-6);
    port.setLimits({ ...LIMITS, maxPowerW: 30_000 });
    expect(port.state.voltageV * port.state.currentA).to.be.closeTo(30_000, 1e-6);
  });

  it('feeds a resistance', () => {
    const port = output();
    port.setLoad({ connected: true, seriesResistanceOhm: 10 });
    port.demand(charging(400, 100));
    port.advanceTo(10_000);
    expect(port.state).to.deep.equal({ voltageV: 400, currentA: 40, enabled: true });
    port.setLoad({ connected: true, seriesResistanceOhm: 1 });
    expect(port.state).to.deep.equal({ voltageV: 100, currentA: 100, enabled: true });
    port.setLoad({ connected: true });
    expect(port.state).to.deep.equal({ voltageV: 400, currentA: 0, enabled: true });
  });

  it('is taken to be loaded as demanded until it is told otherwise', () => {
    const port = output();
    port.demand({ voltageV: 500, currentA: 2, charging: false });
    port.advanceTo(1000);
    expect(port.state).to.deep.equal({ voltageV: 500, currentA: 0, enabled: true });
    port.demand(charging(400, 80));
    port.advanceTo(2000);
    expect(port.state).to.deep.equal({ voltageV: 400, currentA: 80, enabled: true });
  });

  it('never leaves its limits, whatever it is told and connected to', () => {
    const number = (max: number) => fc.double({ min: 0, max, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            demand: fc.option(
              fc.record({ voltageV: number(3000), currentA: number(1000), charging: fc.boolean() }),
              { nil: undefined },
            ),
            load: fc.option(
              fc.record(
                {
                  connected: fc.boolean(),
                  counterVoltageV: number(900),
                  seriesResistanceOhm: number(100),
                },
                { requiredKeys: ['connected'] },
              ),
              { nil: undefined },
            ),
            ms: fc.nat(5000),
          }),
          { maxLength: 12 },
        ),
        (steps) => {
          const port = output();
          let nowMs = 0;
          for (const { demand, load, ms } of steps) {
            if (demand === undefined) port.switchOff();
            else port.demand(demand);
            if (load !== undefined) port.setLoad(load);
            port.advanceTo((nowMs += ms));
            const { voltageV, currentA, enabled } = port.state;
            expect(currentA).to.be.within(0, LIMITS.maxCurrentA + 1e-9);
            expect(voltageV).to.be.within(0, LIMITS.maxVoltageV + 1e-6);
            expect(voltageV * currentA).to.be.at.most(LIMITS.maxPowerW * (1 + 1e-9));
            expect(enabled).to.equal(demand !== undefined);
            if (!enabled) expect(currentA).to.equal(0);
          }
        },
      ),
    );
  });
});
