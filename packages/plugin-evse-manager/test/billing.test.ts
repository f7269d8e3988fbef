// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { InvariantChecker } from './support/invariants.js';
import { ChargerBench } from './support/charger-bench.js';
import { BEGIN, END, START, TRANSACTION, inOrder } from './support/expectations.js';

const signed = (data: string): Record<string, string> => ({
  signed_meter_data: data,
  signing_method: '',
  encoding_method: 'OCMF',
});
const COMMUNICATION = 'powermeter/CommunicationFault';

function details(bench: ChargerBench, event: string, member: string): Record<string, unknown> {
  const found = bench.eventObjects().find((object) => object.event === event);
  return (found?.[member] ?? {}) as Record<string, unknown>;
}

async function stopped(bench: ChargerBench): Promise<void> {
  await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
  await bench.advance(2000);
}

describe('billing', () => {
  for (const [type, expected] of [
    ['Central', 'CENTRAL'],
    ['eMAID', 'EMAID'],
    ['ISO14443', 'ISO14443'],
    ['ISO15693', 'ISO15693'],
    ['KeyCode', 'KEY_CODE'],
    ['Local', 'LOCAL'],
    ['NoAuthorization', 'NONE'],
    ['MacAddress', 'UNDEFINED'],
  ] as const) {
    it(`55: start of the meter for a token of the type ${type}`, async () => {
      await using bench = await ChargerBench.create();
      await bench.plug();
      await bench.advance(1000);
      await bench.run(
        bench.evse.authorize_response({
          provided_token: { id_token: { value: 'VALUE', type }, authorization_type: 'RFID' },
          validation_result: {
            authorization_status: 'Accepted',
            tariff_messages: [{ content: '0.49 EUR/kWh', format: 'UTF8' }],
          },
        }),
      );
      await bench.advance(10);
      const uuid = bench.eventObjects()[1]?.uuid;
      expect(bench.sent('powermeter_car_side', 'start_transaction').map((call) => call.args)).to.deep.equal([
        {
          value: {
            evse_id: 'DE*TST*E1*1',
            transaction_id: uuid,
            identification_status: 'ASSIGNED',
            identification_flags: [],
            identification_type: expected,
            identification_data: 'VALUE',
            tariff_text: '0.49 EUR/kWh',
          },
        },
      ]);
    });
  }

  for (const status of ['UNEXPECTED_ERROR', 'NOT_SUPPORTED']) {
    it(`56: the meter answers ${status} to the start: no transaction`, async () => {
      await using bench = await ChargerBench.create({ behaviour: { meterStart: { status } } });
      await bench.plug();
      await bench.advance(1000);
      await bench.authorise();
      await bench.advance(5000);
      expect(bench.events()).to.deep.equal([...START, 'Authorized']);
      expect(bench.errors()).to.deep.equal(['PowermeterTransactionStartFailed', 'Inoperative']);
      expect(bench.sent('powermeter_car_side', 'start_transaction')).to.have.length(1);
      expect(bench.sent('hlc', 'authorization_response')).to.have.length(0);
      await bench.unplug();
      expect(bench.events().at(-1)).to.equal('SessionFinished');
      expect(bench.errors()).to.deep.equal([]);
    });

    it(`56: the same without fail_on_powermeter_errors: charging without a signed value`, async () => {
      await using bench = await ChargerBench.create({
        behaviour: { meterStart: { status } },
        config: { fail_on_powermeter_errors: false },
      });
      await bench.charge();
      expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
      expect(details(bench, 'TransactionStarted', 'transaction_started')).not.to.have.property(
        'signed_meter_value',
      );
    });
  }

  it('57: the start value of the start wins over that of the stop', async () => {
    await using bench = await ChargerBench.create({
      behaviour: {
        meterStart: { status: 'OK', signed_meter_value: signed('OCMF|START {"RV": 1.50}|x') },
        meterStop: {
          status: 'OK',
          signed_meter_value: signed('OCMF|STOP|x'),
          start_signed_meter_value: signed('OCMF|OTHER|x'),
        },
      },
    });
    await bench.charge();
    await stopped(bench);
    expect(details(bench, 'TransactionStarted', 'transaction_started').signed_meter_value).to.deep.equal(
      signed('OCMF|START {"RV": 1.50}|x'),
    );
    expect(details(bench, 'TransactionFinished', 'transaction_finished')).to.deep.include({
      start_signed_meter_value: signed('OCMF|START {"RV": 1.50}|x'),
      signed_meter_value: signed('OCMF|STOP|x'),
    });
  });

  it('57: a start value that comes with the stop only', async () => {
    await using bench = await ChargerBench.create({
      behaviour: {
        meterStop: { status: 'OK', signed_meter_value: signed('E'), start_signed_meter_value: signed('B') },
      },
    });
    await bench.charge();
    await stopped(bench);
    expect(details(bench, 'TransactionFinished', 'transaction_finished')).to.deep.include({
      start_signed_meter_value: signed('B'),
      signed_meter_value: signed('E'),
    });
  });

  it('58: the meter answers an error to the stop', async () => {
    await using bench = await ChargerBench.create({
      behaviour: {
        meterStart: { status: 'OK', signed_meter_value: signed('B') },
        meterStop: { status: 'UNEXPECTED_ERROR', error: 'gone' },
      },
    });
    await bench.charge();
    await stopped(bench);
    const finished = details(bench, 'TransactionFinished', 'transaction_finished');
    expect(finished).not.to.have.property('signed_meter_value');
    expect(finished.start_signed_meter_value).to.deep.equal(signed('B'));
    await bench.unplug();
    expect(bench.events().at(-1)).to.equal('SessionFinished');
  });

  it('59: the meter is lost while charging and comes back', async () => {
    await using bench = await ChargerBench.create({
      behaviour: { meterStop: { status: 'OK', signed_meter_value: signed('E') } },
    });
    await bench.charge();
    bench.raise('powermeter_car_side', COMMUNICATION);
    await bench.advance(2000);
    expect(bench.events().slice(-2)).to.deep.equal(['StoppingCharging', 'ChargingPausedEVSE(Error)']);
    bench.clear('powermeter_car_side', COMMUNICATION);
    await bench.advance(4500);
    expect(bench.events().slice(-2)).to.deep.equal(['PrepareCharging', 'ChargingStarted']);
    await stopped(bench);
    expect(details(bench, 'TransactionFinished', 'transaction_finished').signed_meter_value).to.deep.equal(
      signed('E'),
    );
  });

  it('59: charging goes on without fail_on_powermeter_errors', async () => {
    await using bench = await ChargerBench.create({ config: { fail_on_powermeter_errors: false } });
    await bench.charge();
    bench.raise('powermeter_car_side', COMMUNICATION);
    await bench.advance(2000);
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
  });

  it('60: recovery after a power failure', async () => {
    await using bench = await ChargerBench.create({
      boot: false,
      behaviour: { stored: 'open-id', meterStop: { status: 'OK', signed_meter_value: signed('E') } },
    });
    await bench.advance(1000);
    const events = bench.eventObjects();
    expect(events.map((event) => [event.event, event.uuid])).to.deep.equal([
      ['SessionResumed', 'open-id'],
      ['TransactionFinished', 'open-id'],
      ['Enabled', ''],
    ]);
    expect(events[1]?.transaction_finished).to.deep.include({
      reason: 'PowerLoss',
      signed_meter_value: signed('E'),
    });
    expect(
      bench.sent('powermeter_car_side', 'stop_transaction').map((call) => call.args.transaction_id),
    ).to.deep.equal(['open-id', '']);
    inOrder(
      bench.outputs(),
      'event SessionResumed',
      'powermeter_car_side.stop_transaction',
      'event TransactionFinished',
      'store.store',
      'powermeter_car_side.stop_transaction',
      'event Enabled',
      'evse:ready',
    );
    expect(bench.behaviour.stored).to.equal('');
  });

  for (const [title, options] of [
    ['an empty store', { behaviour: { stored: '' } }],
    ['no store', { without: ['store'] }],
  ] as const) {
    it(`60: boot with ${title}`, async () => {
      await using bench = await ChargerBench.create({ ...options, boot: false });
      await bench.advance(1000);
      expect(bench.eventObjects().map((event) => event.event)).to.deep.equal(['Enabled']);
      expect(
        bench.sent('powermeter_car_side', 'stop_transaction').map((call) => call.args.transaction_id),
      ).to.deep.equal(['']);
    });
  }

  it('61: the meter is stopped with relays open, the id is kept while the transaction is open', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    expect(bench.behaviour.stored).to.equal(bench.eventObjects()[1]?.uuid);
    await stopped(bench);
    const off = bench.harness.journal.entries.findLast(
      (entry) => entry.kind === 'peer-published' && JSON.stringify(entry.value) === '{"event":"PowerOff"}',
    );
    const stop = bench.sent('powermeter_car_side', 'stop_transaction').at(-1);
    expect(stop?.at).to.be.at.least(off?.at ?? Number.POSITIVE_INFINITY);
    expect(bench.behaviour.stored).to.equal('');
  });

  it('a store that is away at the start of the process does not lose the open transaction', async () => {
    await using bench = await ChargerBench.create({ boot: false, behaviour: { stored: 'open-id' } });
    let away = true;
    bench.harness.requires.store.answer({
      load: () => {
        if (away) throw new Error('away');
        return 'open-id';
      },
    });
    await bench.advance(5000);
    expect(bench.eventObjects()).to.deep.equal([]);
    away = false;
    await bench.advance(2000);
    expect(bench.eventObjects().map(({ event }) => event)).to.deep.equal([
      'SessionResumed',
      'TransactionFinished',
      'Enabled',
    ]);
  });

  it('a store that is away at the end of a transaction forgets it later', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    let away = true;
    let stored: unknown = 'open';
    bench.harness.requires.store.answer({
      store: ({ value }) => {
        if (away) throw new Error('away');
        stored = value;
      },
    });
    await stopped(bench);
    await bench.advance(5000);
    expect(stored).to.equal('open');
    away = false;
    await bench.advance(2000);
    expect(stored).to.equal('');
  });

  it('a transaction that cannot be stored is not begun', async () => {
    await using bench = await ChargerBench.create();
    bench.harness.requires.store.answer({
      store: () => {
        throw new Error('disk full');
      },
    });
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(500);
    expect(bench.events()).to.deep.equal([...START, 'Authorized']);
    expect(bench.errors()).to.include('PowermeterTransactionStartFailed');
    expect(bench.sent('powermeter_car_side', 'stop_transaction')).to.have.length(2);
  });

  it('unplugged while the meter starts: the meter is stopped again, nothing is announced', async () => {
    await using bench = await ChargerBench.create();
    bench.behaviour.meterDelayMs = 3000;
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(1000);
    await bench.unplug();
    expect(bench.events()).to.deep.equal([...START, 'Authorized']);
    await bench.advance(6000);
    expect(bench.events()).to.deep.equal([...START, 'Authorized', 'SessionFinished']);
    const id = bench.eventObjects().at(-1)?.uuid;
    expect(bench.sent('powermeter_car_side', 'stop_transaction').at(-1)?.args).to.deep.equal({
      transaction_id: id,
    });
  });

  it('relays and power supply do not wait for a meter that hangs', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    bench.behaviour.meterDelayMs = 60_000;
    await bench.unplug();
    expect(bench.relaysClosed).to.equal(false);
    expect(bench.supplyVoltage).to.equal(0);
    bench.setCp('B');
    await bench.advance(1000);
    expect(bench.events().at(-1)).to.equal('StoppingCharging');
    await bench.advance(61_000);
    expect(bench.events().slice(-5)).to.deep.equal([...END, ...START]);
  });

  it('a meter that is slow to start keeps the relays open', async () => {
    await using bench = await ChargerBench.create();
    bench.behaviour.meterDelayMs = 5000;
    await bench.plug();
    await bench.advance(1000);
    await bench.authorise();
    await bench.advance(4900);
    expect(bench.events()).to.deep.equal([...START, 'Authorized']);
    expect(bench.sent('hlc', 'authorization_response')).to.have.length(0);
    await bench.advance(200);
    expect(bench.events()).to.deep.equal([...START, ...TRANSACTION]);
    expect(bench.sent('hlc', 'authorization_response')).to.have.length(1);
  });

  it('another one is authorised while the meter starts: meter and events name the same person', async () => {
    for (const withdrawn of [true, false]) {
      await using bench = await ChargerBench.create();
      bench.behaviour.meterDelayMs = 2000;
      await bench.plug();
      await bench.advance(1000);
      await bench.authorise('AAA');
      await bench.advance(300);
      if (withdrawn) await bench.run(bench.evse.withdraw_authorization());
      await bench.authorise('BBB');
      await bench.advance(8000);
      const asked = bench
        .sent('powermeter_car_side')
        .slice(1)
        .map(({ command, args }) => [
          command,
          (args.value as { identification_data: string } | undefined)?.identification_data,
        ]);
      expect(asked).to.deep.equal([
        ['start_transaction', 'AAA'],
        ['stop_transaction', undefined],
        ['start_transaction', 'BBB'],
      ]);
      const started = bench.eventObjects().filter(({ event }) => event === 'TransactionStarted');
      expect(started).to.have.length(1);
      expect(started[0]).to.have.nested.property('transaction_started.id_tag.id_token.value', 'BBB');
      expect(new InvariantChecker().check(bench.harness.journal.entries)).to.deep.equal([]);
    }
  });

  for (const [peer, variable] of [
    ['slac', 'request_error_routine'],
    ['hlc', 'dlink_error'],
  ] as const)
    it(`${variable} while the meter starts does not lose the authorisation`, async () => {
      await using bench = await ChargerBench.create();
      bench.behaviour.meterDelayMs = 2000;
      await bench.plug();
      await bench.advance(1000);
      await bench.authorise();
      await bench.advance(300);
      bench.publish(peer, variable, null);
      await bench.advance(20_000);
      expect(bench.events()).to.include('ChargingStarted');
      expect(bench.events().filter((event) => event === 'TransactionStarted')).to.have.length(1);
      expect(bench.sent('powermeter_car_side', 'start_transaction')).to.have.length(1);
    });

  for (const answers of [true, false])
    it(`a shutdown while the meter stops (it ${answers ? 'answers' : 'fails'} then) leaves the transaction to the recovery, which tells it once`, async () => {
      await using bench = await ChargerBench.create();
      await bench.charge();
      bench.behaviour.meterDelayMs = 3000;
      if (!answers) bench.behaviour.meterStop = { status: 'UNEXPECTED_ERROR', error: 'gone' };
      await bench.run(bench.evse.stop_transaction({ request: { reason: 'Local' } }));
      await bench.advance(1000);
      expect(bench.events().at(-1)).to.equal('StoppingCharging');
      const id = bench.behaviour.stored;
      const ending = bench.harness.shutdown();
      await bench.advance(10_000);
      await ending;
      expect(bench.events().at(-1)).to.equal('StoppingCharging');
      expect(bench.behaviour.stored).to.equal(id).and.not.equal('');
    });

  it('who is authorised after the vehicle has left is not announced for a session that ends', async () => {
    await using bench = await ChargerBench.create();
    await bench.plug();
    await bench.advance(1000);
    bench.behaviour.meterDelayMs = 3000;
    await bench.authorise('AAA');
    await bench.advance(200);
    await bench.unplug();
    await bench.authorise('BBB');
    await bench.advance(5000);
    expect(bench.events().filter((event) => event === 'Authorized')).to.have.length(1);
    expect(bench.events().at(-1)).to.equal('SessionFinished');
  });
});
