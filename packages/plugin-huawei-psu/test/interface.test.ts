// SPDX-License-Identifier: Apache-2.0
import {
  connectorRegisters,
  dispenserRegisters,
  portRegisters,
  powerUnitRegisters,
} from '@carabiner/fusioncharge';
import type { PowerRequest } from '@carabiner/goose/fusioncharge';
import { expect } from 'chai';
import { bsp, meter, plugIn, startCharger, untilReady, type Charger } from './bench-charger.js';

const WARNING = 'power_supply_DC/VendorWarning';

const requirement = ({ unit }: Charger): number | undefined => {
  const last = unit.last();
  return last?.kind === 'request' ? last.requirement : undefined;
};

const setMode = async (
  charger: Charger,
  mode: 'Off' | 'Export',
  phase: 'Other' | 'CableCheck' | 'PreCharge' | 'Charging',
) => await charger.driver.provides.connector_1.call.setMode({ mode, phase });

async function exporting(
  charger: Charger,
  phase: 'CableCheck' | 'PreCharge' | 'Charging',
  voltage = 400,
  current = 20,
) {
  await untilReady(charger);
  await plugIn(charger);
  await charger.driver.provides.connector_1.call.setExportVoltageCurrent({ voltage, current });
  await setMode(charger, 'Export', phase);
  await charger.until(() => (requirement(charger) ?? 0) > 1, 1000, 'exporting');
}

describe('the dispenser', () => {
  it('tells who it is', async () => {
    const { unit, until } = await startCharger({ connectors: 2, config: { esn: 'ESN-4711' } });
    await until(() => unit.connection !== undefined, 5000, 'connected');
    const connection = unit.connection!;
    expect(await connection.read(dispenserRegisters.manufacturer)).to.equal(2);
    expect(await connection.read(dispenserRegisters.model)).to.equal(0x80);
    expect(await connection.read(dispenserRegisters.protocolVersion)).to.equal(1);
    expect(await connection.read(dispenserRegisters.hardwareVersion)).to.equal(3);
    expect(await connection.read(dispenserRegisters.softwareVersion)).to.equal('carabiner');
    expect(await connection.read(dispenserRegisters.esn)).to.equal('ESN-4711');
    expect(await connection.read(dispenserRegisters.connectorCount)).to.equal(2);
    expect(await connection.read(connectorRegisters.globalConnectorNumber, 2)).to.equal(6);
    expect(await connection.read(connectorRegisters.connectorType, 2)).to.equal(2);
    expect(await connection.read(connectorRegisters.maxChargeCurrent, 2)).to.equal(80);
    expect(await connection.read(connectorRegisters.connectorRatedPower, 2)).to.equal(50);
    expect(await connection.read(connectorRegisters.electronicLock)).to.equal(1);
  });

  it('does not start with a wiring that does not fit, or without its network interface', async () => {
    const failure = async (config: object): Promise<string> =>
      await startCharger({ config }).then(
        () => expect.fail('it started'),
        (error: unknown) => String(error),
      );
    expect(await failure({ upstream_voltage_source: 'OVM' })).to.contain(
      'over_voltage_monitor has 0 connections',
    );
    expect(await failure({ ethernet_link: 'packet', ethernet_interface: 'nope0' })).to.match(
      /nope0|CAP_NET_RAW|Linux/,
    );
  });
});

describe('set-points', () => {
  it('are bounded by what power unit and connector can do', async () => {
    const charger = await startCharger();
    await exporting(charger, 'Charging', 2000, 0);
    expect(charger.unit.last()).to.include({ voltage: 1000, current: 1 });
  });

  it('given before the capabilities came are applied when they come', async () => {
    const charger = await startCharger({ prepare: (unit) => void (unit.script.announce = false) });
    const { unit, driver } = charger;
    await charger.until(() => unit.connection !== undefined, 5000, 'connected');
    await unit.connection!.write(powerUnitRegisters.psuMac, unit.mac);
    await plugIn(charger);
    await driver.provides.connector_1.call.setExportVoltageCurrent({ voltage: 400, current: 20 });
    await setMode(charger, 'Export', 'Charging');
    await charger.until(() => requirement(charger) === 5, 1000, 'demanded');
    expect(unit.last()).to.include({ voltage: 0, current: 0 });
    await unit.writeLimits(1);
    await charger.until(() => (unit.last() as PowerRequest).voltage === 400, 1000, 'applied');
    expect(unit.last()).to.include({ current: 20 });
  });

  it('follow the capabilities in the middle of a charge', async () => {
    const charger = await startCharger();
    const { unit, driver } = charger;
    await charger.until(
      () => driver.provides.connector_1.latest.capabilities!.max_export_voltage_V > 0,
      10_000,
    );
    unit.connection!.destroy();
    await charger.until(() => unit.connections === 2, 10_000, 'reconnected');
    await untilReady(charger);
    await exporting(charger, 'Charging');
    unit.script.limits = { ...unit.script.limits, maxCurrent: 10 };
    await unit.writeLimits(1);
    await charger.until(
      () => (unit.last() as PowerRequest).current === 10,
      1000,
      'derated during the charge',
    );
    expect(driver.provides.connector_1.latest.capabilities!.max_export_current_A).to.equal(10);
    unit.script.limits = { ...unit.script.limits, maxCurrent: 100 };
    await unit.writeLimits(1);
    await charger.until(
      () => (unit.last() as PowerRequest).current === 20,
      1000,
      'back to what was asked for',
    );
  });

  it('for drawing power have no effect', async () => {
    const charger = await startCharger();
    await exporting(charger, 'Charging');
    const before = charger.unit.heard.length;
    await charger.driver.provides.connector_1.call.setImportVoltageCurrent({ voltage: 400, current: 10 });
    await charger.driver.provides.connector_1.call.setMode({ mode: 'Import', phase: 'Charging' });
    await charger.driver.advance(100);
    expect(charger.unit.heard).to.have.lengthOf(before);
  });

  it('and phase of one session never reach the next', async () => {
    const charger = await startCharger();
    await exporting(charger, 'Charging');
    bsp(charger, 'A');
    await charger.until(() => charger.unit.statuses.get(1)?.at(-1) === 0, 1000, 'unplugged');
    expect(charger.unit.last()).to.include({ kind: 'stop', reason: 0x1001 });
    expect(charger.driver.provides.connector_1.latest.mode).to.equal('Off');
    charger.unit.script.limits = { ...charger.unit.script.limits, maxCurrent: 10 };
    await charger.unit.writeLimits(1);
    await plugIn(charger);
    await charger.driver.advance(500);
    expect(requirement(charger)).to.equal(1);
    expect(charger.unit.last()).to.include({ voltage: 0, current: 0 });
    await setMode(charger, 'Export', 'PreCharge');
    await charger.until(() => requirement(charger) === 4, 500, 'precharge');
    expect(charger.unit.last()).to.include({ voltage: 0, current: 0 });
  });
});

describe('switching off', () => {
  it('is confirmed when the current has fallen', async () => {
    const charger = await startCharger({ meters: true });
    await exporting(charger, 'Charging');
    meter(charger, 400, 20);
    await charger.driver.settle();
    let off = false;
    const done = setMode(charger, 'Off', 'Charging').then(() => (off = true));
    await charger.until(() => charger.unit.last()?.kind === 'stop', 500, 'stop demanded');
    meter(charger, 390, 12);
    await charger.driver.advance(100);
    expect(off).to.equal(false);
    meter(charger, 100, 0.4);
    await charger.driver.finish(done, 5000);
  });

  it('is confirmed after the configured time in any case', async () => {
    const charger = await startCharger({ meters: true, config: { off_timeout_ms: 1500 } });
    await exporting(charger, 'Charging');
    meter(charger, 400, 20);
    await charger.driver.settle();
    const start = charger.driver.clock.monotonic();
    await setMode(charger, 'Off', 'Charging');
    expect(charger.driver.clock.monotonic() - start).to.be.within(1400, 20_000);
  });

  it('after a broken off cable check demands a stop without being told twice', async () => {
    const charger = await startCharger();
    await exporting(charger, 'CableCheck');
    await setMode(charger, 'Off', 'Other');
    await charger.until(() => requirement(charger) === 3, 500, 'no voltage at once');
    await charger.until(() => charger.unit.last()?.kind === 'stop', 6000, 'modules given back');
  });

  it('after a cable check keeps the modules for the precharge', async () => {
    const charger = await startCharger();
    await exporting(charger, 'CableCheck');
    await setMode(charger, 'Off', 'CableCheck');
    await charger.driver.advance(20_000);
    expect(requirement(charger)).to.equal(3);
    await setMode(charger, 'Export', 'PreCharge');
    await charger.until(() => requirement(charger) === 4, 500, 'precharge');
  });

  it('after a cable check gives the modules back when the vehicle stops', async () => {
    const charger = await startCharger();
    await exporting(charger, 'CableCheck');
    bsp(charger, 'C');
    await setMode(charger, 'Off', 'CableCheck');
    bsp(charger, 'B');
    await charger.until(() => charger.unit.last()?.kind === 'stop', 500, 'modules given back');
  });

  it('out of a cable check that an unplugged vehicle has ended keeps nothing for the next one', async () => {
    const charger = await startCharger();
    await exporting(charger, 'CableCheck');
    bsp(charger, 'A');
    await setMode(charger, 'Off', 'CableCheck');
    await plugIn(charger);
    await charger.until(() => requirement(charger) === 1, 2000, 'modules asked for');
    await charger.driver.advance(65_000);
    expect(requirement(charger), 'neither kept nor given back').to.equal(1);
  });

  it('happens when the module shuts down', async () => {
    const charger = await startCharger();
    await exporting(charger, 'Charging');
    await charger.driver.shutdown();
    expect(charger.unit.last()!.kind).to.equal('stop');
    expect(charger.unit.heard.at(-1)!.verified).to.equal(true);
    expect(charger.driver.pendingTimers).to.equal(0);
  });
});

describe('a second charge without unplugging', () => {
  it('gets a new key, also from a power unit that hands one out only when a car appears', async () => {
    const charger = await startCharger();
    await exporting(charger, 'Charging');
    await setMode(charger, 'Off', 'Charging');
    const { unit } = charger;
    unit.script.writeKeys = false;
    await charger.until(() => unit.statuses.get(1)?.at(-1) === 4, 1000, 'complete');
    await setMode(charger, 'Export', 'Charging');
    await charger.until(() => unit.statuses.get(1)?.at(-1) === 0, 12_000, 'shows no car for a moment');
    unit.script.writeKeys = true;
    await charger.until(() => requirement(charger) === 5, 10_000, 'charging again');
  });
});

describe('a connector that is not in use', () => {
  it('refuses commands and does no harm', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    const { connector_2 } = charger.driver.provides;
    for (const call of [
      connector_2.call.setMode({ mode: 'Off', phase: 'Other' }),
      connector_2.call.setExportVoltageCurrent({ voltage: 400, current: 1 }),
      connector_2.call.setImportVoltageCurrent({ voltage: 400, current: 1 }),
    ])
      await call.then(
        () => expect.fail('was not refused'),
        (error: unknown) => expect(String(error)).to.contain('connector_2 is not in use'),
      );
    expect(connector_2.errors.active).to.deep.equal([]);
    await plugIn(charger);
  });
});

describe('alarms of the board supports', () => {
  const alarm = (charger: Charger, register: (typeof dispenserRegisters)['epoAlarm']) =>
    charger.unit.reported(register);

  it('of the dispenser are set while any connector has them, and reported at once', async () => {
    const charger = await startCharger({ connectors: 2 });
    await untilReady(charger, 2);
    const [first, second] = charger.driver.requires.board_support;
    const cases = [
      ['evse_board_support/EnclosureOpen', dispenserRegisters.doorStatusAlarm],
      ['evse_board_support/WaterIngressDetected', dispenserRegisters.waterAlarm],
      ['evse_board_support/MREC8EmergencyStop', dispenserRegisters.epoAlarm],
      ['evse_board_support/TiltDetected', dispenserRegisters.tiltAlarm],
    ] as const;
    for (const [type, register] of cases) {
      first!.raise({ type, message: 'test' });
      await charger.until(() => alarm(charger, register) === 1, 500, `${type} reported`);
      second!.raise({ type, message: 'test' });
      await charger.driver.settle();
      first!.clear(type);
      await charger.driver.advance(1500);
      expect(alarm(charger, register), `${type} while the second one has it`).to.equal(1);
      second!.clear(type);
      await charger.until(() => alarm(charger, register) === 0, 500, `${type} gone`);
    }
  });

  it('of a contactor belong to its connector', async () => {
    const charger = await startCharger({ connectors: 2 });
    await untilReady(charger, 2);
    const fault = { type: 'evse_board_support/MREC17EVSEContactorFault', message: 'test' } as const;
    charger.driver.requires.board_support[1]!.raise(fault);
    await charger.until(() => charger.unit.reported(connectorRegisters.contactorFaultAlarm, 2) === 1, 500);
    expect(charger.unit.reported(connectorRegisters.contactorFaultAlarm, 1)).to.equal(0);
    charger.driver.requires.board_support[1]!.clear(fault.type);
    await charger.until(() => charger.unit.reported(connectorRegisters.contactorFaultAlarm, 2) === 0, 500);
  });

  it('that were there before the first connection are reported too, and survive a new one', async () => {
    const charger = await startCharger({ start: 'init' });
    charger.driver.requires.board_support[0]!.raise({
      type: 'evse_board_support/EnclosureOpen',
      message: 'test',
    });
    await charger.driver.ready();
    await charger.until(() => alarm(charger, dispenserRegisters.doorStatusAlarm) === 1, 5000, 'reported');
    charger.unit.connection!.destroy();
    await charger.until(() => charger.unit.connections === 2, 5000, 'reconnected');
    charger.unit.reports.length = 0;
    await charger.until(() => charger.unit.reports.length > 0, 3000, 'a report');
    expect(alarm(charger, dispenserRegisters.doorStatusAlarm)).to.equal(1);
  });

  for (const [type, reason] of [
    ['evse_board_support/MREC8EmergencyStop', 0x1004],
    ['evse_board_support/MREC2GroundFailure', 0x1003],
    ['evse_board_support/MREC17EVSEContactorFault', 0x1006],
    ['evse_board_support/MREC20PartialInsertion', 0x1002],
  ] as const)
    it(`give the reason of a stop: ${type}`, async () => {
      const charger = await startCharger();
      await exporting(charger, 'Charging');
      charger.driver.requires.board_support[0]!.raise({ type, message: 'test' });
      await charger.driver.settle();
      await setMode(charger, 'Off', 'Charging');
      await charger.until(() => charger.unit.last()?.kind === 'stop', 500, 'stopped');
      expect(charger.unit.last()).to.include({ reason });
    });
});

describe('the contactor', () => {
  it('is reported', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    bsp(charger, 'PowerOn');
    await charger.until(() => charger.unit.reported(connectorRegisters.contactorStatus) === 1, 1500);
    bsp(charger, 'PowerOff');
    await charger.until(() => charger.unit.reported(connectorRegisters.contactorStatus) === 0, 1500);
  });
});

describe('errors of the power unit', () => {
  it('appear on every connector and follow their value', async () => {
    const charger = await startCharger({ connectors: 2 });
    await untilReady(charger, 2);
    const { unit, driver } = charger;
    const ends = [driver.provides.connector_1, driver.provides.connector_2];
    const subType = 'AcDcRectifier/rectifier_3';
    const message = (value: string): string =>
      `Category: AcDcRectifier; Subcategory: rectifier_3; Flags: 0x${value}`;
    const shown = (text: string): boolean =>
      ends.every((end) =>
        end.errors.active.some((error) => error.sub_type === subType && error.message === text),
      );
    await unit.connection!.writeRegisters(0x4044, Buffer.from('00800100', 'hex'));
    await charger.until(() => shown(message('00800100')), 1000, 'raised');
    expect(ends[0]!.errors.active[0]).to.include({ type: WARNING, severity: 'Medium' });
    await unit.connection!.writeRegisters(0x4044, Buffer.from('00800101', 'hex'));
    await charger.until(() => shown(message('00800101')), 1000, 'changed');
    await unit.connection!.writeRegisters(0x4044, Buffer.alloc(4));
    await charger.until(() => ends.every((end) => end.errors.active.length === 0), 1000, 'cleared');
  });

  it('include a port that was taken out of service', async () => {
    const charger = await startCharger({ connectors: 2 });
    await untilReady(charger, 2);
    const { unit, driver } = charger;
    const { connector_1, connector_2 } = driver.provides;
    await unit.connection!.write(portRegisters.available, 0, 2);
    await charger.until(
      () => connector_2.errors.isActive('power_supply_DC/HardwareFault', 'port_not_available'),
      1000,
    );
    expect(connector_1.errors.active).to.deep.equal([]);
    await unit.connection!.write(portRegisters.available, 1, 2);
    await charger.until(() => connector_2.errors.active.length === 0, 1000, 'cleared');
  });
});

describe('measurements', () => {
  it('of the meter go to the interface and to the power unit', async () => {
    const charger = await startCharger({ meters: true });
    await untilReady(charger);
    meter(charger, 398.5, 12.25);
    await charger.driver.settle();
    expect(charger.driver.provides.connector_1.latest.voltage_current).to.deep.equal({
      voltage_V: 398.5,
      current_A: 12.25,
    });
    const { connection } = charger.unit;
    expect(await connection!.read(connectorRegisters.outputVoltage)).to.equal(398.5);
    expect(await connection!.read(connectorRegisters.outputCurrent)).to.equal(12.25);
    expect(await connection!.read(connectorRegisters.totalEnergy)).to.equal(12.345);
  });

  it('of the insulation monitor are the upstream voltage', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    charger.driver.requires.isolation_monitor[0]!.publish.isolation_measurement({
      resistance_F_Ohm: 1e6,
      voltage_V: 399.75,
    });
    await charger.driver.settle();
    expect(await charger.unit.connection!.read(connectorRegisters.upstreamVoltage)).to.equal(399.75);
  });

  it('of the over-voltage monitor are it where configured, and stand in for the meter during cable check', async () => {
    const charger = await startCharger({
      meters: true,
      overVoltageMonitors: true,
      config: { upstream_voltage_source: 'OVM', HACK_use_ovm_while_cable_check: true },
    });
    const ovm = charger.driver.requires.over_voltage_monitor[0]!;
    await exporting(charger, 'CableCheck');
    const { connector_1 } = charger.driver.provides;
    ovm.publish.voltage_measurement_V(480);
    await charger.driver.settle();
    expect(connector_1.latest.voltage_current).to.deep.equal({ voltage_V: 480, current_A: 0 });
    meter(charger, 3, 0);
    await charger.driver.settle();
    expect(connector_1.latest.voltage_current).to.deep.equal({ voltage_V: 480, current_A: 0 });
    expect(await charger.unit.connection!.read(connectorRegisters.outputVoltage)).to.equal(3);
    expect(await charger.unit.connection!.read(connectorRegisters.upstreamVoltage)).to.equal(480);
    await setMode(charger, 'Export', 'PreCharge');
    meter(charger, 390, 1);
    ovm.publish.voltage_measurement_V(481);
    await charger.driver.settle();
    expect(connector_1.latest.voltage_current).to.deep.equal({ voltage_V: 390, current_A: 1 });
  });

  it('are replaced by the set-point where configured', async () => {
    const charger = await startCharger({ config: { HACK_publish_requested_voltage_current: true } });
    await exporting(charger, 'Charging');
    const { connector_1 } = charger.driver.provides;
    await charger.until(() => connector_1.latest.voltage_current?.voltage_V === 400, 1500);
    expect(connector_1.latest.voltage_current).to.deep.equal({ voltage_V: 400, current_A: 20 });
    await setMode(charger, 'Off', 'Charging');
    await charger.until(() => connector_1.latest.voltage_current?.voltage_V === 0, 1500);
    const shown = (): number =>
      charger.driver.journal.entries.filter(
        (entry) => entry.kind === 'published' && entry.variable === 'voltage_current',
      ).length;
    const before = shown();
    const { clock } = charger.driver;
    const startMs = clock.monotonic();
    await charger.driver.advance(10_000);
    // On a busy machine both the time and what happens in it are stretched.
    const seconds = (clock.monotonic() - startMs) / 1000;
    expect(shown() - before, `publications in ${seconds} s`).to.be.within(1, seconds + 1);
  });
});

describe('telemetry', () => {
  interface Published {
    readonly topic: string;
    readonly payload: string;
  }
  const published = ({ driver }: Charger): Published[] =>
    driver.journal.entries.filter((entry) => entry.kind === 'mqtt-published') as unknown as Published[];
  const lastOf = (charger: Charger, topic: string): unknown => {
    const message = published(charger).findLast((entry) => entry.topic === topic);
    return message && (JSON.parse(message.payload) as unknown);
  };

  it('is off without a prefix', async () => {
    const charger = await startCharger();
    await untilReady(charger);
    expect(published(charger)).to.deep.equal([]);
  });

  it('shows what is known, in SI units, and nothing twice', async () => {
    const charger = await startCharger({ meters: true, config: { telemetry_topic_prefix: 'site/psu' } });
    const { unit, driver } = charger;
    await untilReady(charger);
    await driver.advance(100);
    expect(published(charger)[0]).to.deep.include({
      topic: 'site/psu/connector/5/dispenser_to_psu',
      payload:
        '{"bsp_event":null,"dc_output_contactor_fault_alarm":false,"everest_mode":null,"everest_phase":null,"export_current":null,"export_voltage":null,"output_current":null,"output_voltage":null,"upstream_voltage":null}',
    });
    expect(lastOf(charger, 'site/psu/connector/5')).to.deep.equal({
      max_rated_psu_current: 100,
      max_rated_psu_voltage: 1000,
      min_rated_psu_current: 1,
      min_rated_psu_voltage: 100,
      psu_port_available: 'AVAILABLE',
      rated_output_power_psu: 60_000,
    });
    expect(lastOf(charger, 'site/psu/psu')).to.include({
      psu_running_mode: 'RUNNING',
      ac_input_voltage_a: null,
    });
    expect(lastOf(charger, 'site/psu/dispenser/published_alarms')).to.deep.equal({
      door_status_alarm: false,
      epo_alarm: false,
      tilt_alarm: false,
      water_alarm: false,
    });
    const count = published(charger).length;
    await unit.announce();
    await driver.advance(2000);
    expect(published(charger), 'the same values again').to.have.lengthOf(count);
    await unit.connection!.write(portRegisters.ratedPower, 12.3);
    await charger.until(
      () =>
        JSON.stringify(lastOf(charger, 'site/psu/connector/5')).includes('"rated_output_power_psu":12300}'),
      500,
      'the rated power is published',
    );

    driver.requires.board_support[0]!.raise({
      type: 'evse_board_support/MREC17EVSEContactorFault',
      message: 'test',
    });
    driver.requires.board_support[0]!.raise({ type: 'evse_board_support/TiltDetected', message: 'test' });
    await plugIn(charger);
    meter(charger, 400, 5);
    await driver.provides.connector_1.call.setExportVoltageCurrent({ voltage: 400.5, current: 1000 });
    await setMode(charger, 'Export', 'PreCharge');
    await unit.connection!.writeRegisters(0x2013, Buffer.from('3ff8000000000000', 'hex'));
    await charger.until(
      () => JSON.stringify(lastOf(charger, 'site/psu/psu')).includes('"total_historic_input_energy":1500'),
      500,
      'the energy is published',
    );
    await driver.advance(100);
    expect(lastOf(charger, 'site/psu/connector/5/dispenser_to_psu')).to.deep.equal({
      bsp_event: 'B',
      dc_output_contactor_fault_alarm: true,
      everest_mode: 'Export',
      everest_phase: 'PreCharge',
      export_current: 80,
      export_voltage: 400.5,
      output_current: 5,
      output_voltage: 400,
      upstream_voltage: null,
    });
    expect(lastOf(charger, 'site/psu/dispenser/published_alarms')).to.include({ tilt_alarm: true });
  });
});
