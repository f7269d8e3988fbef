// SPDX-License-Identifier: Apache-2.0
import {
  isJsonArray,
  isJsonObject,
  parseTypeReference,
  type Json,
  type JsonObject,
} from '@carabiner/dialect';
import fc from 'fast-check';

type Lookup = (file: string, type: string) => Json;

const ODD_TEXTS = ['', 'a', 'Z', '😀', '😀😀', '\n', 'null', 'é', 'Off', '0'];
const FORMATTED: { readonly [format: string]: readonly string[] } = {
  'date-time': [
    '2026-02-28T23:59:59.123Z',
    '2024-02-29T00:00:00+01:00',
    '2026-02-29T00:00:00Z',
    '2026-12-31T23:59:60Z',
    '2026-12-31T22:59:60Z',
    '2026-01-01',
    '2026-01-01t10:00:00z',
    '2026-01-01T10:00:00',
    '2026-01-01T24:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-01-01T10:00:00+24:00',
    '2026-01-01 10:00:00Z',
    '2026-12-31T23:59:60+00:01',
    '2027-01-01T00:59:60+01:00',
  ],
  date: ['2024-02-29', '2023-02-29', '1900-02-29', '2000-02-29', '2026-04-31', '2026-4-1'],
  time: ['10:00:00Z', '23:59:60Z', '10:00:00', '25:00:00Z', '10:00:00.5-01:30'],
  hostname: ['a.b', 'localhost', '-a', 'a-', 'a..b', 'x'.repeat(64), 'a_b'],
  ipv4: ['1.2.3.4', '256.1.1.1', '01.2.3.4', '1.2.3', '0.0.0.0'],
  ipv6: ['::1', '1:2:3:4:5:6:7:8', '1::8', '::', '1:2', '::ffff:1.2.3.4', '1::2::3', '12345::', '::1.2.3'],
  email: ['a@b.c', 'a.b@c', '@b', 'a@', 'a b@c.d'],
  uri: [
    'http://a.b/c?d#e',
    'urn:a:b',
    'a',
    'http://a b',
    'x:%zz',
    'http://[::1]:80/',
    'http://[::1',
    'http://a]b',
  ],
  uuid: ['123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-12D3-A456-426614174000', '123e4567'],
};

/** Anything that JSON can carry, small. No 1e21: from there on ajv misjudges `multipleOf`. */
export const anyJson: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    0,
    -1,
    1,
    1.5,
    1e20,
    2 ** 53,
    -0.5,
    [],
    {},
    [null],
    { a: 1 },
    ...ODD_TEXTS,
  ),
  fc.json({ maxDepth: 2 }).map((text) => JSON.parse(text) as Json),
);

/** Values that mostly conform to a schema; what is hard to draw is left to luck and to {@link mutated}. */
export function valuesOf(schema: Json, lookup: Lookup, depth = 0): fc.Arbitrary<Json> {
  if (!isJsonObject(schema)) return anyJson;
  const reference = typeof schema['$ref'] === 'string' ? parseTypeReference(schema['$ref']) : undefined;
  if (reference !== undefined) return valuesOf(lookup(reference.file, reference.type), lookup, depth + 1);
  const parts: fc.Arbitrary<Json>[] = [];
  if (isJsonArray(schema['enum'])) parts.push(fc.constantFrom(...schema['enum']));
  if (schema['const'] !== undefined) parts.push(fc.constant(schema['const']));
  for (const keyword of ['anyOf', 'oneOf', 'allOf']) {
    const list = schema[keyword];
    if (isJsonArray(list)) parts.push(...list.map((part) => valuesOf(part, lookup, depth + 1)));
  }
  const types = isJsonArray(schema['type']) ? schema['type'] : [schema['type'] ?? 'any'];
  if (parts.length === 0 || schema['properties'] !== undefined) {
    parts.push(...types.map((type) => typed(typeof type === 'string' ? type : 'any', schema, lookup, depth)));
  }
  return fc.oneof(...parts);
}

function typed(type: string, schema: JsonObject, lookup: Lookup, depth: number): fc.Arbitrary<Json> {
  const number = (keyword: string, fallback: number): number =>
    typeof schema[keyword] === 'number' ? schema[keyword] : fallback;
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number': {
      const low = number('minimum', number('exclusiveMinimum', -1000));
      const high = Math.max(low, number('maximum', number('exclusiveMaximum', low + 2000)));
      const inside = fc.integer({ min: Math.ceil(low), max: Math.max(Math.ceil(low), Math.floor(high)) });
      const edges = fc.constantFrom(low, high, low - 1, high + 1);
      if (type === 'integer') return fc.oneof({ weight: 4, arbitrary: inside }, edges);
      return fc.oneof(
        inside,
        edges,
        fc.double({ min: low, max: high, noNaN: true, noDefaultInfinity: true }),
      );
    }
    case 'string':
      return texts(schema);
    case 'array': {
      const { items } = schema;
      const max = Math.min(number('maxItems', 3), 5) + 1;
      const min = Math.max(0, Math.min(number('minItems', 0), max) - 1);
      if (isJsonArray(items))
        return fc.oneof(
          fc.tuple(...items.map((item) => valuesOf(item, lookup, depth + 1))),
          fc.array(anyJson, { maxLength: 3 }),
        );
      if (depth > 4) return fc.constant([]);
      return fc.array(valuesOf(items ?? true, lookup, depth + 1), { minLength: min, maxLength: max });
    }
    case 'object':
      return objects(schema, lookup, depth);
    default:
      return anyJson;
  }
}

function texts(schema: JsonObject): fc.Arbitrary<string> {
  const { pattern, format, minLength = 0, maxLength = 12 } = schema;
  const all: fc.Arbitrary<string>[] = [fc.constantFrom(...ODD_TEXTS)];
  if (typeof pattern === 'string') all.push(fc.stringMatching(new RegExp(pattern)));
  const samples = typeof format === 'string' ? FORMATTED[format] : undefined;
  if (samples !== undefined) all.push(fc.constantFrom(...samples));
  if (pattern === undefined && format === undefined) {
    const [low, high] = [Number(minLength), Number(maxLength)];
    all.push(
      fc.string({ minLength: low, maxLength: Math.max(low, Math.min(high, 60)), unit: 'grapheme-ascii' }),
    );
    if (high < 300) all.push(fc.constantFrom('x'.repeat(high), 'x'.repeat(high + 1), '😀'.repeat(high)));
  }
  return fc.oneof(...all);
}

function objects(schema: JsonObject, lookup: Lookup, depth: number): fc.Arbitrary<Json> {
  const properties = Object.entries(isJsonObject(schema['properties']) ? schema['properties'] : {});
  const required = isJsonArray(schema['required']) ? schema['required'].map(String) : [];
  if (properties.length === 0) {
    const keys = fc.constantFrom('a', 'b', 'c', 'd', 'x_1', 'x_2', 'fixed', 'Big', ...required);
    return fc.dictionary(keys, fc.oneof(fc.nat(9), anyJson), { maxKeys: 4, noNullPrototype: true });
  }
  const drawn = properties.filter(([name]) => required.includes(name) || depth < 3);
  return fc.record(
    Object.fromEntries(drawn.map(([name, property]) => [name, valuesOf(property, lookup, depth + 1)])),
    {
      noNullPrototype: true,
      requiredKeys: required.filter((name) => properties.some(([other]) => other === name)),
    },
  );
}

/** A value with one thing changed somewhere inside: removed, replaced, added or bent. */
export function mutated(value: Json): fc.Arbitrary<Json> {
  const places = placesOf(value);
  return fc
    .tuple(fc.constantFrom(...places), fc.nat(6), anyJson)
    .map(([place, kind, other]) => replaced(value, place, (old) => change(old, kind, other)));
}

type Place = readonly (string | number)[];

function placesOf(value: Json, place: Place = []): Place[] {
  const children = isJsonArray(value)
    ? value.map((item, index) => [index, item] as const)
    : isJsonObject(value)
      ? Object.entries(value)
      : [];
  return [place, ...children.slice(0, 12).flatMap(([key, item]) => placesOf(item, [...place, key]))];
}

/** undefined removes the member. */
function change(old: Json, kind: number, other: Json): Json | undefined {
  switch (kind) {
    case 0:
      return null;
    case 1:
      return undefined;
    case 2:
      return isJsonObject(old) ? { ...old, unknown_member: other } : other;
    case 3:
      return typeof old === 'number' ? old + 0.5 : typeof old === 'string' ? `${old}x` : other;
    case 4:
      return typeof old === 'number' ? -old * 1e6 : typeof old === 'string' ? old.toLowerCase() : [old];
    case 5:
      return isJsonArray(old) ? [...old, ...old] : JSON.stringify(old);
    default:
      return other;
  }
}

function replaced(value: Json, place: Place, update: (old: Json) => Json | undefined): Json {
  const [step, ...rest] = place;
  if (step === undefined) return update(value) ?? null;
  if (isJsonArray(value)) {
    return value.flatMap((item, index) => {
      if (index !== step) return [item];
      const next = rest.length === 0 ? update(item) : replaced(item, rest, update);
      return next === undefined ? [] : [next];
    });
  }
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      if (key !== step) return [[key, item]];
      const next = rest.length === 0 ? update(item) : replaced(item, rest, update);
      return next === undefined ? [] : [[key, next]];
    }),
  );
}
