// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';
import { BEGIN, END, inOrder, START, supplyModes } from './support/expectations.js';

describe('basic sessions', () => {
  it('1: DC, plug first, EV stops, unplug', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.vehicle.stops();
    await bench.advance(1000);
    await bench.unplug();
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingPausedEV',
      'StoppingCharging',
      ...END,
    ]);
    const events = bench.eventObjects().slice(1);
    expect(new Set(events.map((event) => event.uuid)).size).to.equal(1);
    const started = events.find((event) => event.event === 'TransactionStarted');
    expect(started?.transaction_started).to.have.nested.property('id_tag.id_token.value', 'TOKEN1');
  });

  it('2: order of the calls to the devices', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.vehicle.stops();
    await bench.advance(1000);
    await bench.unplug();
    const outputs = bench.outputs();
    inOrder(
      outputs,
      'slac.enter_bcd',
      'hlc.reset_error',
      'hlc.ac_contactor_closed',
      'hlc.stop_charging',
      'bsp.pwm_on',
    );
    inOrder(
      outputs,
      'powermeter_car_side.start_transaction',
      'store.store',
      'event TransactionStarted',
      'powersupply_DC.setExportVoltageCurrent',
      'powersupply_DC.setMode',
      'imd.start_self_test',
      'imd.start',
      'hlc.update_isolation_status',
      'powersupply_DC.setMode',
      'hlc.cable_check_finished',
      'powersupply_DC.setExportVoltageCurrent',
      'powersupply_DC.setMode',
      'over_voltage_monitor.start',
    );
    const [setFirst] = bench.sent('powersupply_DC', 'setExportVoltageCurrent');
    expect(setFirst?.args).to.deep.equal({ voltage: 500, current: 2 });
    const plugged = bench.sent('connector_lock', 'lock')[0]?.at ?? 0;
    const five = bench.sent('bsp', 'pwm_on')[0];
    expect(five).to.deep.include({ args: { value: 5 }, at: plugged + 500 });
    const permission = bench
      .sent('bsp', 'allow_power_on')
      .find((call) => JSON.stringify(call.args).includes('true'));
    expect(permission?.args).to.deep.equal({ value: { allow_power_on: true, reason: 'DCCableCheck' } });
    expect(supplyModes(bench)).to.deep.equal([
      'Export CableCheck',
      'Off CableCheck',
      'Export PreCharge',
      'Export Charging',
      'Off Charging',
    ]);
    const off = bench.sent('powersupply_DC', 'setMode').at(-1)?.at ?? 0;
    const withdrawn = bench
      .sent('bsp', 'allow_power_on')
      .find((call) => call.at > (permission?.at ?? 0) && JSON.stringify(call.args).includes('false'));
    expect(withdrawn?.at).to.be.greaterThanOrEqual(off);
    inOrder(
      outputs.slice(outputs.indexOf('event ChargingPausedEV')),
      'powermeter_car_side.stop_transaction',
      'event ChargingFinished',
      'event TransactionFinished',
      'store.store',
    );
  });

  it('3: AC without high level communication', async () => {
    await using bench = await ChargerBench.create({ mode: 'AC' });
    await bench.charge();
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
    expect(bench.sent('bsp', 'pwm_on')[0]?.args.value).to.be.closeTo(26.7, 0.05);
    expect(bench.sent('bsp', 'allow_power_on').at(-1)?.args).to.deep.equal({
      value: { allow_power_on: true, reason: 'FullPowerCharging' },
    });
  });

  it('4: authorisation first', async () => {
    await using bench = await ChargerBench.create();
    await bench.authorise();
    await bench.plug();
    await bench.advance(5000);
    expect(bench.events()).to.deep.equal([
      'SessionStarted(Authorized)',
      'Authorized',
      'AuthRequired',
      'TransactionStarted',
      'PrepareCharging',
      'ChargingStarted',
    ]);
    expect(bench.eventObjects()[1]?.session_started).to.have.nested.property(
      'id_tag.id_token.value',
      'TOKEN1',
    );
  });

  it('5: free service', async () => {
    await using bench = await ChargerBench.create({ config: { disable_authentication: true } });
    await bench.plug();
    await bench.advance(6000);
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
    const started = bench.eventObjects().find((event) => event.event === 'TransactionStarted');
    expect(started?.transaction_started).to.have.nested.property('id_tag.id_token').that.deep.equals({
      value: 'FREESERVICE',
      type: 'Local',
    });
  });

  it('6: plug and charge', async () => {
    await using bench = await ChargerBench.create({
      config: { payment_enable_contract: true },
      behaviour: { contract: true },
    });
    await bench.plug();
    await bench.advance(1500);
    expect(bench.published('token_provider', 'provided_token')).to.deep.equal([
      {
        id_token: { value: 'DEEMA123456789', type: 'eMAID' },
        authorization_type: 'PlugAndCharge',
        connectors: [1],
      },
    ]);
    await bench.authorise('DEEMA123456789', { type: 'eMAID', authorization: 'PlugAndCharge' });
    await bench.advance(100);
    expect(bench.sent('hlc', 'authorization_response').at(-1)?.args).to.deep.equal({
      authorization_status: 'Accepted',
      certificate_status: 'Accepted',
    });
    const started = bench.eventObjects().find((event) => event.event === 'TransactionStarted');
    expect(started?.transaction_started).to.have.nested.property(
      'id_tag.authorization_type',
      'PlugAndCharge',
    );
  });

  it('7: plug and charge rejected', async () => {
    await using bench = await ChargerBench.create({
      config: { payment_enable_contract: true },
      behaviour: { contract: true },
    });
    await bench.plug();
    await bench.advance(1500);
    await bench.run(
      bench.evse.authorize_response({
        provided_token: { id_token: { value: 'X', type: 'eMAID' }, authorization_type: 'PlugAndCharge' },
        validation_result: {
          authorization_status: 'Invalid',
          certificate_status: 'CertificateExpired',
          tariff_messages: [],
        },
      }),
    );
    expect(bench.sent('hlc', 'authorization_response').at(-1)?.args).to.deep.equal({
      authorization_status: 'Invalid',
      certificate_status: 'CertificateExpired',
    });
    expect(bench.events()).to.deep.equal(START);
  });

  it('8: external identification is ignored while a contract is asked for', async () => {
    await using bench = await ChargerBench.create({
      config: { payment_enable_contract: true },
      behaviour: { contract: true },
    });
    await bench.plug();
    await bench.advance(1500);
    await bench.authorise();
    await bench.advance(500);
    expect(bench.events()).to.deep.equal(START);
  });

  it('9: Autocharge', async () => {
    await using bench = await ChargerBench.create({ config: { enable_autocharge: true } });
    await bench.plug();
    await bench.advance(1500);
    expect(bench.published('token_provider', 'provided_token')).to.deep.equal([
      {
        id_token: { value: 'VID:AABBCCDDEEFF', type: 'MacAddress' },
        authorization_type: 'Autocharge',
        connectors: [1],
      },
    ]);
  });

  it('10: payment options', async () => {
    await using bench = await ChargerBench.create({
      config: { payment_enable_contract: true, central_contract_validation_allowed: true },
    });
    await bench.authorise();
    await bench.plug();
    await bench.advance(700);
    await bench.unplug();
    const offers = bench.sent('hlc', 'session_setup').map((call) => call.args);
    expect(offers).to.deep.equal([
      {
        payment_options: ['ExternalPayment', 'Contract'],
        supported_certificate_service: true,
        central_contract_validation_allowed: true,
      },
      {
        payment_options: ['ExternalPayment'],
        supported_certificate_service: false,
        central_contract_validation_allowed: false,
      },
      {
        payment_options: ['ExternalPayment'],
        supported_certificate_service: false,
        central_contract_validation_allowed: true,
      },
      offers[0],
    ]);
  });

  for (const [type, length] of [
    ['UUID', 36],
    ['UUID_BASE64', 22],
    ['SHORT_BASE64', 16],
  ] as const) {
    it(`11: session ids of the type ${type}`, async () => {
      await using bench = await ChargerBench.create({ config: { session_id_type: type } });
      await bench.plug();
      await bench.unplug();
      await bench.plug();
      await bench.unplug();
      const ids = new Set(
        bench
          .eventObjects()
          .slice(1)
          .map((event) => event.uuid as string),
      );
      expect([...ids].map((id) => id.length)).to.deep.equal([length, length]);
    });
  }

  it('12: a second session has its own id, the vehicle is forgotten', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.unplug();
    bench.mark();
    await bench.charge();
    await bench.unplug();
    expect(bench.events()).to.deep.equal([...START, ...BEGIN, 'StoppingCharging', ...END]);
    const ids = new Set(
      bench
        .eventObjects()
        .slice(1)
        .map((event) => event.uuid),
    );
    expect(ids.size).to.equal(2);
    const empty = bench
      .published('evse', 'ev_info')
      .filter((info) => Object.keys(info as object).length === 0);
    expect(empty.length).to.equal(4);
  });
});
