// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Generation } from '@carabiner/everest';
import type { RecordingBroker, Sent } from './recording-broker.js';

interface TraceLine {
  readonly c: string;
  readonly k: 'PUBLISH' | 'SUBSCRIBE';
  readonly topic?: string;
  readonly qos?: number;
  readonly retain?: boolean;
  readonly p?: unknown;
  readonly text?: string;
  readonly filters?: readonly (readonly [filter: string, options: number])[];
}

/** Messages between modules of EVerest and their manager, as they were captured. */
export function readTrace(name: string): readonly TraceLine[] {
  return readFileSync(new URL(`../../test/fixtures/traces/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TraceLine);
}

/** Names of the configuration messages in the older generation. */
const OLDER: Readonly<Record<string, string>> = {
  ConfigurationRequest: 'GetConfig',
  ConfigurationResponse: 'GetConfigResponse',
};

function payloadOf(line: TraceLine, generation: Generation): string {
  const { p } = line;
  if (p === undefined) return line.text ?? '';
  if (generation === '2026' || typeof p !== 'object' || p === null || !('msg_type' in p))
    return JSON.stringify(p);
  const name = String(p.msg_type);
  return JSON.stringify({ ...p, msg_type: OLDER[name] ?? name });
}

/** What is made anew with each run gets the same text everywhere, after its form was checked. */
function normalise(payload: string): unknown {
  return JSON.parse(payload, (key, value: unknown) => {
    if (key === 'uuid' || key === 'id') {
      if (typeof value !== 'string' || value === '') return value;
      return `<${key}>`;
    }
    if (key === 'timestamp') {
      expect(value).to.match(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
      return '<timestamp>';
    }
    return value;
  }) as unknown;
}

const CALL_ID = /"id":\s*"([^"]+)"/;

/**
 * Plays every client of a trace but one, and compares each message of that one with what the module under test sends: topic,
 * QoS, retain flag and JSON.
 *
 * @param role - the client whose place the module under test takes
 * @param skip - topics of messages of the role that are not expected
 */
export async function replay(
  broker: RecordingBroker,
  name: string,
  role: string,
  generation: Generation,
  skip: (topic: string) => boolean = () => false,
): Promise<void> {
  /** Ids of our calls by those of the trace. */
  const ids = new Map<string, string>();
  const own = new RegExp(`/response/${role}$`);
  for (const line of readTrace(name)) {
    if (line.k !== 'PUBLISH' || line.topic === undefined) continue;
    const { topic } = line;
    const expected: Sent = {
      topic,
      qos: line.qos ?? 0,
      retain: line.retain ?? false,
      payload: payloadOf(line, generation),
    };
    if (line.c === role) {
      if (skip(topic)) continue;
      const actual = await broker.next((message) => message.topic === topic);
      expect({ ...actual, payload: normalise(actual.payload) }).to.deep.equal({
        ...expected,
        payload: normalise(expected.payload),
      });
      const [, ours] = CALL_ID.exec(actual.payload) ?? [];
      const [, theirs] = CALL_ID.exec(expected.payload) ?? [];
      if (ours !== undefined && theirs !== undefined) ids.set(theirs, ours);
      continue;
    }
    // Others have subscribed by then, as they did when the messages were captured.
    if (topic.includes('/cmd/') && !topic.includes('/response/'))
      await subscribedBy(broker, topic, role, name);
    const payload = own.test(topic)
      ? expected.payload.replace(CALL_ID, (_text, id: string) => `"id":"${ids.get(id) ?? id}"`)
      : expected.payload;
    await broker.publish({ ...expected, payload });
  }
}

async function subscribedBy(
  broker: RecordingBroker,
  topic: string,
  role: string,
  name: string,
): Promise<void> {
  if (subscriptionsOf(name, role).has(topic)) await broker.subscription(topic);
}

/** What the role subscribes in a trace, with the QoS. */
export function subscriptionsOf(name: string, role: string): ReadonlyMap<string, number> {
  return new Map(
    readTrace(name)
      .filter(({ c, k }) => c === role && k === 'SUBSCRIBE')
      .flatMap(({ filters }) => (filters ?? []).map(([filter, options]) => [filter, options & 3] as const)),
  );
}
