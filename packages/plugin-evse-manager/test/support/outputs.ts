// SPDX-License-Identifier: Apache-2.0
import { isOutput, type Entry } from '@carabiner/testkit';
import { isInput, type Trace, type TraceOutput, type Value } from './trace.js';

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

/** Replaces time stamps and ids by the marks of the recordings, numbers by rounded ones. */
export class Normaliser {
  readonly #ids = new Map<string, string>();

  value(value: unknown): Value {
    if (value === undefined || value === null) return null;
    if (typeof value === 'number') return Number(value.toPrecision(6));
    if (typeof value === 'boolean') return value;
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return value.map((item) => this.value(item));
    return Object.fromEntries(
      Object.entries(value as object)
        .filter(([, item]) => item !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => [key, this.value(item)]),
    );
  }

  #text(text: string): string {
    if (DATE.test(text)) return '<ts>';
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    if (/^<id\d+>$/.test(text) && !this.#ids.has(text)) this.#ids.set(text, text);
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
    const short = /^[A-Za-z0-9+/]{16}$|^[A-Za-z0-9+/]{22}$/.test(text) && /\d/.test(text);
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
  const name = String(entry.name ?? '');
  switch (entry.out) {
    case 'cmd': {
      const peer = String(entry.to);
      return {
        channel: commandChannel(peer, name),
        name,
        content: normaliser.value(entry.args ?? {}),
      };
    }
    case 'var':
      return { channel: `${String(entry.impl)}:${name}`, name, content: normaliser.value(entry.v) };
    case 'result':
      return { channel: `result ${String(entry.impl)}.${name}`, name, content: normaliser.value(entry.v) };
    default:
      return errorOutput(entry.out, {
        type: String(entry.type),
        sub_type: String(entry.sub),
        severity: String(entry.severity),
        description: String(entry.description),
        message: String(entry.message),
        vendor_id: String(entry.vendor_id),
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

/** Texts of errors are our own; those of Inoperative are defined by the specification. */
function errorOutput(kind: string, error: ErrorFields): Omit<Output, 'at'> {
  const inoperative = error.type === 'evse_manager/Inoperative';
  return {
    channel: inoperative ? 'errors Inoperative' : 'errors',
    name: `${kind} ${error.type.slice('evse_manager/'.length)}`,
    content: {
      sub: error.sub_type,
      severity: error.severity,
      vendor_id: error.vendor_id,
      ...(inoperative ? { description: error.description, message: error.message } : {}),
    },
  };
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
