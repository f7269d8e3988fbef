// SPDX-License-Identifier: Apache-2.0
import { Topics } from '@carabiner/everest';
import type { Random } from './random.js';

/** A message that no module of the system would send. */
export interface MalformedMessage {
  readonly topic: string;
  readonly shape: string;
  readonly payload: Buffer;
}

/** A module that the composition does not have. */
export const STRANGER = 'stranger';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Shape = (said: string | undefined, random: Random, topic: string) => Buffer | string | undefined;

const topics = new Topics();

/** More than a process takes, bytes. */
const TOO_LONG = 5 * 1024 * 1024;

function isRecord(value: unknown): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(said: string | undefined): { readonly [name: string]: Json } | undefined {
  if (said === undefined) return undefined;
  const json: unknown = JSON.parse(said);
  return isRecord(json) ? json : undefined;
}

/** A value of another type than the given one; none of them passes for an optional value that is left out. */
function ofAnotherType(value: Json, random: Random): Json {
  const others: readonly Json[] = [random.int(-9, 9) + 0.5, { surprise: [1] }, [['surprise']]];
  return random.pick(others.filter((other) => Array.isArray(other) || typeof other !== typeof value));
}

/** The value with one leaf of another type. */
function withWrongLeaf(value: Json, random: Random): Json {
  if (isRecord(value) && Object.keys(value).length > 0) {
    const name = random.pick(Object.keys(value));
    return { ...value, [name]: withWrongLeaf(value[name] ?? null, random) };
  }
  return Array.isArray(value) ? { surprise: 1 } : ofAnotherType(value, random);
}

function nested(depth: number): string {
  return `{"msg_type":"Var","data":{"data":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
}

function without(record: { readonly [name: string]: Json }, name: string): { readonly [name: string]: Json } {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

const SHAPES: Readonly<Record<string, Shape>> = {
  'arbitrary bytes': (_said, random) =>
    Buffer.from(Array.from({ length: random.int(1, 200) }, () => random.int(0, 255))),
  'empty payload': () => '',
  'truncated JSON': (said, random) => {
    const text = said ?? '{"msg_type":"Var","data":{"data":1}}';
    return text.slice(0, random.int(1, Math.max(1, text.length - 1)));
  },
  'JSON that is no object': (_said, random) => random.pick(['null', '[]', '17', '"text"', 'true', '[{}]']),
  'unknown msg_type': (said) => JSON.stringify({ ...parsed(said), msg_type: 'Surprise' }),
  'msg_type that is no text': (said, random) =>
    JSON.stringify({ ...parsed(said), msg_type: random.pick<Json>([1, null, {}, []]) }),
  'data left out': (said) => {
    const message = parsed(said) ?? { msg_type: 'Var' };
    return JSON.stringify(without(message, 'data'));
  },
  'data of the wrong type': (said, random) => {
    const message = parsed(said) ?? { msg_type: 'Cmd' };
    return JSON.stringify({ ...message, data: random.pick<Json>([null, 5, 'text', [], [[]], {}]) });
  },
  'a value of the wrong type': (said, random) => {
    const message = parsed(said);
    if (message?.msg_type !== 'Var' || !isRecord(message['data'])) return undefined;
    const value = message['data']['data'] ?? null;
    return JSON.stringify({ msg_type: 'Var', data: { data: ofAnotherType(value, random) } });
  },
  'a member of the wrong type': (said, random) => {
    const message = parsed(said);
    if (message?.msg_type !== 'Var' || !isRecord(message['data'])) return undefined;
    const value = message['data']['data'] ?? null;
    if (!isRecord(value)) return undefined;
    return JSON.stringify({ msg_type: 'Var', data: { data: withWrongLeaf(value, random) } });
  },
  'a command without id or origin': (said, random) => {
    const message = parsed(said);
    if (message?.msg_type !== 'Cmd' || !isRecord(message['data'])) return undefined;
    return JSON.stringify({ ...message, data: without(message['data'], random.pick(['id', 'origin'])) });
  },
  'a command with wrong arguments': (said, random) => {
    const message = parsed(said);
    if (message?.msg_type !== 'Cmd' || !isRecord(message['data'])) return undefined;
    const { args = {} } = message['data'];
    const wrong: Json =
      isRecord(args) && Object.keys(args).length > 0 ? withWrongLeaf(args, random) : { surprise: 1 };
    const id = `malformed-${random.int(0, 1_000_000)}`;
    return JSON.stringify({ msg_type: 'Cmd', data: { ...message['data'], id, args: wrong } });
  },
  'a command of a stranger': (said, random) => {
    const message = parsed(said);
    if (message?.msg_type !== 'Cmd' || !isRecord(message['data'])) return undefined;
    const id = `stranger-${random.int(0, 1_000_000)}`;
    return JSON.stringify({ msg_type: 'Cmd', data: { ...message['data'], id, origin: STRANGER } });
  },
  'a message of another topic': (_said, random, topic) => {
    const type = random.pick(['ModuleReady', 'GlobalReady', 'Cmd', 'CmdResult', 'RaiseError', 'Var']);
    const meaning = topics.read(topic).kind;
    const own = { variable: 'Var', 'module-ready': 'ModuleReady', 'global-ready': 'GlobalReady' };
    if (Object.entries(own).some(([kind, name]) => kind === meaning && name === type)) return undefined;
    return JSON.stringify({ msg_type: type, data: { id: 5, origin: [], data: { retval: 1 } } });
  },
  'an error without origin': () =>
    JSON.stringify({ msg_type: 'RaiseError', data: { type: 'surprise/Surprise', severity: 'High' } }),
  'nested deeply': (_said, random) => nested(random.pick([65, 1_000, 100_000])),
  'too long': () => `{"msg_type":"Var","data":{"data":"${'x'.repeat(TOO_LONG)}"}}`,
};

const WEIGHTS = Object.keys(SHAPES).map(
  (shape) => [shape === 'too long' ? 0.2 : shape === 'nested deeply' ? 0.5 : 1, shape] as const,
);

/** Topics that exist whether or not anything was said on them yet. */
function systemTopics(moduleIds: readonly string[]): readonly string[] {
  return [
    ...[topics.configRequest, topics.globalReady, topics.generationHint],
    ...[topics.definitions('module_names'), topics.definitions('settings')],
    ...moduleIds.flatMap((id) => [
      ...[topics.moduleReady(id), topics.metadata(id), topics.configAnswer(id)],
      ...[topics.configSet(id), topics.configSetAnswer(id), topics.lost(id)],
    ]),
  ];
}

/**
 * Makes a malformed message for any topic of the system but one: on the shutdown topic every payload is a shutdown, as
 * the protocol has it.
 */
export function malformedMessage(
  said: ReadonlyMap<string, string>,
  moduleIds: readonly string[],
  random: Random,
): MalformedMessage {
  const known = [...said.keys()].filter((topic) => topic !== topics.shutdown).sort();
  for (;;) {
    const topic = random.pick(random.chance(0.3) || known.length === 0 ? systemTopics(moduleIds) : known);
    const shape = random.weighted(WEIGHTS);
    const payload = SHAPES[shape]?.(said.get(topic), random, topic);
    if (payload === undefined) continue;
    return { topic, shape, payload: Buffer.from(payload) };
  }
}
