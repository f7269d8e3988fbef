// SPDX-License-Identifier: Apache-2.0
import { EnergySource, LocalAuthoriser } from '@carabiner/plugin-simulator';
import type { SessionEvent } from '@carabiner/interfaces/types/evse_manager';
import { createHarness, type ModuleHarness } from '@carabiner/testkit';
import { expect } from 'chai';

function event(name: SessionEvent['event'], uuid = 's1'): SessionEvent {
  return { uuid, event: name, timestamp: '2026-01-01T00:00:00.000Z' };
}

async function authoriser(
  config: {
    tokens?: string;
    present_token?: string;
    connection_timeout_s?: number;
    validity_s?: number;
  } = {},
): Promise<ModuleHarness<LocalAuthoriser>> {
  return await createHarness(LocalAuthoriser, {
    config: { tokens: 'CAFE, beef', ...config },
    connections: { evse: 2, token_provider: 1 },
    requires: { evse: { stop_transaction: true } },
  });
}

describe('LocalAuthoriser', () => {
  it('hands an accepted token to the EVSE that waits', async () => {
    const h = await authoriser();
    h.requires.evse[1]!.publish.session_event(event('AuthRequired'));
    await h.settle();
    expect(await h.finish(h.provides.reader.call.present_token({ id_token: 'BEEF' }))).to.equal(true);
    expect(h.requires.evse[0]!.calls.authorize_response).to.have.length(0);
    const [call] = h.requires.evse[1]!.calls.authorize_response;
    expect(call?.args.validation_result.authorization_status).to.equal('Accepted');
    await h.shutdown();
  });

  it('tells the EVSE that an unknown or expired token is not accepted', async () => {
    const h = await authoriser({ validity_s: 60 });
    h.requires.evse[0]!.publish.session_event(event('AuthRequired'));
    await h.settle();
    expect(await h.finish(h.provides.reader.call.present_token({ id_token: 'NOPE' }))).to.equal(false);
    await h.advance(61_000);
    expect(await h.finish(h.provides.reader.call.present_token({ id_token: 'CAFE' }))).to.equal(false);
    expect(
      h.requires.evse[0]!.calls.authorize_response.map(
        ({ args }) => args.validation_result.authorization_status,
      ),
    ).to.deep.equal(['Invalid', 'Expired']);
    await h.shutdown();
  });

  it('stops the transaction when the same token comes again', async () => {
    const h = await authoriser();
    const evse = h.requires.evse[0]!;
    evse.publish.session_event(event('SessionStarted'));
    evse.publish.session_event(event('AuthRequired'));
    await h.settle();
    await h.finish(h.provides.reader.call.present_token({ id_token: 'CAFE' }));
    evse.publish.session_event(event('TransactionStarted'));
    await h.settle();
    await h.finish(h.provides.reader.call.present_token({ id_token: 'CAFE' }));
    expect(evse.calls.stop_transaction[0]?.args.request.reason).to.equal('Local');
    await h.shutdown();
  });

  it('authorises at an EVSE that was started again after it had been given a token', async () => {
    const h = await authoriser({ present_token: 'CAFE' });
    const evse = h.requires.evse[0]!;
    const plugged = (uuid: string): SessionEvent => ({
      ...event('SessionStarted', uuid),
      session_started: {
        reason: 'EVConnected',
        meter_value: { timestamp: '2026-01-01T00:00:00.000Z', energy_Wh_import: { total: 0 } },
      },
    });
    for (const uuid of ['s1', 's2']) {
      evse.publish.session_event(plugged(uuid));
      evse.publish.session_event(event('AuthRequired', uuid));
      await h.advance(60_000);
    }
    expect(evse.calls.authorize_response).to.have.length(2);
    await h.shutdown();
  });

  it('withdraws an authorisation that arrived when the vehicle had just left', async () => {
    const h = await authoriser({ connection_timeout_s: 30 });
    const evse = h.requires.evse[0]!;
    evse.publish.session_event(event('SessionStarted'));
    evse.publish.session_event(event('AuthRequired'));
    await h.settle();
    await h.finish(h.provides.reader.call.present_token({ id_token: 'CAFE' }));
    evse.publish.session_event(event('SessionFinished'));
    evse.publish.session_event({
      ...event('SessionStarted', 's2'),
      session_started: {
        reason: 'Authorized',
        meter_value: { timestamp: '2026-01-01T00:00:00.000Z', energy_Wh_import: { total: 0 } },
      },
    });
    await h.advance(29_000);
    expect(evse.calls.withdraw_authorization).to.have.length(0);
    await h.advance(2_000);
    expect(evse.calls.withdraw_authorization).to.have.length(1);
    await h.shutdown();
  });

  it('withdraws an authorisation that no vehicle used in time', async () => {
    const h = await authoriser({ connection_timeout_s: 30 });
    await h.finish(h.provides.reader.call.present_token({ id_token: 'CAFE' }));
    await h.advance(29_000);
    expect(h.requires.evse[0]!.calls.withdraw_authorization).to.have.length(0);
    await h.advance(2000);
    expect(h.requires.evse[0]!.calls.withdraw_authorization).to.have.length(1);
    await h.shutdown();
  });

  it('presents its own token when it is told to', async () => {
    const h = await authoriser({ present_token: 'CAFE' });
    h.requires.evse[0]!.publish.session_event(event('AuthRequired'));
    await h.advance(1100);
    expect(h.requires.evse[0]!.calls.authorize_response).to.have.length(1);
    await h.shutdown();
  });

  it('takes tokens from readers', async () => {
    const h = await authoriser();
    h.requires.evse[0]!.publish.session_event(event('AuthRequired'));
    h.requires.token_provider[0]!.publish.provided_token({
      id_token: { value: 'CAFE', type: 'ISO14443' },
      authorization_type: 'RFID',
    });
    await h.advance(10);
    expect(h.requires.evse[0]!.calls.authorize_response).to.have.length(1);
    await h.shutdown();
  });
});

describe('EnergySource', () => {
  const request = (uuid: string, evse_state: 'Charging' | 'Unplugged') => ({
    uuid,
    node_type: 'Evse' as const,
    evse_state,
    children: [],
    schedule_import: [],
    schedule_export: [],
    schedule_setpoints: [],
  });

  it('shares the grid connection among those who charge, and renews the grant', async () => {
    const h = await createHarness(EnergySource, {
      config: { max_power_W: 100_000, max_current_A: 160 },
      connections: { energy_consumer: 2 },
    });
    const [first, second] = h.requires.energy_consumer;
    first!.publish.energy_flow_request(request('a', 'Charging'));
    second!.publish.energy_flow_request(request('b', 'Unplugged'));
    await h.advance(1000);
    const power = (): number | undefined =>
      first!.calls.enforce_limits.at(-1)?.args.value.limits_root_side.total_power_W?.value;
    expect(power()).to.equal(100_000);
    second!.publish.energy_flow_request(request('b', 'Charging'));
    await h.advance(10);
    expect(power()).to.equal(50_000);
    const count = first!.calls.enforce_limits.length;
    await h.advance(5000);
    expect(first!.calls.enforce_limits.length - count).to.equal(5);
    expect(first!.calls.enforce_limits.at(-1)?.args.value.uuid).to.equal('a');
    await h.shutdown();
  });
});
