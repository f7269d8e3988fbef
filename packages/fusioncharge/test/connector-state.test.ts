// SPDX-License-Identifier: Apache-2.0
import {
  afterEvent,
  afterPhase,
  chargingEventOf,
  connectionStatusOf,
  demandOf,
  INITIAL_SITUATION,
  workingStatusOf,
  type ConnectorEvent,
  type ConnectorPhase,
  type ConnectorSituation,
} from '@carabiner/fusioncharge';
import { expect } from 'chai';
import fc from 'fast-check';

const PHASES: readonly ConnectorPhase[] = [
  'Off',
  'ExportCableCheck',
  'OffCableCheck',
  'ExportPrecharge',
  'ExportCharging',
];
const EVENTS: readonly ConnectorEvent[] = [
  'carConnected',
  'carDisconnected',
  'keyWritten',
  'allocationEnded',
  'reconnected',
];

type Step = ConnectorEvent | ConnectorPhase;

function run(steps: readonly Step[], from: ConnectorSituation = INITIAL_SITUATION): ConnectorSituation {
  return steps.reduce(
    (now, step) =>
      (EVENTS as readonly string[]).includes(step)
        ? afterEvent(now, step as ConnectorEvent)
        : afterPhase(now, step as ConnectorPhase),
    from,
  );
}

describe('connector state', () => {
  it('goes through a charge', () => {
    const steps: readonly [Step, string, number, string][] = [
      ['carConnected', 'NoKeyYet', 1, 'Stop'],
      ['keyWritten', 'ConnectedNoAllocation', 8, 'ModulePlaceholder'],
      ['allocationEnded', 'Running', 8, 'ModulePlaceholder'],
      ['ExportCableCheck', 'Running', 8, 'InsulationDetectionOutput'],
      ['OffCableCheck', 'Running', 8, 'InsulationDetectionStop'],
      ['ExportPrecharge', 'Running', 8, 'Precharge'],
      ['ExportCharging', 'Running', 3, 'Charging'],
      ['Off', 'Completed', 4, 'Stop'],
      ['carDisconnected', 'CarDisconnected', 0, 'Stop'],
    ];
    let now = INITIAL_SITUATION;
    for (const [step, state, status, demand] of steps) {
      now = run([step], now);
      expect([now.state, workingStatusOf(now), demandOf(now)], step).to.deep.equal([state, status, demand]);
      expect(connectionStatusOf(now.state)).to.equal(state === 'CarDisconnected' ? 0 : 2);
      expect(chargingEventOf(now.state)).to.equal(state === 'Running' ? 1 : 0);
    }
  });

  it('needs a new key for a second charge without unplugging', () => {
    const charged: Step[] = ['carConnected', 'keyWritten', 'allocationEnded', 'ExportCharging', 'Off'];
    expect(run([...charged, 'ExportCableCheck']).state).to.equal('NoKeyYet');
    expect(run([...charged, 'OffCableCheck']).state).to.equal('Completed');
    expect(run([...charged, 'ExportCableCheck', 'keyWritten']).state).to.equal('ConnectedNoAllocation');
  });

  it('remembers a phase that was asked for before the car came', () => {
    expect(run(['ExportCableCheck', 'carConnected', 'keyWritten', 'allocationEnded'])).to.deep.equal({
      state: 'Running',
      phase: 'ExportCableCheck',
    });
  });

  it('asks for a key and for modules again on a new connection, with the phase that was wanted', () => {
    const charging = run(['carConnected', 'keyWritten', 'allocationEnded', 'ExportCharging', 'reconnected']);
    expect(charging).to.deep.equal({ state: 'NoKeyYet', phase: 'ExportCharging' });
    expect(demandOf(run(['keyWritten', 'allocationEnded'], charging))).to.equal('Charging');
    expect(run(['carConnected', 'keyWritten', 'reconnected']).state).to.equal('NoKeyYet');
    expect(run(['reconnected'])).to.equal(INITIAL_SITUATION);
  });

  it('never carries a phase over unplugging', () => {
    const steps = fc.array(fc.constantFrom<Step>(...EVENTS, ...PHASES), { maxLength: 20 });
    fc.assert(
      fc.property(steps, (before) => {
        const plugged = run([...before, 'carConnected', 'carDisconnected']);
        expect(plugged).to.deep.equal(INITIAL_SITUATION);
        expect(demandOf(run(['carConnected', 'keyWritten', 'allocationEnded'], plugged))).to.equal(
          'ModulePlaceholder',
        );
      }),
    );
  });

  it('leaves a situation untouched by inputs that mean nothing there', () => {
    for (const event of ['keyWritten', 'allocationEnded', 'carDisconnected'] as const)
      expect(afterEvent(INITIAL_SITUATION, event)).to.equal(INITIAL_SITUATION);
    expect(afterPhase(INITIAL_SITUATION, 'Off')).to.equal(INITIAL_SITUATION);
    const running = run(['carConnected', 'keyWritten', 'allocationEnded']);
    expect(afterEvent(running, 'keyWritten')).to.equal(running);
    expect(afterEvent(running, 'carConnected')).to.equal(running);
  });
});
