// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Any value of a trace. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** One input of a recorded trace. */
export type TraceInput = { in: string; by?: string } & Record<string, Value>;

/** One output of a recorded trace. */
export type TraceOutput = { out: string } & Record<string, Value>;

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

export function isInput(entry: TraceInput | TraceOutput): entry is TraceInput {
  return 'in' in entry;
}
