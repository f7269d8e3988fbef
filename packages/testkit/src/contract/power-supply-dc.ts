// SPDX-License-Identifier: Apache-2.0
import type { PowerSupplyDCClient } from '@carabiner/interfaces/interfaces/power_supply_DC';
import { demand, Observation } from './observation.js';
import type { Rule, RuleContext } from './rule.js';

/** What the suite may do to the power unit behind a `power_supply_DC`. */
export interface PowerSupplyDevice {
  /** What the unit was last told. */
  setPoint(): { readonly on: boolean; readonly voltage_V: number; readonly current_A: number };
  /** What is on the output at this moment. */
  output(): { readonly voltage_V: number; readonly current_A: number };
  /** Connects a resistor to the output, so that current flows. */
  connectLoad(resistance_Ohm: number): void | Promise<void>;
  /** Cuts the connection between driver and unit. */
  loseCommunication(): void | Promise<void>;
  restoreCommunication(): void | Promise<void>;
  /** Tells the driver that whoever has commanded it is gone; `harness.loseCaller` does. */
  loseCaller(): void | Promise<void>;
}

/** Bounds of the rules for `power_supply_DC`. */
export interface PowerSupplyLimits {
  /** Time until capabilities must be published, ms. */
  readonly capabilitiesMs: number;
  /** Longest pause between two values of `voltage_current`, ms. */
  readonly voltageCurrentMs: number;
  /** Time in which a set point must be in the unit, its commands included, ms. */
  readonly setPointMs: number;
  /** Longest duration of `setMode(Off)`, ms. */
  readonly switchOffMs: number;
  /** Current below which relays may open, A. */
  readonly safeCurrent_A: number;
  /** Time in which a lost connection must be noticed, ms. */
  readonly faultMs: number;
  /** Time in which a restored connection must be noticed, ms. */
  readonly recoveryMs: number;
  /** A set point that the unit can do. */
  readonly voltage_V: number;
  readonly current_A: number;
}

export const POWER_SUPPLY_LIMITS: PowerSupplyLimits = {
  capabilitiesMs: 10_000,
  voltageCurrentMs: 1_000,
  setPointMs: 2_000,
  switchOffMs: 5_000,
  safeCurrent_A: 1,
  faultMs: 10_000,
  recoveryMs: 30_000,
  voltage_V: 400,
  current_A: 20,
};

type Context = RuleContext<PowerSupplyDCClient, PowerSupplyDevice, PowerSupplyLimits>;

const FAULT = 'power_supply_DC/CommunicationFault';
const OBSERVED_MS = 4_000;

/** What `power_supply_DC` demands of every implementation. */
export const POWER_SUPPLY_RULES: readonly Rule<PowerSupplyDCClient, PowerSupplyDevice, PowerSupplyLimits>[] =
  [
    {
      name: 'publishes its capabilities after the start without being asked',
      check: async (context) => {
        await start(context);
      },
    },
    {
      name: 'publishes capabilities that make sense',
      check: async (context) => {
        await start(context);
        const of = context.client.latest.capabilities;
        demand(of !== undefined, 'no capabilities');
        demand(of.max_export_voltage_V > 0, `max_export_voltage_V is ${of.max_export_voltage_V}`);
        demand(of.max_export_current_A > 0, `max_export_current_A is ${of.max_export_current_A}`);
        demand(of.max_export_power_W > 0, `max_export_power_W is ${of.max_export_power_W}`);
        demand(
          of.min_export_voltage_V <= of.max_export_voltage_V,
          `min_export_voltage_V ${of.min_export_voltage_V} is more than the maximum ${of.max_export_voltage_V}`,
        );
        demand(
          of.min_export_current_A <= of.max_export_current_A,
          `min_export_current_A ${of.min_export_current_A} is more than the maximum ${of.max_export_current_A}`,
        );
        demand(
          !of.bidirectional || (of.max_import_power_W ?? 0) > 0,
          'bidirectional, yet without max_import_power_W',
        );
      },
    },
    {
      name: 'publishes voltage_current at least once per second, switched off and on',
      check: async (context) => {
        const { client, clock, limits } = context;
        await start(context);
        for (const mode of ['Off', 'Export'] as const) {
          await setMode(context, mode);
          using observed = new Observation(clock, client.subscribe.voltage_current);
          await context.advance(OBSERVED_MS);
          demand(
            observed.longestPauseMs <= limits.voltageCurrentMs,
            `in mode ${mode} there was no voltage_current for ${observed.longestPauseMs.toFixed(0)} ms`,
          );
        }
      },
    },
    {
      name: 'publishes the mode when it changes',
      check: async (context) => {
        await start(context);
        for (const mode of ['Export', 'Off'] as const) {
          await setMode(context, mode);
          await context.until(
            () => context.client.latest.mode === mode,
            context.limits.setPointMs + 1_000,
            `mode ${mode} published`,
          );
        }
      },
    },
    {
      name: 'brings mode and set point to the unit at once',
      needs: ['setPoint'],
      check: async (context) => {
        const { clock, limits } = context;
        await start(context);
        const startMs = clock.monotonic();
        await exportSetPoint(context);
        await untilSetPoint(context);
        const tookMs = clock.monotonic() - startMs;
        demand(tookMs <= limits.setPointMs, `the set point took ${tookMs.toFixed(0)} ms to reach the unit`);
      },
    },
    {
      name: 'returns from setMode(Off) within the time allowed, with the unit off',
      needs: ['setPoint'],
      check: async (context) => {
        await start(context);
        await exportSetPoint(context);
        await untilSetPoint(context);
        await switchOff(context);
        demand(!context.device.setPoint().on, 'setMode(Off) returned and the unit was still on');
      },
    },
    {
      name: 'returns from setMode(Off) only when the current is safe for the relays',
      needs: ['output', 'connectLoad'],
      check: async (context) => {
        const { device, limits } = context;
        await start(context);
        await device.connectLoad(limits.voltage_V / limits.current_A);
        await exportSetPoint(context);
        await context.until(
          () => device.output().current_A > limits.safeCurrent_A,
          limits.recoveryMs,
          'current into the load',
        );
        await switchOff(context);
        const { current_A } = device.output();
        demand(current_A <= limits.safeCurrent_A, `setMode(Off) returned while ${current_A} A were flowing`);
      },
    },
    {
      name: 'raises CommunicationFault when the unit is lost and clears it when it is back',
      needs: ['loseCommunication', 'restoreCommunication'],
      check: async (context) => {
        await start(context);
        await lose(context);
        await context.device.restoreCommunication();
        await untilCleared(context);
      },
    },
    {
      name: 'returns from setMode(Off) within the time allowed while the unit is lost',
      needs: ['loseCommunication'],
      check: async (context) => {
        await start(context);
        await lose(context);
        await switchOff(context);
      },
    },
    {
      name: 'keeps the last set point of a fault and applies it before the fault clears',
      needs: ['setPoint', 'loseCommunication', 'restoreCommunication'],
      check: async (context) => {
        const { client, device, limits } = context;
        await start(context);
        await lose(context);
        await exportSetPoint(context);
        let atClear: ReturnType<PowerSupplyDevice['setPoint']> | undefined;
        client.errors.subscribe(FAULT, { cleared: () => (atClear ??= device.setPoint()) });
        await device.restoreCommunication();
        await untilCleared(context);
        demand(
          atClear !== undefined && isAt(atClear, limits),
          `when the fault cleared the unit had ${JSON.stringify(atClear)} instead of ${limits.voltage_V} V, ${limits.current_A} A, on`,
        );
      },
    },
    {
      name: 'switches the unit off when whoever commanded it is lost',
      needs: ['setPoint', 'loseCaller'],
      check: async (context) => {
        const { client, device, limits } = context;
        await start(context);
        await exportSetPoint(context);
        await untilSetPoint(context);
        await context.finish(Promise.resolve(device.loseCaller()), limits.switchOffMs, 'loss of the caller');
        await context.until(() => !device.setPoint().on, limits.switchOffMs, 'the unit off');
        await context.until(
          () => client.latest.mode === 'Off',
          limits.setPointMs + 1_000,
          'mode Off published',
        );
      },
    },
    {
      name: 'switches the unit off when it shuts down',
      needs: ['setPoint'],
      check: async (context) => {
        await start(context);
        await exportSetPoint(context);
        await untilSetPoint(context);
        await context.finish(context.shutdown(), context.limits.switchOffMs, 'shutdown');
        demand(!context.device.setPoint().on, 'after the shutdown the unit was still on');
      },
    },
  ];

async function start({ client, limits, until }: Context): Promise<void> {
  await until(
    () => client.latest.capabilities !== undefined,
    limits.capabilitiesMs,
    'capabilities published',
  );
  await until(() => client.errors.active.length === 0, limits.recoveryMs, 'no error active after the start');
}

async function setMode({ client, finish, limits }: Context, mode: 'Off' | 'Export'): Promise<void> {
  await finish(
    client.call.setMode({ mode, phase: mode === 'Off' ? 'Other' : 'Charging' }),
    limits.switchOffMs,
    `setMode(${mode})`,
  );
}

async function switchOff(context: Context): Promise<void> {
  await setMode(context, 'Off');
}

async function exportSetPoint(context: Context): Promise<void> {
  const { client, finish, limits } = context;
  const { voltage_V: voltage, current_A: current } = limits;
  await finish(
    client.call.setExportVoltageCurrent({ voltage, current }),
    limits.switchOffMs,
    'setExportVoltageCurrent',
  );
  await setMode(context, 'Export');
}

async function untilSetPoint({ device, limits, until }: Context): Promise<void> {
  await until(() => isAt(device.setPoint(), limits), limits.setPointMs, 'set point in the unit');
}

function isAt(point: ReturnType<PowerSupplyDevice['setPoint']>, limits: PowerSupplyLimits): boolean {
  return (
    point.on &&
    Math.abs(point.voltage_V - limits.voltage_V) < 0.5 &&
    Math.abs(point.current_A - limits.current_A) < 0.5
  );
}

async function lose({ client, device, limits, until }: Context): Promise<void> {
  await device.loseCommunication();
  await until(() => client.errors.isActive(FAULT), limits.faultMs, `${FAULT} raised`);
}

async function untilCleared({ client, limits, until }: Context): Promise<void> {
  await until(() => !client.errors.isActive(FAULT), limits.recoveryMs, `${FAULT} cleared`);
}
