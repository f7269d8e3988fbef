// SPDX-License-Identifier: Apache-2.0
import { connectorRegisters, powerUnitRegisters } from '@carabiner/fusioncharge';
import { expect } from 'chai';
import { bsp, plugIn, startCharger, untilReady, type Charger } from './bench-charger.js';

const LOST = 'power_supply_DC/CommunicationFault';
const HARDWARE = 'power_supply_DC/HardwareFault';

/** A charger that delivers 400 V, 20 A. */
async function charging(options: Parameters<typeof startCharger>[0] = {}): Promise<Charger> {
  const charger = await startCharger(options);
  await untilReady(charger);
  await plugIn(charger);
  const { call } = charger.driver.provides.connector_1;
  await call.setExportVoltageCurrent({ voltage: 400, current: 20 });
  await call.setMode({ mode: 'Export', phase: 'Charging' });
  await charger.until(() => charger.unit.statuses.get(1)?.at(-1) === 3, 2000, 'charging');
  return charger;
}

describe('a lost connection', () => {
  it('is told at once, with capabilities taken back', async () => {
    const { driver, unit, until } = await charging();
    const end = driver.provides.connector_1;
    unit.connection!.destroy();
    await until(() => end.errors.isActive(LOST), 500, 'fault raised');
    expect(end.latest.capabilities!.max_export_power_W).to.equal(0);
    expect(end.errors.isActive(HARDWARE, 'capabilities_not_received')).to.equal(true);
    expect(end.errors.active.find(({ type }) => type === LOST)).to.include({
      message: 'Communication error',
      severity: 'High',
      sub_type: '',
    });
  });

  it('comes back with registers that show the true state, a new key and the last set-point, before the fault is cleared', async () => {
    const { driver, unit, until } = await charging();
    const end = driver.provides.connector_1;
    const oldKey = unit.keys.get(5)!;
    let heardAtClear: unknown;
    end.errors.subscribe(LOST, { cleared: () => (heardAtClear = unit.last()) });
    unit.connection!.destroy();
    await until(() => end.errors.isActive(LOST), 500, 'fault raised');
    await end.call.setExportVoltageCurrent({ voltage: 350, current: 15 });
    await until(() => !end.errors.isActive(LOST), 20_000, 'fault cleared');
    expect(unit.connections).to.equal(2);
    expect(unit.statuses.get(1), 'never STANDBY while a car is there').to.deep.equal([1, 8, 3]);
    expect(unit.keys.get(5)!.equals(oldKey)).to.equal(false);
    expect(heardAtClear).to.include({ kind: 'request', requirement: 5, voltage: 350, current: 15 });
    expect(unit.heard.at(-1)!.verified, 'signed with the new key').to.equal(true);
    await until(() => end.errors.active.length === 0, 5000, 'all errors cleared');
  });

  it('waits for the address of the power unit and starts the numbering nowhere anew', async () => {
    const charger = await charging();
    const { driver, unit, until } = charger;
    const end = driver.provides.connector_1;
    const before = unit.heard.at(-1)!.frame.pdu.stNum;
    unit.script.announce = false;
    unit.connection!.destroy();
    await until(() => unit.connections === 2, 5000, 'reconnected');
    await driver.advance(3000);
    expect(end.errors.isActive(LOST), 'no address, no connection').to.equal(true);
    await unit.announce();
    await until(() => !end.errors.isActive(LOST), 20_000, 'fault cleared');
    expect(unit.heard.at(-1)!.frame.pdu.stNum).to.be.greaterThan(before);
  });

  it('is noticed when the power unit is silent', async () => {
    const { driver, unit, until } = await charging({ config: { modbus_timeout_s: 2 } });
    const end = driver.provides.connector_1;
    const keepAlive = driver.clock.setInterval(() => {
      unit.connection?.readRegisters(0, 1).catch(() => undefined);
    }, 500);
    await driver.advance(5000);
    expect(end.errors.isActive(LOST)).to.equal(false);
    keepAlive.cancel();
    await until(() => end.errors.isActive(LOST), 3000, 'fault raised');
    await until(() => unit.connections > 1, 5000, 'a new connection');
  });

  it('keeps trying while nobody listens, and finds the power unit when it is back', async () => {
    const { driver, unit, until } = await charging();
    const end = driver.provides.connector_1;
    const port = unit.port;
    await unit.close();
    await until(() => end.errors.isActive(LOST), 500, 'fault raised');
    await driver.advance(20_000);
    await unit.listen({ port });
    await until(() => !end.errors.isActive(LOST), 30_000, 'fault cleared');
  });

  it('does not hold up setMode(Off), which reaches the power unit by GOOSE', async () => {
    const { driver, unit, until } = await charging({ meters: true });
    driver.requires.carside_powermeter[0]!.publish.powermeter({
      timestamp: '2026-01-01T00:00:00.000Z',
      energy_Wh_import: { total: 1 },
      current_A: { DC: 20 },
    });
    await driver.settle();
    await unit.close();
    await until(() => driver.provides.connector_1.errors.isActive(LOST), 500, 'fault raised');
    let answered = false;
    const off = driver.provides.connector_1.call.setMode({ mode: 'Off', phase: 'Charging' });
    void off.then(() => (answered = true));
    await driver.settle();
    expect(answered, 'without any waiting').to.equal(true);
    await until(() => unit.last()?.kind === 'stop', 500, 'stop demanded');
  });

  it('does not leave errors of the power unit behind that are not there any more', async () => {
    const { driver, unit, until } = await charging();
    const end = driver.provides.connector_1;
    await unit.connection!.writeRegister(0x4004, 1);
    await until(
      () => end.errors.isActive('power_supply_DC/VendorWarning', 'PowerUnit/Epo'),
      500,
      'error raised',
    );
    unit.script.announce = false;
    unit.connection!.destroy();
    await until(() => end.errors.isActive(LOST), 500, 'fault raised');
    expect(
      end.errors.isActive('power_supply_DC/VendorWarning', 'PowerUnit/Epo'),
      'while nothing is known',
    ).to.equal(true);
    await until(() => unit.connections === 2 && unit.connection !== undefined, 5000, 'reconnected');
    await driver.advance(200);
    expect(
      end.errors.isActive('power_supply_DC/VendorWarning', 'PowerUnit/Epo'),
      'while the power unit has not spoken',
    ).to.equal(true);
    await unit.announce();
    await until(() => end.errors.active.length === 0, 20_000, 'all errors cleared');
  });

  it('in the middle of an allocation does not leave it hanging', async () => {
    const charger = await startCharger({ prepare: (unit) => void (unit.script.answer = 'none') });
    const { driver, unit, until } = charger;
    await untilReady(charger);
    bsp(charger, 'B');
    await until(() => unit.last()?.kind === 'request', 10_000, 'modules are asked for');
    unit.connection!.destroy();
    await until(() => unit.connections === 2, 5000, 'reconnected');
    await until(
      () =>
        driver.provides.connector_1.errors.isActive(
          'power_supply_DC/VendorWarning',
          'module_placeholder_allocation_failed',
        ),
      20_000,
      'allocation given up',
    );
  });
});

describe('start-up', () => {
  it('raises what is not known yet, and clears it as the power unit speaks', async () => {
    const { driver, unit, until } = await startCharger({
      prepare: (unit) => void (unit.script.announce = false),
    });
    const end = driver.provides.connector_1;
    await until(() => unit.connections === 1, 5000, 'connected');
    expect(end.errors.active.map(({ type, sub_type }) => `${type} ${sub_type}`)).to.have.members([
      `${LOST} `,
      `${HARDWARE} psu_not_running`,
      `${HARDWARE} capabilities_not_received`,
    ]);
    expect(end.latest.mode).to.equal('Off');
    expect(end.latest.capabilities).to.include({ max_export_voltage_V: 0, nominal_max_export_current_A: 80 });
    await unit.connection!.write(powerUnitRegisters.runningMode, 1);
    await until(() => !end.errors.isActive(HARDWARE, 'psu_not_running'), 500, 'running');
    await unit.writeLimits(1);
    await until(() => !end.errors.isActive(HARDWARE, 'capabilities_not_received'), 500, 'capabilities');
    expect(end.latest.capabilities).to.include({ max_export_current_A: 80, max_export_power_W: 50_000 });
    await unit.connection!.write(powerUnitRegisters.runningMode, 2);
    await until(() => end.errors.isActive(HARDWARE, 'psu_not_running'), 500, 'faulty');
  });

  it('gets a key and stops by a signed request what a former process may have left', async () => {
    const charger = await startCharger({ connectors: 2 });
    const { unit } = charger;
    await untilReady(charger, 2);
    for (const connector of [1, 2]) {
      expect(unit.statuses.get(connector)).to.deep.equal([1, 8, 0]);
      const heard = unit.heard.filter(({ message }) => message.connector === 4 + connector);
      expect(heard.map(({ message }) => message.kind)).to.deep.equal(['request', 'stop']);
      expect(heard.every(({ verified }) => verified)).to.equal(true);
    }
  });

  it('does not lose a car that is there already', async () => {
    const { driver, unit, until } = await startCharger({ start: 'init' });
    driver.requires.board_support[0]!.publish.event({ event: 'B' });
    await driver.ready();
    await until(
      () => unit.last()?.kind === 'request' && unit.statuses.get(1)?.at(-1) === 8,
      20_000,
      'modules asked for',
    );
    expect(
      unit
        .demands()
        .map(({ kind }) => kind)
        .slice(0, 2),
      'what was left over is stopped first',
    ).to.deep.equal(['stop', 'request']);
    await driver.provides.connector_1.call.setMode({ mode: 'Export', phase: 'CableCheck' });
    await until(
      () => unit.demands().some((message) => message.kind === 'request' && message.requirement === 2),
      2000,
    );
  });

  it('takes a car in state C or D as connected, without a B before', async () => {
    for (const event of ['C', 'D'] as const) {
      const charger = await startCharger();
      await untilReady(charger);
      bsp(charger, event);
      await charger.until(() => charger.unit.statuses.get(1)?.at(-1) === 8, 10_000, 'modules are asked for');
      expect(charger.unit.reported(connectorRegisters.connectionStatus)).to.equal(2);
      await charger.driver.shutdown();
    }
  });

  it('shows each of a quick unplugging and plugging in, so that the power unit hands out a key', async () => {
    const charger = await charging();
    const { driver, unit, until } = charger;
    await driver.provides.connector_1.call.setMode({ mode: 'Off', phase: 'Charging' });
    await until(() => unit.statuses.get(1)?.at(-1) === 4, 2000, 'complete');
    const key = unit.keys.get(5)!;
    bsp(charger, 'A');
    bsp(charger, 'B');
    await until(() => !unit.keys.get(5)!.equals(key), 900, 'a new key within less than a report period');
    await until(() => unit.statuses.get(1)?.at(-1) === 8, 900, 'going on');
    expect(unit.statuses.get(1)!.slice(-3)).to.deep.equal([0, 1, 8]);
  });
});
