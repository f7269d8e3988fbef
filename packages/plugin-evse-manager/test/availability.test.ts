// SPDX-License-Identifier: Apache-2.0
import { expect } from 'chai';
import { ChargerBench } from './support/charger-bench.js';
import { BEGIN, START } from './support/expectations.js';

type Source = 'Unspecified' | 'LocalAPI' | 'CSMS' | 'MobileApp';
type State = 'Enable' | 'Disable' | 'Unassigned';

async function set(
  bench: ChargerBench,
  state: State,
  options: { source?: Source; priority?: number; connector?: number } = {},
): Promise<boolean> {
  const { source = 'CSMS', priority = 5000, connector = 0 } = options;
  return await bench.run(
    bench.evse.enable_disable({
      connector_id: connector,
      cmd_source: { enable_source: source, enable_state: state, enable_priority: priority },
    }),
  );
}

const sourceOf = (bench: ChargerBench): unknown => bench.eventObjects().at(-1)?.source;

describe('enable and disable', () => {
  it('62: one source', async () => {
    await using bench = await ChargerBench.create();
    expect(await set(bench, 'Disable')).to.equal(false);
    expect(await set(bench, 'Enable')).to.equal(true);
    expect(await set(bench, 'Enable')).to.equal(true);
    expect(bench.events()).to.deep.equal(['Disabled', 'Enabled']);
  });

  it('62: the lower number wins, at equal numbers Disable does, Unassigned has no opinion', async () => {
    await using bench = await ChargerBench.create();
    expect(await set(bench, 'Enable', { source: 'LocalAPI', priority: 100 })).to.equal(true);
    expect(await set(bench, 'Disable'), 'CSMS is less important').to.equal(true);
    expect(await set(bench, 'Enable', { source: 'LocalAPI', priority: 5000 }), 'equal').to.equal(false);
    expect(sourceOf(bench)).to.deep.equal({
      enable_source: 'CSMS',
      enable_state: 'Disable',
      enable_priority: 5000,
    });
    expect(await set(bench, 'Unassigned'), 'only LocalAPI left').to.equal(true);
    expect(await set(bench, 'Unassigned', { source: 'LocalAPI' })).to.equal(true);
    expect(await set(bench, 'Disable', { source: 'Unspecified', priority: 10_000 })).to.equal(false);
    expect(await set(bench, 'Unassigned', { source: 'Unspecified', priority: 10_000 })).to.equal(true);
    expect(sourceOf(bench)).to.deep.equal({
      enable_source: 'Unspecified',
      enable_state: 'Unassigned',
      enable_priority: 10_000,
    });
  });

  it('63: disabled by the connector, enabled for the EVSE: an event, but still disabled', async () => {
    await using bench = await ChargerBench.create();
    await set(bench, 'Disable', { connector: 1 });
    expect(bench.eventObjects().at(-1)?.connector_id).to.equal(1);
    expect(await set(bench, 'Enable')).to.equal(true);
    expect(bench.events()).to.deep.equal(['Disabled', 'Enabled']);
    await bench.plug();
    await bench.advance(500);
    expect(bench.events()).to.deep.equal(['Disabled', 'Enabled']);
    expect(await set(bench, 'Enable', { connector: 1 })).to.equal(true);
    await bench.advance(500);
    expect(bench.events()).to.deep.equal(['Disabled', 'Enabled', ...START]);
  });

  it('63: disabled and enabled for the EVSE', async () => {
    await using bench = await ChargerBench.create();
    await set(bench, 'Disable');
    await set(bench, 'Enable');
    await bench.advance(100);
    await bench.plug();
    expect(bench.events()).to.deep.equal(['Disabled', 'Enabled', ...START]);
  });

  it('63: disabled twice stays disabled', async () => {
    await using bench = await ChargerBench.create();
    await set(bench, 'Disable');
    expect(await set(bench, 'Disable')).to.equal(false);
    await set(bench, 'Unassigned', { source: 'MobileApp' });
    await bench.advance(200);
    await bench.plug();
    await bench.advance(500);
    expect(bench.events()).to.deep.equal(['Disabled']);
    expect(bench.sent('bsp', 'enable').map((call) => call.args.value)).to.deep.equal([true, false]);
  });

  it('64: disabled while waiting', async () => {
    await using bench = await ChargerBench.create();
    await bench.plug();
    await bench.advance(1000);
    expect(await set(bench, 'Disable')).to.equal(false);
    expect(bench.events()).to.deep.equal([...START, 'SessionFinished', 'Disabled']);
  });

  it('64: disabled while charging', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    expect(await set(bench, 'Disable')).to.equal(false);
    expect(bench.events().at(-1)).to.equal('StoppingCharging');
    await bench.advance(2000);
    expect(bench.events()).to.deep.equal([
      ...START,
      ...BEGIN,
      'StoppingCharging',
      'ChargingFinished',
      'TransactionFinished(EVSEDisabled)',
      'SessionFinished',
      'Disabled',
    ]);
  });

  it('64: an enable while the session is torn down counts (defect 12)', async () => {
    await using bench = await ChargerBench.create();
    await bench.charge();
    await set(bench, 'Disable');
    await bench.advance(50);
    expect(await set(bench, 'Enable')).to.equal(true);
    await bench.advance(3000);
    expect(bench.events()).not.to.include('Disabled');
    expect(bench.events().at(-1)).not.to.equal('Disabled');
    await bench.unplug();
    bench.mark();
    await bench.charge();
    expect(bench.events()).to.deep.equal([...START, ...BEGIN]);
  });

  it('65: an authorisation is ignored while disabled', async () => {
    await using bench = await ChargerBench.create();
    await set(bench, 'Disable');
    await bench.authorise();
    await bench.advance(500);
    expect(bench.events()).to.deep.equal(['Disabled']);
  });

  it('a disable before the EVSE is ready counts', async () => {
    await using bench = await ChargerBench.create({ boot: false });
    await set(bench, 'Disable');
    await bench.advance(1000);
    expect(bench.eventObjects().map((event) => event.event)).to.deep.equal(['Disabled']);
    expect(bench.published('evse', 'ready')).to.deep.equal([true]);
    expect(bench.sent('bsp', 'enable').map((call) => call.args.value)).to.deep.equal([false]);
  });
});

describe('reservation', () => {
  const reserve = async (bench: ChargerBench, id: number): Promise<boolean> =>
    await bench.run(bench.evse.reserve({ reservation_id: id }));

  it('66: the reservation is told with the transaction', async () => {
    await using bench = await ChargerBench.create();
    expect(await reserve(bench, 3)).to.equal(true);
    expect(await reserve(bench, 4), 'another one').to.equal(false);
    expect(await reserve(bench, 3), 'the same').to.equal(true);
    await bench.charge();
    expect(bench.events()).to.deep.equal(['ReservationStart', ...START, ...BEGIN]);
    const started = bench.eventObjects().find((event) => event.event === 'TransactionStarted');
    expect(started?.transaction_started).to.have.property('reservation_id', 3);
    expect(bench.eventObjects()[1]?.timestamp, 'defect 10').to.match(/^2026-/);
    expect(await reserve(bench, 5), 'not idle').to.equal(false);
  });

  it('66: errors, a disable and a cancellation end a reservation', async () => {
    await using bench = await ChargerBench.create();
    await reserve(bench, 3);
    bench.raise('bsp', 'evse_board_support/MREC8EmergencyStop');
    await bench.advance(100);
    expect(await reserve(bench, 3), 'inoperative').to.equal(false);
    bench.clear('bsp', 'evse_board_support/MREC8EmergencyStop');
    await bench.advance(100);
    await reserve(bench, -1);
    await bench.run(bench.evse.cancel_reservation({}));
    await bench.run(bench.evse.cancel_reservation({}));
    await reserve(bench, 5);
    await set(bench, 'Disable');
    expect(await reserve(bench, 5), 'disabled').to.equal(false);
    expect(bench.events()).to.deep.equal([
      'ReservationStart',
      'ReservationEnd',
      'ReservationStart',
      'ReservationEnd',
      'ReservationStart',
      'Disabled',
      'ReservationEnd',
    ]);
  });

  it('66: a reservation without id can get one', async () => {
    await using bench = await ChargerBench.create();
    expect(await reserve(bench, -1)).to.equal(true);
    expect(await reserve(bench, 7)).to.equal(true);
    expect(await reserve(bench, -1)).to.equal(false);
    await bench.authorise();
    expect(bench.eventObjects().at(-2)?.session_started).to.have.property('reservation_id', 7);
  });

  it('a disable that is taken back is no reason for the end of the transaction', async () => {
    await using bench = await ChargerBench.create({ behaviour: { relayDelayMs: 1500 } });
    await bench.charge();
    await bench.advance(2000);
    const set = async (enable_state: 'Enable' | 'Disable'): Promise<boolean> =>
      await bench.run(
        bench.evse.enable_disable({
          connector_id: 1,
          cmd_source: { enable_source: 'CSMS', enable_state, enable_priority: 5000 },
        }),
      );
    await set('Disable');
    await bench.advance(100);
    await set('Enable');
    await bench.advance(10_000);
    await bench.unplug();
    expect(bench.events().slice(-2)).to.deep.equal([
      'TransactionFinished(EVDisconnected)',
      'SessionFinished',
    ]);
  });
});
