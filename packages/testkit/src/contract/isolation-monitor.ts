// SPDX-License-Identifier: Apache-2.0
import type { IsolationMonitorClient } from '@carabiner/interfaces/interfaces/isolation_monitor';
import { demand, Observation } from './observation.js';
import type { Rule, RuleContext } from './rule.js';

/** What the suite may do to the device behind an `isolation_monitor`. */
export interface IsolationMonitorDevice {
  /** Sets the resistance that the device measures. */
  setResistance(resistance_Ohm: number): void | Promise<void>;
  /** Makes the next self test fail. */
  failSelfTest(): void | Promise<void>;
  /** Cuts the connection between driver and device. */
  loseCommunication(): void | Promise<void>;
  restoreCommunication(): void | Promise<void>;
}

/** Bounds of the rules for `isolation_monitor`. */
export interface IsolationMonitorLimits {
  /** Longest pause between two measurements, ms. */
  readonly measurementMs: number;
  /** Time after `stop` in which a last measurement may still come, ms. */
  readonly afterStopMs: number;
  /** Longest duration of a command, ms. */
  readonly commandMs: number;
  /** Longest duration of the self test, ms. */
  readonly selfTestMs: number;
  readonly faultMs: number;
  readonly recoveryMs: number;
}

export const ISOLATION_MONITOR_LIMITS: IsolationMonitorLimits = {
  measurementMs: 5_000,
  afterStopMs: 1_000,
  commandMs: 1_000,
  selfTestMs: 60_000,
  faultMs: 10_000,
  recoveryMs: 30_000,
};

type Context = RuleContext<IsolationMonitorClient, IsolationMonitorDevice, IsolationMonitorLimits>;

const TEST_VOLTAGE_V = 500;
const LOW_RESISTANCE_OHM = 10_000;

/** What `isolation_monitor` demands of every implementation. */
export const ISOLATION_MONITOR_RULES: readonly Rule<
  IsolationMonitorClient,
  IsolationMonitorDevice,
  IsolationMonitorLimits
>[] = [
  {
    name: 'publishes measurements regularly once started',
    check: async (context) => {
      await start(context);
      using observed = new Observation(context.clock, context.client.subscribe.isolation_measurement);
      await context.advance(3 * context.limits.measurementMs);
      demand(
        observed.longestPauseMs <= context.limits.measurementMs,
        `there was no measurement for ${observed.longestPauseMs.toFixed(0)} ms`,
      );
    },
  },
  {
    name: 'measures resistances that are not negative',
    check: async (context) => {
      await start(context);
      await firstMeasurement(context);
      const resistance = context.client.latest.isolation_measurement?.resistance_F_Ohm ?? 0;
      demand(resistance >= 0, `resistance_F_Ohm is ${resistance}`);
    },
  },
  {
    name: 'publishes nothing more after stop',
    check: async (context) => {
      await start(context);
      await firstMeasurement(context);
      await command(context, 'stop');
      await context.advance(context.limits.afterStopMs);
      using observed = new Observation(context.clock, context.client.subscribe.isolation_measurement);
      await context.advance(2 * context.limits.measurementMs);
      demand(observed.values.length === 0, `${observed.values.length} measurements came after stop`);
    },
  },
  {
    name: 'takes start and stop again without complaint, and measures at the usual rate',
    check: async (context) => {
      await command(context, 'stop');
      await start(context);
      await firstMeasurement(context);
      const once = await rate(context);
      await start(context);
      const twice = await rate(context);
      demand(twice <= once * 1.5 + 1, `${twice} measurements after a second start, ${once} before`);
      await command(context, 'stop');
      await command(context, 'stop');
      await start(context);
      await firstMeasurement(context);
    },
  },
  {
    name: 'returns from start_self_test at once and publishes the result once',
    check: async (context) => {
      const { client, clock, limits, until } = context;
      using results = new Observation(clock, client.subscribe.self_test_result);
      await selfTest(context);
      await until(() => results.values.length > 0, limits.selfTestMs, 'self_test_result published');
      demand(results.values[0]?.value === true, 'the self test of a healthy device failed');
      await context.advance(limits.measurementMs);
      demand(results.values.length === 1, `self_test_result came ${results.values.length} times`);
    },
  },
  {
    name: 'reports a self test that failed',
    needs: ['failSelfTest'],
    check: async (context) => {
      const { client, clock, device, limits, until } = context;
      using results = new Observation(clock, client.subscribe.self_test_result);
      await device.failSelfTest();
      await selfTest(context);
      await until(() => results.values.length > 0, limits.selfTestMs, 'self_test_result published');
      demand(results.values[0]?.value === false, 'a failed self test was reported as passed');
    },
  },
  {
    name: 'reports an isolation fault as a resistance, not as an error',
    needs: ['setResistance'],
    check: async (context) => {
      const { client, device, limits, until } = context;
      await start(context);
      await firstMeasurement(context);
      await device.setResistance(LOW_RESISTANCE_OHM);
      await until(
        () => (client.latest.isolation_measurement?.resistance_F_Ohm ?? Infinity) <= LOW_RESISTANCE_OHM * 1.2,
        3 * limits.measurementMs,
        'the low resistance published',
      );
      demand(
        client.errors.active.length === 0,
        `an isolation fault raised ${client.errors.active.map(({ type }) => type).join(', ')}`,
      );
    },
  },
  {
    name: 'raises CommunicationFault or DeviceFault when the device is lost and clears it when it is back',
    needs: ['loseCommunication', 'restoreCommunication'],
    check: async (context) => {
      const { client, device, limits, until } = context;
      const lost = (): boolean =>
        client.errors.isActive('isolation_monitor/CommunicationFault') ||
        client.errors.isActive('isolation_monitor/DeviceFault');
      await start(context);
      await firstMeasurement(context);
      await device.loseCommunication();
      await until(lost, limits.faultMs, 'isolation_monitor/CommunicationFault raised');
      await device.restoreCommunication();
      await until(() => !lost(), limits.recoveryMs, 'isolation_monitor/CommunicationFault cleared');
    },
  },
];

async function command({ client, finish, limits }: Context, name: 'start' | 'stop'): Promise<void> {
  await finish(client.call[name](), limits.commandMs, name);
}

async function start(context: Context): Promise<void> {
  await command(context, 'start');
}

async function selfTest({ client, finish, limits }: Context): Promise<void> {
  await finish(
    client.call.start_self_test({ test_voltage_V: TEST_VOLTAGE_V }),
    limits.commandMs,
    'start_self_test',
  );
}

async function firstMeasurement({ client, clock, limits, until }: Context): Promise<void> {
  using observed = new Observation(clock, client.subscribe.isolation_measurement);
  await until(() => observed.values.length > 0, limits.measurementMs, 'a measurement');
}

/** Number of measurements in three of the longest intervals. */
async function rate({ advance, client, clock, limits }: Context): Promise<number> {
  using observed = new Observation(clock, client.subscribe.isolation_measurement);
  await advance(3 * limits.measurementMs);
  return observed.values.length;
}
