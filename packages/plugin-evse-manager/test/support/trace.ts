// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Any value of a trace. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

interface EntryFields {
  from?: string;
  to?: string;
  impl?: string;
  name?: string;
  v?: Value;
  changed?: Value;
  args?: Value;
  type?: string;
  sub?: string;
  severity?: string;
  message?: string;
  description?: string;
  vendor_id?: string;
}

/** One input of a recorded trace. */
export interface TraceInput extends EntryFields {
  in: string;
  by?: string;
}

/** One output of a recorded trace. */
export interface TraceOutput extends EntryFields {
  out: string;
}

/** A recording of the reference, see the comment in trace-replay.ts. */
export interface Trace {
  scenario: string;
  title: string;
  mode: 'AC' | 'DC';
  config_module: Record<string, string | number | boolean>;
  peers: string[];
  behaviour: Record<string, Value>;
  stored?: string;
  boot_recorded?: boolean;
  trace: [number, TraceInput | TraceOutput][];
}

const folder = fileURLToPath(new URL('../../test/fixtures/', import.meta.url));

/** Names of all recordings. */
export function traceNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

export function loadTrace(name: string): Trace {
  return JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as Trace;
}

/** A value as text; undefined is empty, lists are joined. */
export function text(value: Value | undefined): string {
  if (Array.isArray(value)) return value.map(text).join();
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}

export function isInput(entry: TraceInput | TraceOutput): entry is TraceInput {
  return 'in' in entry;
}
