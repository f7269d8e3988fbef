// SPDX-License-Identifier: Apache-2.0
import type { ChangeKind, Effect } from './change.js';
import { isJsonArray, isJsonObject, jsonEqual, shown, type Json, type JsonObject } from './json.js';
import { parseTypeReference } from './schema-reference.js';

/** One difference between two schemas. */
export interface SchemaChange extends Effect {
  readonly path: readonly (string | number)[];
  readonly kind: ChangeKind;
  readonly message: string;
}

/** Finds what a reference leads to; undefined when there is nothing. */
export type SchemaLookup = (file: string, type: string) => Json | undefined;

const NARROWS: Effect = { narrows: true, widens: false };
const WIDENS: Effect = { narrows: false, widens: true };
const BOTH: Effect = { narrows: true, widens: true };
const NEITHER: Effect = { narrows: false, widens: false };

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const;
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const;
const FORMATS = ['pattern', 'format', 'multipleOf', 'uniqueItems'] as const;
const RULES = [
  'additionalItems',
  'allOf',
  'anyOf',
  'contains',
  'dependencies',
  'else',
  'if',
  'not',
  'oneOf',
  'patternProperties',
  'propertyNames',
  'then',
] as const;
/** Bounds that change nothing. */
const IDLE: { readonly [keyword: string]: number } = { minLength: 0, minItems: 0, minProperties: 0 };

/**
 * The differences between two versions of a schema. A reference that both versions share is not followed: the type it
 * leads to is compared on its own.
 */
export function compareSchemas(
  before: Json,
  after: Json,
  lookupBefore: SchemaLookup,
  lookupAfter: SchemaLookup,
): SchemaChange[] {
  const comparison = new Comparison(lookupBefore, lookupAfter);
  comparison.compare(before, after, []);
  return comparison.changes;
}

class Comparison {
  readonly changes: SchemaChange[] = [];
  readonly #lookupBefore: SchemaLookup;
  readonly #lookupAfter: SchemaLookup;
  /** Pairs of references that are being compared, against endless recursion. */
  readonly #open = new Set<string>();

  constructor(lookupBefore: SchemaLookup, lookupAfter: SchemaLookup) {
    this.#lookupBefore = lookupBefore;
    this.#lookupAfter = lookupAfter;
  }

  compare(before: Json, after: Json, path: SchemaChange['path']): void {
    const referenceBefore = referenceOf(before);
    const referenceAfter = referenceOf(after);
    if (referenceBefore !== undefined && referenceBefore === referenceAfter) return;
    const pair = `${referenceBefore ?? ''}>${referenceAfter ?? ''}`;
    if (referenceBefore !== undefined || referenceAfter !== undefined) {
      if (this.#open.has(pair)) return;
      this.#open.add(pair);
    }
    this.#compareResolved(resolve(before, this.#lookupBefore), resolve(after, this.#lookupAfter), path);
    this.#open.delete(pair);
  }

  #compareResolved(before: Json, after: Json, path: SchemaChange['path']): void {
    const [old, now] = [asObject(before), asObject(after)];
    if (old === undefined || now === undefined) {
      if (!jsonEqual(before, after)) this.#add(path, 'rule-changed', BOTH, 'the schema was replaced');
      return;
    }
    this.#types(old, now, path);
    this.#values(old, now, path);
    for (const keyword of LOWER) this.#bound(old, now, keyword, 1, path);
    for (const keyword of UPPER) this.#bound(old, now, keyword, -1, path);
    for (const keyword of FORMATS) this.#constraint(old, now, keyword, 'format-changed', path);
    for (const keyword of RULES) {
      if (jsonEqual(bare(old[keyword]), bare(now[keyword]))) continue;
      this.#add([...path, keyword], 'rule-changed', BOTH, `'${keyword}' changed`);
    }
    this.#items(old['items'], now['items'], path);
    this.#properties(old, now, path);
  }

  #types(old: JsonObject, now: JsonObject, path: SchemaChange['path']): void {
    const [before, after] = [typesOf(old), typesOf(now)];
    const effect = {
      narrows: !isSubset(before, after),
      widens: !isSubset(after, before),
    };
    if (!effect.narrows && !effect.widens) return;
    this.#add(
      [...path, 'type'],
      'type-changed',
      effect,
      `type ${shown(old['type'])} → ${shown(now['type'])}`,
    );
  }

  #values(old: JsonObject, now: JsonObject, path: SchemaChange['path']): void {
    const [before, after] = [old['enum'], now['enum']];
    const at = [...path, 'enum'];
    if (isJsonArray(before) && isJsonArray(after)) {
      for (const value of after.filter((item) => !before.some((other) => jsonEqual(item, other)))) {
        this.#add(at, 'enum-value-added', WIDENS, `value ${shown(value)} added`);
      }
      for (const value of before.filter((item) => !after.some((other) => jsonEqual(item, other)))) {
        this.#add(at, 'enum-value-removed', NARROWS, `value ${shown(value)} removed`);
      }
    } else if (before !== undefined)
      this.#add(at, 'enum-value-added', WIDENS, 'the list of values was removed');
    else if (after !== undefined) this.#add(at, 'enum-value-removed', NARROWS, 'a list of values was added');
    this.#constraint(old, now, 'const', 'constant-changed', path);
  }

  /** @param inwards 1 for a lower bound, -1 for an upper one */
  #bound(
    old: JsonObject,
    now: JsonObject,
    keyword: string,
    inwards: 1 | -1,
    path: SchemaChange['path'],
  ): void {
    const open = IDLE[keyword] ?? -inwards * Number.POSITIVE_INFINITY;
    const before = typeof old[keyword] === 'number' ? old[keyword] : open;
    const after = typeof now[keyword] === 'number' ? now[keyword] : open;
    if (before === after) return;
    const narrowed = (after - before) * inwards > 0;
    this.#add(
      [...path, keyword],
      narrowed ? 'range-narrowed' : 'range-widened',
      narrowed ? NARROWS : WIDENS,
      `${keyword} ${shown(old[keyword])} → ${shown(now[keyword])}`,
    );
  }

  #constraint(
    old: JsonObject,
    now: JsonObject,
    keyword: string,
    kind: ChangeKind,
    path: SchemaChange['path'],
  ): void {
    const idle = keyword === 'uniqueItems' ? false : undefined;
    // A constant may be null.
    const [before, after] = [old, now].map((schema) => (keyword in schema ? schema[keyword] : idle));
    if (jsonEqual(before, after)) return;
    const effect = before === idle ? NARROWS : after === idle ? WIDENS : BOTH;
    this.#add([...path, keyword], kind, effect, `${keyword} ${shown(old[keyword])} → ${shown(now[keyword])}`);
  }

  #items(before: Json | undefined, after: Json | undefined, path: SchemaChange['path']): void {
    const at = [...path, 'items'];
    if (before === undefined && after === undefined) return;
    if (isJsonArray(before ?? null) || isJsonArray(after ?? null)) {
      if (!jsonEqual(bare(before), bare(after))) this.#add(at, 'rule-changed', BOTH, "'items' changed");
      return;
    }
    this.compare(before ?? {}, after ?? {}, at);
  }

  #properties(old: JsonObject, now: JsonObject, path: SchemaChange['path']): void {
    const [before, after] = [propertiesOf(old), propertiesOf(now)];
    const [closedBefore, closedAfter] = [
      old['additionalProperties'] === false,
      now['additionalProperties'] === false,
    ];
    const [requiredBefore, requiredAfter] = [requiredOf(old), requiredOf(now)];
    for (const [name, schema] of Object.entries(after)) {
      const at = [...path, 'properties', name];
      const previous = before[name];
      if (previous !== undefined) this.compare(previous, schema, at);
      else if (requiredAfter.has(name)) {
        const effect = closedBefore ? BOTH : NARROWS;
        this.#add(at, 'required-property-added', effect, `required property '${name}' added`);
      } else {
        this.#add(at, 'property-added', closedBefore ? WIDENS : NEITHER, `optional property '${name}' added`);
      }
    }
    for (const name of Object.keys(before)) {
      const at = [...path, 'properties', name];
      if (after[name] === undefined) {
        if (requiredBefore.has(name)) {
          const effect = closedAfter ? BOTH : WIDENS;
          this.#add(at, 'required-property-removed', effect, `required property '${name}' removed`);
        } else {
          this.#add(
            at,
            'property-removed',
            closedAfter ? NARROWS : NEITHER,
            `optional property '${name}' removed`,
          );
        }
      } else if (requiredBefore.has(name) !== requiredAfter.has(name)) {
        const nowRequired = requiredAfter.has(name);
        this.#add(
          at,
          nowRequired ? 'property-now-required' : 'property-now-optional',
          nowRequired ? NARROWS : WIDENS,
          `property '${name}' is now ${nowRequired ? 'required' : 'optional'}`,
        );
      }
    }
    const at = [...path, 'required'];
    for (const name of requiredAfter) {
      if (requiredBefore.has(name) || Object.hasOwn(after, name)) continue;
      this.#add(at, 'property-now-required', NARROWS, `property '${name}' is now required`);
    }
    for (const name of requiredBefore) {
      if (requiredAfter.has(name) || Object.hasOwn(before, name)) continue;
      this.#add(at, 'property-now-optional', WIDENS, `property '${name}' is now optional`);
    }
    this.#otherProperties(old['additionalProperties'] ?? true, now['additionalProperties'] ?? true, path);
  }

  #otherProperties(before: Json, after: Json, path: SchemaChange['path']): void {
    const at = [...path, 'additionalProperties'];
    if (isJsonObject(before) && isJsonObject(after)) this.compare(before, after, at);
    else if (jsonEqual(before, after)) return;
    else if (after === false || before === true) {
      this.#add(
        at,
        'other-properties-forbidden',
        NARROWS,
        'other properties are forbidden or restricted now',
      );
    } else this.#add(at, 'other-properties-allowed', WIDENS, 'other properties are allowed now');
  }

  #add(path: SchemaChange['path'], kind: ChangeKind, effect: Effect, message: string): void {
    this.changes.push({ path, kind, message, ...effect });
  }
}

function asObject(schema: Json): JsonObject | undefined {
  return isJsonObject(schema) ? schema : schema === true ? {} : undefined;
}

function referenceOf(schema: Json): string | undefined {
  return isJsonObject(schema) && typeof schema['$ref'] === 'string' ? schema['$ref'] : undefined;
}

function resolve(schema: Json, lookup: SchemaLookup): Json {
  let current = schema;
  for (let depth = 0; depth < 32; depth++) {
    const reference = referenceOf(current);
    const target = reference === undefined ? undefined : parseTypeReference(reference);
    if (target === undefined) return current;
    current = lookup(target.file, target.type) ?? false;
  }
  return current;
}

function typesOf(schema: JsonObject): ReadonlySet<string> {
  const { type } = schema;
  if (type === undefined)
    return new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']);
  const types = new Set((isJsonArray(type) ? type : [type]).map(String));
  if (types.has('number')) types.add('integer');
  return types;
}

function isSubset(inner: ReadonlySet<string>, outer: ReadonlySet<string>): boolean {
  return [...inner].every((item) => outer.has(item));
}

function propertiesOf(schema: JsonObject): JsonObject {
  return isJsonObject(schema['properties']) ? schema['properties'] : {};
}

function requiredOf(schema: JsonObject): ReadonlySet<string> {
  return new Set(isJsonArray(schema['required']) ? schema['required'].map(String) : []);
}

/** Without prose, so that a changed description is no change. */
function bare(value: Json | undefined): Json | undefined {
  if (isJsonArray(value)) return value.map((item) => bare(item) ?? null);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, item]) => !(['description', 'title', '$comment'].includes(key) && typeof item === 'string'),
      )
      .map(([key, item]) => [key, bare(item) ?? null]),
  );
}
