// SPDX-License-Identifier: Apache-2.0
import type { PowermeterClient } from '@carabiner/interfaces/interfaces/powermeter';
import type {
  TransactionReq,
  TransactionStartResponse,
  TransactionStopResponse,
} from '@carabiner/interfaces/types/powermeter';
import { demand, Observation } from './observation.js';
import type { Rule, RuleContext } from './rule.js';

/** What the suite may do to the meter behind a `powermeter`. */
export interface PowermeterDevice {
  /**
   * True when a signed record belongs to the transaction that was started with `request`. Without it the suite looks
   * for the identification data in the record's text.
   */
  readonly belongsTo: (record: string, request: TransactionReq) => boolean;
  /** Cuts the connection between driver and meter. */
  loseCommunication(): void | Promise<void>;
  restoreCommunication(): void | Promise<void>;
}

/** Bounds of the rules for `powermeter`. */
export interface PowermeterLimits {
  /** Longest pause between two measurements, and until the first one, ms. */
  readonly measurementMs: number;
  /** Difference allowed between a measurement's time stamp and the clock, ms. */
  readonly timestampMs: number;
  /** Longest duration of a command, ms. */
  readonly commandMs: number;
  /** Time in which a lost connection must be noticed, ms. */
  readonly faultMs: number;
  readonly recoveryMs: number;
}

export const POWERMETER_LIMITS: PowermeterLimits = {
  measurementMs: 2_000,
  timestampMs: 60_000,
  commandMs: 60_000,
  faultMs: 30_000,
  recoveryMs: 60_000,
};

type Context = RuleContext<PowermeterClient, PowermeterDevice, PowermeterLimits>;

const FAULT = 'powermeter/CommunicationFault';
const OBSERVED_MS = 6_000;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** What `powermeter` demands of every implementation. A meter without transactions answers NOT_SUPPORTED. */
export const POWERMETER_RULES: readonly Rule<PowermeterClient, PowermeterDevice, PowermeterLimits>[] = [
  {
    name: 'publishes measurements regularly',
    check: async (context) => {
      await firstMeasurement(context);
      using observed = new Observation(context.clock, context.client.subscribe.powermeter);
      await context.advance(OBSERVED_MS);
      demand(
        observed.longestPauseMs <= context.limits.measurementMs,
        `there was no measurement for ${observed.longestPauseMs.toFixed(0)} ms`,
      );
    },
  },
  {
    name: 'stamps measurements with the time, as RFC 3339',
    check: async (context) => {
      await firstMeasurement(context);
      const timestamp = context.client.latest.powermeter?.timestamp ?? '';
      demand(RFC3339.test(timestamp), `"${timestamp}" is no RFC 3339 time stamp`);
      const offMs = Math.abs(Date.parse(timestamp) - context.clock.now());
      demand(offMs <= context.limits.timestampMs, `the time stamp ${timestamp} is ${offMs} ms off`);
    },
  },
  {
    name: 'never counts energy backwards',
    check: async (context) => {
      await firstMeasurement(context);
      using observed = new Observation(context.clock, context.client.subscribe.powermeter);
      await context.advance(OBSERVED_MS);
      const totals = observed.values.map(({ value }) => value.energy_Wh_import.total);
      for (const [index, total] of totals.entries()) {
        const before = totals[index - 1] ?? total;
        demand(total >= before, `energy_Wh_import fell from ${before} to ${total} Wh`);
      }
    },
  },
  {
    name: 'gives an error text with every status but OK',
    check: async (context) => {
      await firstMeasurement(context);
      const { status, error } = await stop(context, 'never-started');
      demand(status !== 'OK', 'stopping an unknown transaction was answered with OK');
      demand((error ?? '') !== '', `status ${status} came without an error text`);
    },
  },
  {
    name: 'answers the stop of an unknown transaction without OK and without touching the running one',
    check: async (context) => {
      const running = request('running');
      if (!(await supportsTransactions(context, running))) return;
      const unknown = await stop(context, 'never-started');
      demand(unknown.status !== 'OK', 'stopping an unknown transaction was answered with OK');
      recordOf(await stop(context, running.transaction_id));
    },
  },
  {
    name: 'hands over a signed record at the stop, and the public key with it or before',
    check: async (context) => {
      const only = request('only');
      if (!(await supportsTransactions(context, only))) return;
      const response = await stop(context, only.transaction_id);
      recordOf(response);
      demand(
        (response.signed_meter_value?.public_key ?? context.client.latest.public_key_ocmf ?? '') !== '',
        'there is no public key, neither beside the record nor as public_key_ocmf',
      );
    },
  },
  {
    name: 'hands over the record of the transaction that was asked for',
    check: async (context) => {
      const first = request('first');
      if (!(await supportsTransactions(context, first))) return;
      const firstRecord = recordOf(await stop(context, first.transaction_id));
      const second = request('second');
      const started = await start(context, second);
      demand(started.status === 'OK', `the second start was answered with ${answer(started)}`);
      const secondRecord = recordOf(await stop(context, second.transaction_id));
      for (const [record, own, other] of [
        [firstRecord, first, second],
        [secondRecord, second, first],
      ] as const) {
        demand(belongsTo(context, record, own), `the record of ${own.transaction_id} does not name it`);
        demand(
          !belongsTo(context, record, other),
          `the record of ${own.transaction_id} names ${other.transaction_id}`,
        );
      }
    },
  },
  {
    name: 'gives the same record again when the same transaction is stopped again',
    check: async (context) => {
      const once = request('once');
      if (!(await supportsTransactions(context, once))) return;
      const record = recordOf(await stop(context, once.transaction_id));
      await context.advance(2_000);
      const again = recordOf(await stop(context, once.transaction_id));
      demand(record === again, 'the second stop gave another record');
    },
  },
  {
    name: 'ends every transaction when stopped with an empty id, also when there is none',
    check: async (context) => {
      const dangling = request('dangling');
      if (!(await supportsTransactions(context, dangling))) return;
      for (const what of ['a running', 'no running'] as const) {
        const cleared = await stop(context, '');
        demand(
          cleared.status === 'OK',
          `stop("") with ${what} transaction was answered with ${answer(cleared)}`,
        );
      }
      const next = await start(context, request('next'));
      demand(next.status === 'OK', `the start after stop("") was answered with ${answer(next)}`);
    },
  },
  {
    name: 'refuses to start while the meter is lost, in bounded time, with CommunicationFault raised',
    needs: ['loseCommunication'],
    check: async (context) => {
      await firstMeasurement(context);
      await lose(context);
      const refused = await start(context, request('lost'));
      demand(refused.status !== 'OK', 'a transaction was started on a meter that is lost');
    },
  },
  {
    name: 'clears CommunicationFault and measures again when the meter is back',
    needs: ['loseCommunication', 'restoreCommunication'],
    check: async (context) => {
      const { client, device, limits, until } = context;
      await firstMeasurement(context);
      await lose(context);
      await device.restoreCommunication();
      await until(() => !faultActive(client), limits.recoveryMs, `${FAULT} cleared`);
      using observed = new Observation(context.clock, client.subscribe.powermeter);
      await until(() => observed.values.length > 0, limits.recoveryMs, 'a measurement after the fault');
    },
  },
];

function request(id: string): TransactionReq {
  return {
    evse_id: 'DE*CRB*E1',
    transaction_id: `carabiner-contract-${id}`,
    identification_status: 'ASSIGNED',
    identification_level: 'TRUSTED',
    identification_flags: ['RFID_PLAIN'],
    identification_type: 'LOCAL',
    identification_data: `ID-${id.toUpperCase()}`,
  };
}

async function firstMeasurement({ client, limits, until }: Context): Promise<void> {
  await until(() => client.latest.powermeter !== undefined, limits.recoveryMs, 'a first measurement');
}

async function start(
  { client, finish, limits }: Context,
  value: TransactionReq,
): Promise<TransactionStartResponse> {
  return await finish(client.call.start_transaction({ value }), limits.commandMs, 'start_transaction');
}

async function stop(
  { client, finish, limits }: Context,
  transaction_id: string,
): Promise<TransactionStopResponse> {
  return await finish(client.call.stop_transaction({ transaction_id }), limits.commandMs, 'stop_transaction');
}

/** Starts a transaction; false when the meter has none. */
async function supportsTransactions(context: Context, value: TransactionReq): Promise<boolean> {
  await firstMeasurement(context);
  const started = await start(context, value);
  if (started.status === 'NOT_SUPPORTED') {
    const stopped = await stop(context, value.transaction_id);
    demand(
      stopped.status === 'NOT_SUPPORTED',
      `start_transaction is not supported, yet stop_transaction was answered with ${answer(stopped)}`,
    );
    return false;
  }
  demand(started.status === 'OK', `start_transaction was answered with ${answer(started)}`);
  return true;
}

function recordOf(response: TransactionStopResponse): string {
  demand(response.status === 'OK', `stop_transaction was answered with ${answer(response)}`);
  const record = response.signed_meter_value?.signed_meter_data ?? '';
  demand(record !== '', 'stop_transaction was answered with OK, yet without signed_meter_data');
  return record;
}

function belongsTo({ device }: Context, record: string, value: TransactionReq): boolean {
  const { belongsTo: ask } = device as Partial<PowermeterDevice>;
  return ask === undefined ? record.includes(value.identification_data ?? '') : ask(record, value);
}

function answer(response: { readonly status: string; readonly error?: string }): string {
  return response.error === undefined ? response.status : `${response.status} (${response.error})`;
}

/** Whatever its sub type. */
function faultActive(client: PowermeterClient): boolean {
  return client.errors.active.some(({ type }) => type === FAULT);
}

async function lose({ client, device, limits, until }: Context): Promise<void> {
  await device.loseCommunication();
  await until(() => faultActive(client), limits.faultMs, `${FAULT} raised`);
}
