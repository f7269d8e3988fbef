// SPDX-License-Identifier: Apache-2.0
import { isOutput, type Entry } from '@carabiner/testkit';
import { isInput, text, type Trace, type TraceOutput, type Value } from './trace.js';

/** One output, of the recording or of ours, in a form that can be compared. */
export interface Output {
  readonly at: number;
  /** Outputs of one channel keep their order. */
  readonly channel: string;
  readonly name: string;
  readonly content: Value;
}

/** Requirement by the peer's name in the recordings. */
export const REQUIREMENT: Readonly<Record<string, string>> = {
  bsp: 'bsp',
  lock: 'connector_lock',
  rcd: 'ac_rcd',
  meter: 'powermeter_car_side',
  slac: 'slac',
  hlc: 'hlc',
  imd: 'imd',
  ovm: 'over_voltage_monitor',
  psu: 'powersupply_DC',
  store: 'store',
};
const PEER = Object.fromEntries(
  Object.entries(REQUIREMENT).map(([peer, requirement]) => [requirement, peer]),
);

/** Repeated without a change in the recordings' source, and left out there when unchanged. */
const ON_CHANGE = new Set([
  'evse:powermeter',
  'energy_grid:energy_flow_request',
  'hlc.update_dc_present_values',
  'hlc.update_meter_info',
]);

/** Commands of the stack whose order against the others is not fixed. */
const OWN_CHANNEL =
  /^(session_setup|authorization_response|update_|set_|ac_contactor_closed|stop_charging|send_error|cable_check)/;

function commandChannel(peer: string, command: string): string {
  return peer === 'hlc' && OWN_CHANNEL.test(command) ? `hlc.${command}` : peer;
}

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

/** Members that hold ids of sessions. */
const ID_MEMBERS = new Set(['uuid', 'transaction_id', 'value']);

/** Replaces time stamps and ids by the marks of the recordings, numbers by rounded ones. */
export class Normaliser {
  readonly #ids = new Map<string, string>();

  value(value: unknown, key = ''): Value {
    if (value === undefined || value === null) return null;
    if (typeof value === 'number') return Number(value.toPrecision(6));
    if (typeof value === 'boolean') return value;
    if (typeof value === 'string') return this.#text(value, key);
    if (Array.isArray(value)) return value.map((item) => this.value(item, key));
    return Object.fromEntries(
      Object.entries(value)
        // A random number.
        .filter(([member, item]) => item !== undefined && member !== 'countdown_s')
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([member, item]) => [member, this.value(item, member)]),
    );
  }

  #text(text: string, key: string): string {
    if (DATE.test(text)) return '<ts>';
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    if (/^<id\d+>$/.test(text) && !this.#ids.has(text)) this.#ids.set(text, text);
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
    const short = ID_MEMBERS.has(key) && (text.length === 16 || text.length === 22);
    if (!uuid && !short) return text;
    const number = this.#ids.size + 1;
    const mark = uuid ? `<id${number}>` : `<id${number}:${text.length} characters>`;
    this.#ids.set(text, mark);
    return mark;
  }
}

function withoutTime(value: Value): string {
  return JSON.stringify(value);
}

/** Drops repetitions of outputs that are published again and again, and what came before `fromMs`. */
function onChange(outputs: readonly Output[], fromMs: number): Output[] {
  const last = new Map<string, string>();
  return outputs.filter((output) => {
    const key = output.channel.startsWith('hlc') ? `hlc.${output.name}` : output.channel;
    if (!ON_CHANGE.has(key)) return output.at >= fromMs;
    const text = withoutTime(output.content);
    if (last.get(key) === text) return false;
    last.set(key, text);
    return output.at >= fromMs;
  });
}

/** Outputs of a recording. */
export function recordedOutputs(trace: Trace): Output[] {
  const normaliser = new Normaliser();
  let request: Record<string, Value> = {};
  const outputs: Output[] = [];
  for (const [at, entry] of trace.trace) {
    if (isInput(entry)) continue;
    const full = { ...entry };
    if (entry.name === 'energy_flow_request') {
      request = { ...request, ...((entry.v ?? entry.changed) as Record<string, Value>) };
      full.v = { ...request };
    }
    outputs.push({ at, ...recorded(full, normaliser) });
  }
  return onChange(outputs, Number.NEGATIVE_INFINITY);
}

function recorded(entry: TraceOutput, normaliser: Normaliser): Omit<Output, 'at'> {
  const name = entry.name ?? '';
  switch (entry.out) {
    case 'cmd': {
      const peer = entry.to ?? '';
      return {
        channel: commandChannel(peer, name),
        name,
        content: normaliser.value(entry.args ?? {}),
      };
    }
    case 'var':
      return { channel: `${entry.impl ?? ''}:${name}`, name, content: normaliser.value(entry.v) };
    case 'result':
      return { channel: `result ${entry.impl ?? ''}.${name}`, name, content: normaliser.value(entry.v) };
    default:
      return errorOutput(entry.out, {
        type: entry.type ?? '',
        sub_type: entry.sub ?? '',
        severity: entry.severity ?? '',
        description: entry.description ?? '',
        message: entry.message ?? '',
        vendor_id: entry.vendor_id ?? '',
      });
  }
}

interface ErrorFields {
  type: string;
  sub_type: string;
  severity: string;
  description: string;
  message: string;
  vendor_id: string;
}

/**
 * Texts of errors are our own; those of Inoperative are defined by the specification. Several causes of one device
 * have no order.
 */
function errorOutput(kind: string, error: ErrorFields): Omit<Output, 'at'> {
  const inoperative = error.type === 'evse_manager/Inoperative';
  return {
    channel: inoperative ? 'errors Inoperative' : 'errors',
    name: `${kind} ${error.type.slice('evse_manager/'.length)}`,
    content: {
      sub: error.sub_type,
      severity: error.severity,
      vendor_id: error.vendor_id,
      ...(inoperative ? inoperativeTexts(error) : {}),
    },
  };
}

function inoperativeTexts({ description, message }: ErrorFields): Record<string, Value> {
  const causes = description.split(', ').sort();
  return { causes, ...(causes.length === 1 ? { message } : {}) };
}

/** Calls that change nothing when they are repeated; the reference repeats them up to ten times a second. */
const IDEMPOTENT = new Set(['bsp allow_power_on', 'imd stop']);

/** Drops repetitions of idempotent calls with no other call to the same device in between. */
function withoutRepetitions(outputs: readonly Output[]): Output[] {
  const last = new Map<string, string>();
  return outputs.filter((output) => {
    const text = `${output.name} ${JSON.stringify(output.content)}`;
    const repeated = last.get(output.channel) === text && IDEMPOTENT.has(`${output.channel} ${output.name}`);
    last.set(output.channel, text);
    return !repeated;
  });
}

/**
 * Set points of the charge loop are compared by voltage only, where it changes: the reference goes on with its ramp at the
 * next request or after 5 s, ours every 250 ms (defect 5). That ours keep to every limit and reach what they should is
 * tested for each replay beside this.
 */
function withoutRamp(outputs: readonly Output[]): Output[] {
  let charging = false;
  let voltage: Value = null;
  return outputs.flatMap((output) => {
    if (output.channel !== 'psu') return [output];
    const content = output.content as Record<string, Value>;
    if (output.name === 'setMode') {
      charging = content.phase === 'Charging' && content.mode !== 'Off';
      return [output];
    }
    const repeated = charging && voltage === content.voltage;
    voltage = content.voltage ?? null;
    if (!charging) return [output];
    return repeated ? [] : [{ ...output, content: { voltage } }];
  });
}

const WITHOUT_PROTOCOL = new Set([
  'SessionStarted',
  'TransactionStarted',
  'TransactionFinished',
  'ChargingPausedEVSE',
  'SessionResumed',
  'ReservationStart',
  'ReservationEnd',
]);

/** Joins the protocol that is published after an event to that event. */
function withProtocol(outputs: readonly Output[]): Output[] {
  let event: { content: Record<string, Value> } | undefined;
  return outputs.flatMap((output) => {
    if (output.channel === 'evse:selected_protocol') {
      if (event !== undefined) event.content.protocol = output.content;
      event = undefined;
      return [];
    }
    if (output.channel !== 'evse:session_event') return [output];
    const copy = { ...output, content: { ...(output.content as Record<string, Value>) } };
    if (!WITHOUT_PROTOCOL.has(text(copy.content.event))) event = copy;
    return [copy];
  });
}

/** Brings outputs into the form in which they are compared. */
export function comparable(outputs: readonly Output[]): Output[] {
  return withoutRamp(withoutRepetitions(withProtocol(outputs)));
}

/** Outputs of our module from the harness's journal. */
export function ourOutputs(journal: readonly Entry[], zeroMs: number, fromMs: number): Output[] {
  const normaliser = new Normaliser();
  const outputs = journal.filter(isOutput).flatMap((entry): Output[] => {
    const at = entry.at - zeroMs;
    switch (entry.kind) {
      case 'called': {
        const peer = PEER[entry.requirement] ?? entry.requirement;
        const channel = commandChannel(peer, entry.command);
        return [{ at, channel, name: entry.command, content: normaliser.value(entry.args) }];
      }
      case 'published':
        return [
          {
            at,
            channel: `${entry.implementation}:${entry.variable}`,
            name: entry.variable,
            content: normaliser.value(entry.value),
          },
        ];
      case 'returned':
        return [
          {
            at,
            channel: `result ${entry.implementation}.${entry.command}`,
            name: entry.command,
            content: entry.error === undefined ? normaliser.value(entry.value) : entry.error.message,
          },
        ];
      case 'raised':
      case 'cleared':
        return [{ at, ...errorOutput(entry.kind === 'raised' ? 'raise' : 'clear', entry.error) }];
      default:
        return [];
    }
  });
  return onChange(outputs, fromMs);
}
