// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';
import { InvariantChecker } from './support/invariants.js';
import { BEGIN, END, START, TRANSACTION, permissions, since, supplyModes } from './support/expectations.js';

const TOKEN = { id_token: { value: 'STOP', type: 'ISO14443' }, authorization_type: 'RFID' } as const;

describe('stops and withdrawals', () => {
  it('13: stop_transaction(Local) while charging', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    expect(
      await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local', id_tag: TOKEN } })),
    ).to.equal(true);
    await bench.advance(5000);
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingFinished',
      'TransactionFinished(Local)',
    ]);
    const finished = bench.eventObjects().at(-1)?.transaction_finished;
    expect(finished).to.have.property('id_tag').that.deep.equals(TOKEN);
    await bench.unplug();
    expect(bench.events().at(-1)).to.equal('SessionFinished');
  });

  for (const [reason, error] of [
    ['Remote', undefined],
    ['DeAuthorized', undefined],
    ['Other', undefined],
    ['EmergencyStop', 'Error_EmergencyShutdown'],
    ['PowerLoss', 'Error_UtilityInterruptEvent'],
  ] as const) {
    it(`14: stop_transaction(${reason})`, async () => {
      await using bench = await ChargerBench.create();
      await bench.charge();
      await bench.run(bench.evse.stop_transaction({ request: { reason } }));
      await bench.advance(2000);
      expect(bench.events()).to.include(`TransactionFinished(${reason})`);
      const errors = bench.sent('hlc', 'send_error').map((call) => call.args.error);
      expect(errors).to.deep.equal(error === undefined ? [] : [error]);
    });
  }

  it('15: stop_transaction without a transaction', async () => {
    await using bench = await ChargerBench.create();
    const stop = async (): Promise<boolean> =>
      await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
    expect(await stop(), 'idle').to.equal(false);
    await bench.plug();
    await bench.advance(1000);
    expect(await stop(), 'waiting').to.equal(false);
    await bench.authorise();
    await bench.advance(4500);
    expect(await stop(), 'charging').to.equal(true);
    await bench.advance(2000);
    expect(await stop(), 'finished').to.equal(false);
    expect(bench.events().filter((event) => event.startsWith('TransactionFinished'))).to.have.length(1);
  });

  for (const first of [true, false]) {
    it(`16: stop during the cable check, ${first ? 'first session after the boot' : 'later session'}`, async () => {
      await using bench = await ChargerBench.create({
        config: { cable_check_wait_number_of_imd_measurements: 10 },
      });
      if (!first) {
        await bench.plug();
        await bench.unplug();
        bench.mark();
      }
      await bench.plug();
      await bench.advance(1000);
      await bench.authorise();
      await bench.advance(2600);
      await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
      await bench.advance(3000);
      expect(bench.events()).to.deep.equal([
        ...START,
        ...TRANSACTION,
        'StoppingCharging',
        'ChargingFinished',
        'TransactionFinished(Local)',
      ]);
      expect(bench.errors()).to.deep.equal([]);
      expect(bench.harness.journal.entries.some((entry) => entry.kind === 'raised')).to.equal(false);
      expect(bench.sent('hlc', 'cable_check_finished').map((call) => call.args.status)).to.deep.equal([
        false,
      ]);
      await bench.unplug();
      expect(bench.events().at(-1)).to.equal('SessionFinished');
    });
  }

  it('17: an authorisation after the stop is ignored', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.run(bench.evse.stop_transaction({ request: { reason: 'Remote' } }));
    await bench.authorise('LATE');
    await bench.advance(2000);
    await bench.authorise('LATER');
    await bench.advance(1000);
    expect(bench.events().filter((event) => event === 'Authorized')).to.have.length(1);
    expect(bench.events().at(-1)).to.equal('TransactionFinished(Remote)');
  });

  it('18: stop while paused by the EV', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.vehicle.stops();
    await bench.advance(1000);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEV');
    await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
    await bench.advance(500);
    expect(bench.events().slice(-3)).to.deep.equal([
      'StoppingCharging',
      'ChargingFinished',
      'TransactionFinished(Local)',
    ]);
  });

  it('18: stop while paused by the EVSE', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.run(bench.evse.pause_charging());
    await bench.advance(1500);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEVSE(UserPause)');
    await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
    await bench.advance(500);
    expect(bench.events().slice(-3)).to.deep.equal([
      'StoppingCharging',
      'ChargingFinished',
      'TransactionFinished(Local)',
    ]);
  });

  it('19: the EV ignores the stop: power off after 20 s, the transaction ends when the relays are open', async () => {
    await using bench = await ChargerBench.create({ behaviour: { obeysStop: false, relays: 'stuck' } });
    await bench.charge();
    await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
    const stopped = bench.now;
    await bench.advance(19_900);
    expect(supplyModes(bench).at(-1)).to.equal('Export Charging');
    await bench.advance(400);
    expect(supplyModes(bench).at(-1)).to.equal('Off Charging');
    expect(permissions(bench).at(-1)).to.equal(false);
    expect(bench.events().at(-1)).to.equal('StoppingCharging');
    await bench.advance(1000);
    expect(since(bench.sent('bsp', 'allow_power_on'), stopped + 20_000).length).to.be.greaterThan(5);
    bench.forceRelays(false);
    await bench.advance(100);
    expect(bench.events().slice(-2)).to.deep.equal(['ChargingFinished', 'TransactionFinished(Local)']);
  });

  it('the meter is stopped when the relays are open, also where a broken link and a fault come together', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    const before = bench.sent('powermeter_car_side', 'stop_transaction').length;
    bench.publish('hlc', 'dlink_error', null);
    bench.raise('bsp', 'evse_board_support/MREC8EmergencyStop', 'High');
    await bench.advance(10);
    expect(bench.relaysClosed).to.equal(true);
    expect(bench.sent('powermeter_car_side', 'stop_transaction')).to.have.length(before);
    await bench.advance(200);
    expect(bench.relaysClosed).to.equal(false);
    expect(bench.events().slice(-2)).to.deep.equal([
      'ChargingFinished',
      'TransactionFinished(EVDisconnected)',
    ]);
    expect(new InvariantChecker().check(bench.harness.journal.entries)).to.deep.equal([]);
  });

  it('relays that stay closed there are a contactor fault, and the meter goes on counting', async () => {
    await using bench = await ChargerBench.create({ behaviour: { relays: 'stuck' } });
    await bench.charge();
    bench.publish('hlc', 'dlink_error', null);
    bench.raise('bsp', 'evse_board_support/MREC8EmergencyStop', 'High');
    await bench.advance(1900);
    expect(bench.errors()).to.not.include('Internal/ContactorFault');
    await bench.advance(300);
    expect(bench.errors()).to.include('Internal/ContactorFault');
    expect(bench.events().at(-1)).to.equal('AuthRequired');
    bench.forceRelays(false);
    await bench.advance(100);
    expect(bench.events().slice(-2)).to.deep.equal([
      'ChargingFinished',
      'TransactionFinished(EVDisconnected)',
    ]);
  });

  it('20: unplug while charging', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await bench.unplug();
    expect(bench.events()).to.deep.equal([...START, ...BEGIN, 'StoppingCharging', ...END]);
  });

  it('20: unplug through B, relays open before', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.setCp('B');
    await bench.advance(300);
    await bench.unplug();
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingPausedEV',
      'StoppingCharging',
      ...END,
    ]);
  });

  it('21: unplug while waiting', async () => {
    await using bench = await ChargerBench.create();
    await bench.plug();
    await bench.advance(1000);
    const before = bench.sent('powermeter_car_side').length;
    await bench.unplug();
    expect(bench.events()).to.deep.equal([...START, 'SessionFinished']);
    expect(bench.sent('powermeter_car_side')).to.have.length(before);
  });

  it('22: withdrawal, authorised, no EV', async () => {
    await using bench = await ChargerBench.create();
    await bench.authorise();
    await bench.run(bench.evse.withdraw_authorization());
    await bench.advance(500);
    expect(bench.events()).to.deep.equal([
      'SessionStarted(Authorized)',
      'Authorized',
      'Deauthorized',
      'SessionFinished',
    ]);
  });

  it('23: withdrawal, plugged in, not authorised', async () => {
    await using bench = await ChargerBench.create();
    await bench.plug();
    await bench.advance(1000);
    await bench.run(bench.evse.withdraw_authorization());
    await bench.advance(500);
    expect(bench.events()).to.deep.equal([...START, 'Deauthorized', 'PluginTimeout']);
    expect(bench.sent('hlc', 'authorization_response').at(-1)?.args).to.deep.equal({
      authorization_status: 'Unknown',
      certificate_status: 'NoCertificateAvailable',
    });
    await bench.unplug();
    expect(bench.events().at(-1)).to.equal('SessionFinished');
  });

  it('23: the same with MREC9', async () => {
    await using bench = await ChargerBench.create({ config: { raise_mrec9: true } });
    await bench.plug();
    await bench.advance(1000);
    await bench.run(bench.evse.withdraw_authorization());
    expect(bench.errors()).to.have.members(['MREC9AuthorizationTimeout', 'Inoperative']);
    await bench.unplug();
    expect(bench.errors()).to.deep.equal([]);
  });

  it('24: a stop request of board support', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.publish('bsp', 'request_stop_transaction', { reason: 'Local' });
    await bench.advance(2000);
    expect(bench.events().slice(-3)).to.deep.equal([
      'StoppingCharging',
      'ChargingFinished',
      'TransactionFinished(Local)',
    ]);
  });

  it('25: force_unlock without a lock', async () => {
    await using bench = await ChargerBench.create({ without: ['connector_lock'] });
    expect(await bench.run(bench.evse.force_unlock({ connector_id: 1 }))).to.equal(false);
  });

  it('25: force_unlock while charging', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    expect(await bench.run(bench.evse.force_unlock({ connector_id: 1 }))).to.equal(true);
    expect(bench.sent('connector_lock', 'unlock')).to.have.length(0);
    await bench.advance(2000);
    expect(bench.events()).to.include('TransactionFinished(UnlockCommand)');
    expect(bench.sent('connector_lock', 'unlock')).to.have.length(1);
    expect(bench.relaysClosed).to.equal(false);
  });

  it('a broken link while an error takes power away keeps the transaction', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { relayDelayMs: 1500, linkEnd: 'dlink_error' },
    });
    await bench.charge();
    await bench.advance(2000);
    bench.raise('bsp', 'evse_board_support/MREC4OverCurrentFailure');
    await bench.advance(300);
    bench.publish('hlc', 'dlink_error', null);
    await bench.advance(3000);
    expect(bench.events().at(-1)).to.equal('ChargingPausedEVSE(Error)');
    bench.clear('bsp', 'evse_board_support/MREC4OverCurrentFailure');
    await bench.advance(10_000);
    expect(bench.events().at(-1)).to.equal('ChargingStarted');
    expect(bench.events().filter((event) => event === 'TransactionStarted')).to.have.length(1);
  });
});
