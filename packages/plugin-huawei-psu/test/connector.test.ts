// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { expect } from 'chai';
import fc from 'fast-check';
import { Connector, KEY_TIMEOUT_MS } from '../dist/device/connector.js';

/** A connector whose actions are noted as short texts. */
function makeConnector() {
  const clock = new VirtualClock();
  const log: string[] = [];
  const connector = new Connector(
    { clock, allocationTimeoutMs: 5000 },
    {
      showStatus: (working, connection) => log.push(`status ${working}/${connection}`),
      chargingEvent: (event) => log.push(`event ${event}`),
      demand: (demand, { voltage, current }, atUnplug) =>
        log.push(`${demand} ${voltage}/${current}${atUnplug ? ' at unplug' : ''}`),
      allocationFailed: (failed) => log.push(`allocation ${failed ? 'failed' : 'fine'}`),
      keyMissing: (missing) => log.push(missing ? 'key missing' : 'key there'),
    },
  );
  /** What was done since the last call. */
  const taken = (): string[] => log.splice(0);
  return { clock, connector, taken };
}

/** Brings a connector to Running. */
function makeRunning() {
  const made = makeConnector();
  made.connector.connectionUp();
  made.connector.plug(true);
  made.connector.keyWritten(false);
  made.connector.reply(true);
  made.taken();
  return made;
}

describe('connector', () => {
  it('reports, shows and demands in each state', () => {
    const { connector, taken } = makeConnector();
    connector.connectionUp();
    expect(taken()).to.deep.equal(['status 0/0']);
    connector.plug(true);
    expect(taken()).to.deep.equal(['event 0', 'status 1/2', 'Stop 0/0']);
    connector.keyWritten(false);
    expect(taken()).to.deep.equal(['event 0', 'status 8/2', 'ModulePlaceholder 0/0']);
    connector.reply(true);
    expect(taken()).to.deep.equal(['event 1', 'status 8/2', 'ModulePlaceholder 0/0']);
    connector.setSetPoint({ voltage: 400, current: 10 });
    expect(taken()).to.deep.equal(['ModulePlaceholder 400/10']);
    connector.setPhase('ExportCharging');
    expect(taken()).to.deep.equal(['status 3/2', 'Charging 400/10']);
    connector.setPhase('Off');
    expect(taken()).to.deep.equal(['event 0', 'status 4/2', 'Stop 400/10']);
    connector.plug(false);
    expect(taken()).to.deep.equal(['event 0', 'status 0/0', 'Stop 0/0']);
  });

  it('goes on without modules when they are refused or nobody answers, and says so until the session ends', async () => {
    for (const refuse of [true, false]) {
      const { clock, connector, taken } = makeConnector();
      connector.connectionUp();
      connector.plug(true);
      connector.keyWritten(false);
      taken();
      if (refuse) connector.reply(false);
      else {
        await clock.advance(4999);
        expect(taken()).to.deep.equal([]);
        await clock.advance(1);
      }
      expect(taken().slice(0, 2)).to.deep.equal(['allocation failed', 'event 1']);
      connector.plug(false);
      expect(taken()).to.include('allocation fine');
    }
  });

  it('takes the first reply, however soon it comes, and ignores all others', async () => {
    const { clock, connector, taken } = makeRunning();
    connector.reply(false);
    connector.reply(true);
    await clock.advance(60_000);
    expect(taken()).to.deep.equal([]);
  });

  it('leaves no timer behind when the car goes while modules are asked for', async () => {
    const { clock, connector, taken } = makeConnector();
    connector.connectionUp();
    connector.plug(true);
    connector.keyWritten(false);
    connector.plug(false);
    taken();
    expect(clock.pending).to.equal(0);
    await clock.advance(10_000);
    expect(taken()).to.deep.equal([]);
  });

  it('demands nothing any more once it is closed, whatever still arrives', async () => {
    const { clock, connector, taken } = makeConnector();
    connector.connectionUp();
    connector.plug(true);
    connector.setSetPoint({ voltage: 400, current: 10 });
    connector.setPhase('ExportPrecharge');
    connector.keyWritten(false);
    taken();
    connector.close();
    connector.reply(true);
    connector.setSetPoint({ voltage: 500, current: 20 });
    connector.setPhase('ExportCharging');
    connector.keyWritten(true);
    connector.renew();
    connector.plug(false);
    await clock.advance(60_000);
    expect(taken()).to.deep.equal([]);
  });

  it('never carries phase or set-point into the next session', () => {
    const { connector, taken } = makeRunning();
    connector.setSetPoint({ voltage: 400, current: 10 });
    connector.setPhase('ExportCharging');
    connector.plug(false);
    expect(taken().at(-1)).to.equal('Stop 0/0 at unplug');
    connector.plug(true);
    connector.keyWritten(false);
    connector.reply(true);
    expect(taken().at(-1)).to.equal('ModulePlaceholder 0/0');
    connector.setPhase('ExportCharging');
    expect(taken().at(-1)).to.equal('Charging 0/0');
  });

  it('asks again for modules when the key came in pieces', async () => {
    const { clock, connector, taken } = makeConnector();
    connector.connectionUp();
    connector.plug(true);
    connector.keyWritten(false);
    await clock.advance(3000);
    taken();
    connector.keyWritten(true);
    expect(taken()).to.deep.equal(['ModulePlaceholder 0/0']);
    await clock.advance(4999);
    expect(taken(), 'the time for an answer begins anew').to.deep.equal([]);
    await clock.advance(1);
    expect(taken()).to.include('allocation failed');
  });

  it('shows no car for a moment when the power unit keeps it waiting for a key', async () => {
    const { clock, connector, taken } = makeConnector();
    connector.connectionUp();
    connector.plug(true);
    taken();
    await clock.advance(KEY_TIMEOUT_MS);
    expect(taken()).to.deep.equal(['key missing', 'status 0/2']);
    await clock.advance(1000);
    expect(taken()).to.deep.equal(['status 1/2']);
    connector.keyWritten(false);
    taken();
    connector.reply(true);
    await clock.advance(60_000);
    expect(clock.pending).to.equal(0);
  });

  it('asks for key and modules again on a new connection, with the phase that was wanted', () => {
    const { connector, taken } = makeRunning();
    connector.setSetPoint({ voltage: 400, current: 10 });
    connector.setPhase('ExportCharging');
    connector.connectionDown();
    taken();
    connector.connectionUp();
    expect(taken()).to.deep.equal(['event 0', 'status 1/2', 'Stop 400/10']);
    expect(connector.settled).to.equal(false);
    connector.keyWritten(false);
    connector.reply(true);
    expect(taken().at(-1)).to.equal('Charging 400/10');
    expect(connector.settled).to.equal(true);
  });

  it('starts the time for an answer again when the connection was lost meanwhile', async () => {
    const { clock, connector, taken } = makeConnector();
    connector.connectionUp();
    connector.plug(true);
    connector.keyWritten(false);
    connector.connectionDown();
    await clock.advance(20_000);
    connector.connectionUp();
    connector.keyWritten(false);
    taken();
    await clock.advance(5000);
    expect(taken()).to.include('allocation failed');
  });

  it('shows its state on a new connection in every state', () => {
    const { connector, taken } = makeRunning();
    connector.setPhase('ExportCharging');
    connector.setPhase('Off');
    connector.connectionDown();
    taken();
    connector.connectionUp();
    expect(taken()).to.deep.equal(['status 4/2']);
  });

  it('never fails, and always demands a stop without a car, whatever happens', async () => {
    const step = fc.constantFrom<(connector: Connector) => void>(
      (connector) => connector.plug(true),
      (connector) => connector.plug(false),
      (connector) => connector.keyWritten(false),
      (connector) => connector.keyWritten(true),
      (connector) => connector.reply(true),
      (connector) => connector.reply(false),
      (connector) => connector.connectionUp(),
      (connector) => connector.connectionDown(),
      (connector) => void connector.acquireKey(),
      (connector) => connector.setPhase('ExportCharging'),
      (connector) => connector.setPhase('OffCableCheck'),
      (connector) => connector.setPhase('Off'),
      (connector) => connector.setSetPoint({ voltage: 400, current: 10 }),
      (connector) => connector.renew(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(step, fc.constantFrom(0, 0, 100, 6000))), async (steps) => {
        const { clock, connector, taken } = makeConnector();
        for (const [act, pauseMs] of steps) {
          act(connector);
          if (pauseMs > 0) await clock.advance(pauseMs);
        }
        connector.plug(false);
        await clock.advance(30_000);
        taken();
        connector.renew();
        expect(taken().join()).to.match(/^Stop [\d/]+$/);
        connector.close();
        expect(clock.pending).to.equal(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('key acquisition', () => {
  it('pretends a car until there is a key, asks for modules, then stops what may be left over', async () => {
    const { clock, connector, taken } = makeConnector();
    connector.connectionUp();
    let over = false;
    void connector.acquireKey().then(() => (over = true));
    expect(taken().slice(1)).to.deep.equal(['event 0', 'status 1/2', 'Stop 0/0']);
    await clock.advance(2000);
    connector.keyWritten(false);
    connector.reply(true);
    expect(taken()).to.deep.equal(['event 0', 'status 8/2', 'ModulePlaceholder 0/0']);
    await clock.advance(100);
    expect(taken()).to.deep.equal(['event 0', 'status 0/0', 'Stop 0/0']);
    expect(over).to.equal(true);
    expect(clock.pending).to.equal(0);
  });

  it('gives up after ten seconds', async () => {
    const { clock, connector, taken } = makeConnector();
    connector.connectionUp();
    void connector.acquireKey();
    taken();
    await clock.advance(KEY_TIMEOUT_MS);
    expect(taken()).to.deep.equal(['event 0', 'status 0/0', 'Stop 0/0', 'key missing']);
    expect(connector.settled).to.equal(true);
  });

  it('keeps a car that comes meanwhile, with the key it has got', async () => {
    const { clock, connector, taken } = makeConnector();
    connector.connectionUp();
    void connector.acquireKey();
    connector.plug(true);
    connector.setSetPoint({ voltage: 500, current: 2 });
    connector.setPhase('ExportCableCheck');
    taken();
    connector.keyWritten(false);
    await clock.advance(100);
    expect(taken()).to.deep.equal([
      'event 0',
      'status 8/2',
      'ModulePlaceholder 500/2',
      'Stop 0/0',
      'ModulePlaceholder 500/2',
      'status 8/2',
      'ModulePlaceholder 500/2',
    ]);
    connector.reply(true);
    expect(taken().at(-1)).to.equal('InsulationDetectionOutput 500/2');
  });

  it('stops what may be left over before it goes on with a car that was there from the start', () => {
    const { connector, taken } = makeConnector();
    connector.plug(true);
    connector.connectionUp();
    void connector.acquireKey();
    taken();
    connector.keyWritten(false);
    expect(taken()).to.deep.equal(['Stop 0/0', 'event 0', 'status 8/2', 'ModulePlaceholder 0/0']);
    connector.reply(true);
    expect(connector.situation.state).to.equal('Running');
  });

  it('ends with the connection', async () => {
    const { clock, connector } = makeConnector();
    connector.connectionUp();
    const acquired = connector.acquireKey();
    connector.connectionDown();
    await acquired;
    expect(connector.situation.state).to.equal('CarDisconnected');
    expect(clock.pending).to.equal(0);
  });
});
