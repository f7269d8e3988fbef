// SPDX-License-Identifier: Apache-2.0
import { VirtualClock } from '@carabiner/clock/virtual';
import { createHarness } from '@carabiner/testkit';
import { EvseManager } from '@carabiner/plugin-evse-manager';
import { ourOutputs, REQUIREMENT, type Output } from './outputs.js';
import { isInput, type Trace, type TraceInput, type Value } from './trace.js';

/*
 * Replays the inputs of a recording of the reference at their times: those of the script and those of its peers. What
 * the recording left out is added: the repeated measurements of power supply, meter and over voltage monitor, and
 * the boot, where it was not recorded.
 */

/** What the recordings' peers say after the boot. */
const BOARD = {
  max_current_A_import: 63,
  min_current_A_import: 6,
  max_phase_count_import: 3,
  min_phase_count_import: 1,
  max_current_A_export: 0,
  min_current_A_export: 0,
  max_phase_count_export: 3,
  min_phase_count_export: 1,
  supports_changing_phases_during_charging: false,
  supports_cp_state_E: false,
  connector_type: 'IEC62196Type2Cable',
};
const SUPPLY = {
  bidirectional: false,
  current_regulation_tolerance_A: 2,
  peak_current_ripple_A: 2,
  max_export_voltage_V: 1000,
  min_export_voltage_V: 200,
  max_export_current_A: 200,
  min_export_current_A: 1,
  max_export_power_W: 150_000,
};

const SUPPLY_PERIOD_MS = 250;
const METER_PERIOD_MS = 1000;
/** Before time 0 of a recording without boot, the module was ready for so long at least. */
const BOOT_MS = 2000;

interface Peer {
  readonly publish: Record<string, ((value?: unknown) => void) | undefined>;
  raise(report: object): unknown;
  clear(type: string, subType?: string): void;
}

interface Step {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Phase of the recorded energy requests, in ms, so that ours come at the same times. */
function requestPhase(trace: Trace): number {
  for (const [at, entry] of trace.trace) {
    if (isInput(entry) || entry.name !== 'energy_flow_request') continue;
    const value = (entry.v ?? entry.changed) as Record<string, Value>;
    if (value.priority_request !== true) return at % 1000;
  }
  return 0;
}

/** Runs a recording; the result are the module's outputs at the times of the recording. */
export async function replay(
  trace: Trace,
  departure?: { readonly fromMs: number; readonly inputs?: readonly (readonly [number, TraceInput])[] },
): Promise<Output[]> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1, 10));
  const bootAt = trace.boot_recorded === true ? 0 : requestPhase(trace) - BOOT_MS;
  const results = new Map<string, { at: number; value: Value }[]>();
  for (const [at, entry] of trace.trace) {
    if (!isInput(entry) || entry.in !== 'result') continue;
    const key = `${entry.from ?? ''}.${entry.name ?? ''}`;
    results.set(key, [...(results.get(key) ?? []), { at, value: entry.v ?? null }]);
  }
  const now = (): number => clock.monotonic() + bootAt;
  const stored = { value: trace.stored ?? null };
  const answer = (key: string, fallback: Value) => async (): Promise<never> => {
    const next = now() < -1 ? undefined : results.get(key)?.shift();
    if (next !== undefined && next.at > now()) await clock.sleep(next.at - now());
    return withTime(next?.value ?? fallback) as never;
  };
  const connections = Object.fromEntries(
    Object.entries(REQUIREMENT).map(([peer, requirement]) => [
      requirement,
      trace.peers.includes(peer) ? 1 : 0,
    ]),
  );
  await using harness = await createHarness(EvseManager, {
    id: 'evse',
    clock,
    config: trace.config_module,
    connections: { ...connections, powermeter_grid_side: 0 },
    start: 'init',
    requires: {
      powermeter_car_side: {
        start_transaction: answer('meter.start_transaction', { status: 'OK' }),
        stop_transaction: answer('meter.stop_transaction', { status: 'OK' }),
      },
      store: {
        load: () => stored.value as never,
        store: ({ value }: { value: unknown }) => {
          stored.value = value as string;
        },
      },
    },
  });
  const peer = (name: string): Peer =>
    (harness.requires as unknown as Record<string, Peer>)[REQUIREMENT[name] ?? name] as Peer;
  const publish = (from: string, name: string, value: unknown): void => {
    if (trace.peers.includes(from)) peer(from).publish[name]?.(value);
  };
  const call = (impl: string, name: string, args: unknown): void => {
    const client = (
      harness.provides as unknown as Record<
        string,
        { call: Record<string, (a: unknown) => Promise<unknown>> }
      >
    )[impl];
    client?.call[name]?.(args).catch(() => undefined);
  };
  const repeats = new Repeats(publish);
  const steps: Step[] = [];
  const add = (at: number, run: () => void): void => {
    steps.push({ at, order: steps.length, run });
  };
  if (trace.boot_recorded !== true) addBoot(trace, bootAt, add, repeats);
  for (const [at, entry] of departure?.inputs ?? []) add(at, () => feed(entry, { call, peer, repeats }));
  const scriptOnlyFrom = departure?.inputs === undefined ? Number.POSITIVE_INFINITY : departure.fromMs;
  for (const [at, entry] of trace.trace) {
    if (isInput(entry) && entry.by !== 'script' && at > scriptOnlyFrom) continue;
    if (isInput(entry)) add(at, () => feed(entry, { call, peer, repeats }));
    else if (entry.to === 'ovm' && entry.name === 'start') add(at, () => repeats.allow('ovm', true));
    else if (entry.to === 'ovm' && entry.name === 'stop') add(at, () => repeats.allow('ovm', false));
  }
  const last = trace.trace.at(-1)?.[0] ?? 0;
  const endAt = last + 250;
  for (let at = bootAt + SUPPLY_PERIOD_MS; at < endAt; at += SUPPLY_PERIOD_MS)
    add(at, () => repeats.repeat('psu'));
  for (let at = bootAt + METER_PERIOD_MS; at < endAt; at += METER_PERIOD_MS) {
    add(at, () => repeats.repeat('meter'));
    add(at, () => repeats.repeat('ovm'));
  }
  steps.sort((a, b) => a.at - b.at || a.order - b.order);
  await harness.ready();
  for (const step of steps) {
    if (step.at > now()) await clock.advance(step.at - now());
    step.run();
  }
  await clock.advance(endAt - now());
  const startMs =
    harness.journal.entries.find((entry) => entry.kind === 'step' && entry.step === 'ready')?.at ?? 0;
  return ourOutputs(harness.journal.entries, startMs - bootAt, trace.boot_recorded === true ? -1 : -0.5);
}

/** Measurements that are published again and again. */
class Repeats {
  readonly #last = new Map<string, [name: string, value: unknown]>();
  readonly #stopped = new Set<string>();

  constructor(private readonly publish: (from: string, name: string, value: unknown) => void) {}

  note(from: string, name: string, value: unknown): void {
    const repeated =
      (from === 'psu' && name === 'voltage_current') ||
      (from === 'meter' && name === 'powermeter') ||
      (from === 'ovm' && name === 'voltage_measurement_V');
    if (repeated) this.#last.set(from, [name, value]);
  }

  /** Publishes a value now and, where it is one of those, again and again. */
  once(from: string, name: string, value: unknown): void {
    this.note(from, name, value);
    this.publish(from, name, value);
  }

  allow(from: string, on: boolean): void {
    if (on) this.#stopped.delete(from);
    else this.#stopped.add(from);
  }

  repeat(from: string): void {
    const last = this.#last.get(from);
    if (last !== undefined && !this.#stopped.has(from)) this.publish(from, last[0], last[1]);
  }
}

function withTime(value: Value): Value {
  if (value === '<ts>') return '2026-01-01T10:00:00.000Z';
  if (Array.isArray(value)) return value.map(withTime);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTime(item)]));
}

function feed(
  entry: TraceInput,
  to: {
    call: (impl: string, name: string, args: unknown) => void;
    peer: (name: string) => Peer;
    repeats: Repeats;
  },
): void {
  const from = entry.from ?? '';
  const name = entry.name ?? '';
  switch (entry.in) {
    case 'var': {
      to.repeats.once(from, name, withTime(entry.v ?? null));
      break;
    }
    case 'cmd':
      to.call(entry.impl ?? '', name, withTime(entry.args ?? {}));
      break;
    case 'raise':
      to.peer(from).raise({
        type: entry.type,
        subType: entry.sub,
        severity: entry.severity,
        message: entry.message,
        vendorId: entry.vendor_id,
      });
      break;
    case 'clear':
      to.peer(from).clear(entry.type ?? '', entry.sub ?? '');
      break;
    default:
      break;
  }
}

/** The boot that precedes a recording without one. */
function addBoot(
  trace: Trace,
  bootAt: number,
  add: (at: number, run: () => void) => void,
  repeats: Repeats,
): void {
  const { behaviour } = trace;
  const publish = (from: string, name: string, value: Value) => (): void => repeats.once(from, name, value);
  add(bootAt + 250, publish('psu', 'voltage_current', { voltage_V: 0, current_A: 0 }));
  add(bootAt + 300, publish('bsp', 'capabilities', { ...BOARD, ...(behaviour.bsp_capabilities as object) }));
  add(bootAt + 300, publish('psu', 'capabilities', { ...SUPPLY, ...(behaviour.psu_capabilities as object) }));
  const amperes = behaviour.meter_currents;
  add(
    bootAt + 400,
    publish('meter', 'powermeter', {
      timestamp: '2026-01-01T10:00:00.000Z',
      energy_Wh_import: { total: 1000 },
      meter_id: 'M1',
      ...(typeof amperes === 'number' && amperes > 0
        ? { current_A: { L1: amperes, L2: amperes, L3: amperes } }
        : {}),
    }),
  );
  add(bootAt + 430, publish('bsp', 'event', { event: 'A' }));
}
