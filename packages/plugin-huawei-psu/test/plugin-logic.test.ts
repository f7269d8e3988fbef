// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { ERROR_REGISTERS, portRegisters, RegisterBank } from '@carabiner/fusioncharge';
import { HuaweiPsuConfigurationError } from '@carabiner/plugin-huawei-psu';
import { expect } from 'chai';
import fc from 'fast-check';
import { backOffMs } from '../dist/device/reconnect.js';
import { NO_LIMITS, withinLimits } from '../dist/device/set-point.js';
import { HuaweiPsuConfigSchema, HuaweiPsuImplementationConfigSchema } from '../dist/generated/HuaweiPsu.js';
import { capabilitiesOf, limitsComplete, outputLimits } from '../dist/plugin/capabilities.js';
import { CommunicationFault } from '../dist/plugin/communication-fault.js';
import { adjustedPhase, connectorPhaseOf } from '../dist/plugin/mode-mapping.js';
import { PowerUnitErrors } from '../dist/plugin/power-unit-errors.js';
import { connectorSettings } from '../dist/plugin/settings.js';
import { Telemetry } from '../dist/plugin/telemetry.js';

describe('mode and phase', () => {
  it('map as the power unit needs them', () => {
    expect(connectorPhaseOf({ mode: 'Off', phase: 'CableCheck' })).to.equal('OffCableCheck');
    for (const phase of ['Other', 'PreCharge', 'Charging'] as const)
      expect(connectorPhaseOf({ mode: 'Off', phase })).to.equal('Off');
    expect(connectorPhaseOf({ mode: 'Export', phase: 'CableCheck' })).to.equal('ExportCableCheck');
    expect(connectorPhaseOf({ mode: 'Export', phase: 'PreCharge' })).to.equal('ExportPrecharge');
    expect(connectorPhaseOf({ mode: 'Export', phase: 'Charging' })).to.equal('ExportCharging');
    for (const wanted of [
      { mode: 'Export', phase: 'Other' },
      { mode: 'Import', phase: 'Charging' },
      { mode: 'Fault', phase: 'Other' },
    ] as const)
      expect(connectorPhaseOf(wanted)).to.equal(undefined);
  });

  it('count switching off out of a cable check as part of it, once', () => {
    const off = { mode: 'Off', phase: 'Other' } as const;
    expect(adjustedPhase({ mode: 'Export', phase: 'CableCheck' }, off)).to.equal('CableCheck');
    expect(adjustedPhase({ mode: 'Off', phase: 'CableCheck' }, off)).to.equal('Other');
    expect(adjustedPhase({ mode: 'Export', phase: 'Charging' }, off)).to.equal('Other');
  });
});

describe('limits', () => {
  const settings = { globalNumber: 5, maxCurrent: 80, maxPower: 50_000 };
  const write = (bank: RegisterBank, register: typeof portRegisters.maxCurrent, value: number): void =>
    bank.write(register.address, register.type.encode(value));

  it('are the smaller ones of power unit and configuration, complete once all maxima are written', () => {
    const bank = new RegisterBank(1);
    write(bank, portRegisters.maxVoltage, 1000);
    write(bank, portRegisters.maxCurrent, 100);
    expect(limitsComplete(bank, 1)).to.equal(false);
    expect(outputLimits(bank, 1, settings)).to.include({ maxVoltage: 1000, maxCurrent: 80, maxPower: 0 });
    write(bank, portRegisters.ratedPower, 40);
    expect(limitsComplete(bank, 1)).to.equal(true);
    write(bank, portRegisters.minVoltage, 100);
    write(bank, portRegisters.minCurrent, Number.NaN);
    const limits = outputLimits(bank, 1, settings);
    expect(limits).to.deep.equal({
      minVoltage: 100,
      maxVoltage: 1000,
      minCurrent: 0,
      maxCurrent: 80,
      maxPower: 40_000,
    });
    expect(capabilitiesOf(limits, settings)).to.deep.equal({
      bidirectional: false,
      current_regulation_tolerance_A: 1,
      peak_current_ripple_A: 0.5,
      conversion_efficiency_import: Math.fround(0.85),
      conversion_efficiency_export: Math.fround(0.9),
      max_export_voltage_V: 1000,
      min_export_voltage_V: 100,
      max_export_current_A: 80,
      min_export_current_A: 0,
      max_export_power_W: 40_000,
      nominal_max_export_current_A: 80,
      nominal_max_export_power_W: 50_000,
      max_import_voltage_V: 0,
      min_import_voltage_V: 0,
      max_import_current_A: 0,
      min_import_current_A: 0,
      max_import_power_W: 0,
    });
  });

  it('bound every set-point', () => {
    const limits = { minVoltage: 100, maxVoltage: 1000, minCurrent: 1, maxCurrent: 80, maxPower: 50_000 };
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (voltage, current) => {
        const bounded = withinLimits({ voltage, current }, limits);
        expect(bounded.voltage).to.be.within(100, 1000);
        expect(bounded.current).to.be.within(1, 80);
      }),
    );
    expect(withinLimits({ voltage: 400, current: 10 }, NO_LIMITS)).to.deep.equal({ voltage: 0, current: 0 });
  });
});

describe('errors of the power unit', () => {
  it('are told in order: new ones, gone ones, changed ones cleared and raised again', () => {
    const bank = new RegisterBank(1);
    const errors = new PowerUnitErrors();
    const told: string[] = [];
    const update = (): string[] => {
      errors.update(bank, {
        raise: ({ subType, message }) => told.push(`+ ${subType}: ${message}`),
        clear: (_type, subType) => told.push(`- ${subType}`),
      });
      return told.splice(0);
    };
    const write = (subcategory: string, value: number): void => {
      const { register } = ERROR_REGISTERS.find((error) => error.subcategory === subcategory)!;
      bank.write(register.address, register.type.encode(value));
    };
    write('CoolingUnit1', 1);
    write('Epo', 1);
    const cooling = 'Category: CoolingSection; Subcategory: CoolingUnit1; Flags: 0x';
    expect(update()).to.deep.equal([
      '+ PowerUnit/Epo: Category: PowerUnit; Subcategory: Epo; AlarmState: ALARM',
      `+ CoolingSection/CoolingUnit1: ${cooling}00000001`,
    ]);
    expect(update()).to.deep.equal([]);
    write('CoolingUnit1', 0x12ab);
    write('Epo', 0);
    write('Smoke', 2);
    expect(update()).to.deep.equal([
      '+ PowerUnit/Smoke: Category: PowerUnit; Subcategory: Smoke; AlarmState: UNKNOWN',
      '- PowerUnit/Epo',
      '- CoolingSection/CoolingUnit1',
      `+ CoolingSection/CoolingUnit1: ${cooling}000012ab`,
    ]);
  });
});

describe('communication fault', () => {
  it('is cleared when what was wanted is in force again, a moment later', async () => {
    const clock = new VirtualClock();
    let settled = false;
    const told: boolean[] = [];
    const fault = new CommunicationFault(
      clock,
      () => settled,
      (raised) => told.push(raised),
    );
    fault.lost();
    fault.restored();
    await clock.advance(2000);
    expect(told).to.deep.equal([true]);
    settled = true;
    await clock.advance(99);
    expect(told).to.deep.equal([true]);
    await clock.advance(51);
    expect(told).to.deep.equal([true, false]);
    expect(clock.pending).to.equal(0);
  });

  it('is not kept for ever by a power unit that hands out no key', async () => {
    const clock = new VirtualClock();
    const told: boolean[] = [];
    const fault = new CommunicationFault(
      clock,
      () => false,
      (raised) => told.push(raised),
    );
    fault.lost();
    fault.restored();
    await clock.advance(20_000);
    expect(told).to.deep.equal([true, false]);
  });

  it('stays when the connection is lost again meanwhile', async () => {
    const clock = new VirtualClock();
    const told: boolean[] = [];
    const fault = new CommunicationFault(
      clock,
      () => true,
      (raised) => told.push(raised),
    );
    fault.restored();
    await clock.advance(60);
    fault.lost();
    await clock.advance(60_000);
    expect(told).to.deep.equal([true]);
  });
});

describe('configuration', () => {
  const config = (given: object = {}) => HuaweiPsuConfigSchema.parse(given);
  const implementations = (given: object = {}) =>
    HuaweiPsuImplementationConfigSchema.parse({
      connector_1: { global_connector_number: 5 },
      connector_2: {},
      connector_3: {},
      connector_4: {},
      ...given,
    });
  const counts = { board_support: 1, isolation_monitor: 1, carside_powermeter: 0, over_voltage_monitor: 0 };
  const problems = (of: () => unknown): readonly string[] => {
    try {
      of();
    } catch (error) {
      if (error instanceof HuaweiPsuConfigurationError) return error.problems;
      throw error;
    }
    return [];
  };

  it('gives the connectors in use', () => {
    expect(connectorSettings(config(), implementations(), counts)).to.deep.equal([
      { globalNumber: 5, maxCurrent: 0, maxPower: 0 },
    ]);
  });

  it('has every option of the reference with its default', () => {
    expect(config()).to.include({
      ethernet_interface: 'eth0',
      psu_ip: '192.168.11.1',
      psu_port: 502,
      tls_enabled: false,
      psu_ca_cert: '',
      client_cert: '',
      client_key: '',
      module_placeholder_allocation_timeout_s: 5,
      modbus_timeout_s: 60,
      esn: '0000000000000000',
      HACK_publish_requested_voltage_current: false,
      HACK_use_ovm_while_cable_check: false,
      send_secure_goose: true,
      allow_insecure_goose: false,
      verify_secure_goose: true,
      upstream_voltage_source: 'IMD',
      telemetry_topic_prefix: '',
      ethernet_link: 'packet',
      tls_server_name: '',
    });
    expect(implementations().connector_3).to.deep.equal({
      global_connector_number: -1,
      max_export_current_A: 0,
      max_export_power_W: 0,
    });
  });

  it('names everything that does not fit, at once', () => {
    const cases: [object, object, Partial<typeof counts>, RegExp[]][] = [
      [{}, {}, { board_support: 5 }, [/board_support has 5/, /isolation_monitor has 1/]],
      [{}, {}, { carside_powermeter: 2 }, [/carside_powermeter has 2/]],
      [{}, {}, { isolation_monitor: 0 }, [/isolation_monitor has 0/]],
      [{ upstream_voltage_source: 'OVM' }, {}, {}, [/over_voltage_monitor has 0/]],
      [{ HACK_use_ovm_while_cable_check: true }, {}, {}, [/over_voltage_monitor has 0/]],
      [{}, {}, { board_support: 2, isolation_monitor: 2 }, [/connector_2 is in use, so it needs/]],
      [
        {},
        { connector_2: { global_connector_number: 5 } },
        { board_support: 2, isolation_monitor: 2 },
        [/global_connector_number 5 is used twice/],
      ],
      [{ tls_enabled: true, client_key: 'x' }, {}, {}, [/psu_ca_cert is empty/, /client_cert is empty/]],
    ];
    for (const [module, provided, wired, expected] of cases) {
      const found = problems(() =>
        connectorSettings(config(module), implementations(provided), { ...counts, ...wired }),
      );
      expect(found, JSON.stringify([module, provided, wired])).to.have.lengthOf.at.least(expected.length);
      for (const pattern of expected)
        expect(
          found.some((problem) => pattern.test(problem)),
          String(pattern),
        ).to.equal(true);
    }
  });
});

describe('back-off', () => {
  it('doubles from 10 ms to 5 s', () => {
    expect([0, 1, 2, 8, 9, 50].map(backOffMs)).to.deep.equal([10, 20, 40, 2560, 5000, 5000]);
  });
});

describe('telemetry', () => {
  it('publishes a topic when it comes into being and when a value changes, in one message for a burst', async () => {
    const clock = new VirtualClock();
    const messages: [string, string][] = [];
    const telemetry = new Telemetry(clock, 'huawei', (topic, payload) => messages.push([topic, payload]));
    const topic = telemetry.topic('psu', { zebra: null, alpha: false });
    await clock.advance(9);
    expect(messages).to.deep.equal([]);
    await clock.advance(1);
    expect(messages.splice(0)).to.deep.equal([['huawei/psu', '{"alpha":false,"zebra":null}']]);
    topic.set({ zebra: 1 });
    topic.set({ zebra: 2, alpha: true });
    await clock.advance(10);
    expect(messages.splice(0)).to.deep.equal([['huawei/psu', '{"alpha":true,"zebra":2}']]);
    topic.set({ zebra: 2, alpha: true });
    await clock.advance(1000);
    expect(messages).to.deep.equal([]);
    expect(clock.pending).to.equal(0);
  });

  it('does nothing when it is off', async () => {
    const clock = new VirtualClock();
    new Telemetry(clock, '', undefined).topic('psu', { a: null }).set({ a: 1 });
    expect(clock.pending).to.equal(0);
  });
});
