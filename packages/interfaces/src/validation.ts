// SPDX-License-Identifier: Apache-2.0
// Written by carabiner-codegen. Do not edit.
import { FORMAT_CHECKS } from './formats.js';

export * from './formats.js';

/** One thing that is wrong with a value. */
export interface Issue {
  /** Where, as a JSON pointer; empty for the value itself. */
  readonly path: string;
  /** What was found and what was expected. */
  readonly message: string;
}

/** Decides whether a value conforms to a JSON schema. */
export interface Validator<T = unknown> {
  /** True when `value` conforms. Never throws. */
  is(value: unknown): value is T;
  /** All that is wrong with `value`; empty when it conforms. */
  explain(value: unknown): readonly Issue[];
}

/** A schema as data. */
export type Schema =
  null | boolean | number | string | readonly Schema[] | { readonly [keyword: string]: Schema };
/** The schemas of a file by type. */
export type SchemaFile = { readonly [type: string]: Schema };
/** Schemas that references lead to: `/<file>` → type → schema. */
export type SchemaFiles = { readonly [file: string]: SchemaFile };

/** The keywords of a schema, or the members of any object. */
type Members = { readonly [key: string]: unknown };

/** A plain object: not null, not an array. */
export function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What `value` has under `key` itself: names like `toString` are inherited by every object. */
export function own(value: Members, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** An array whose items are not known yet. */
export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** A number that JSON can carry. */
export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** A number without a fraction. */
export function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

/** True when every key of `value` is among `keys`. */
export function hasOnly(value: Members, keys: ReadonlySet<string>): boolean {
  for (const key in value) if (!keys.has(key)) return false;
  return true;
}

/** Length in Unicode code points, as JSON Schema counts. */
export function lengthOf(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00) {
      length--;
      index++;
    }
  }
  return length;
}

/** Tells whether a text has so many code points. */
export function hasLength(least: number, most = Number.POSITIVE_INFINITY): (text: string) => boolean {
  return (text) => {
    const length = lengthOf(text);
    return length >= least && length <= most;
  };
}

/** True when both are the same JSON. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isArray(a) && isArray(b)) {
    return a.length === b.length && a.every((item, index) => isEqual(item, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key]))
  );
}

/** True when no two items are equal. */
export function isUnique(items: readonly unknown[]): boolean {
  return items.every((item, index) => items.slice(0, index).every((other) => !isEqual(item, other)));
}

/** True when exactly one condition holds. */
export function isExactlyOne(...conditions: readonly boolean[]): boolean {
  return conditions.filter(Boolean).length === 1;
}

/**
 * A validator of straight-line code whose explanations come from the schema itself.
 *
 * @param is decides; generated from `schema`
 * @param files what `$ref`s of the schema lead to, directly and through others
 */
export function validator<T>(
  is: (value: unknown) => boolean,
  schema: Schema,
  files: SchemaFiles = {},
): Validator<T> {
  return { is: is as Validator<T>['is'], explain: (value) => explain(value, schema, files) };
}

/** For a command without result: takes null and nothing at all. */
export const nothing: Validator<null | undefined> = {
  is: (value): value is null | undefined => value === null || value === undefined,
  explain: (value) =>
    value === null || value === undefined ? [] : [{ path: '', message: `${shown(value)} is not null` }],
};

/** The schema of all arguments of a command together: each must be there, no other may. */
export function argumentsSchema(schemas: { readonly [name: string]: Schema }): Schema {
  return {
    type: 'object',
    properties: schemas,
    required: Object.keys(schemas),
    additionalProperties: false,
  };
}

/** True when the value conforms to the schema. Slow; for schemas that have no straight-line code. */
export function conforms(value: unknown, schema: Schema, files: SchemaFiles = {}): boolean {
  return explain(value, schema, files).length === 0;
}

/**
 * All that is wrong with a value, by JSON Schema draft-07; keywords beside a `$ref` do not count. Slower than
 * generated code, and always of the same opinion.
 */
export function explain(value: unknown, schema: Schema, files: SchemaFiles): readonly Issue[] {
  const issues: Issue[] = [];
  new Explainer(files, issues).check(value, schema, '');
  return issues;
}

class Explainer {
  readonly #files: SchemaFiles;
  readonly #issues: Issue[];

  constructor(files: SchemaFiles, issues: Issue[]) {
    this.#files = files;
    this.#issues = issues;
  }

  check(value: unknown, schema: Schema, path: string): void {
    if (schema === false) this.#add(path, 'nothing is allowed here');
    if (!isObject(schema)) return;
    const reference = schema['$ref'];
    if (typeof reference === 'string') {
      const [file = '', type = ''] = reference.split('#/');
      const types = this.#files[`/${file.slice(file.lastIndexOf('/') + 1)}`] ?? {};
      const target = Object.hasOwn(types, type) ? types[type] : undefined;
      if (target === undefined) this.#add(path, `the schema refers to ${reference}, which does not exist`);
      else this.check(value, target, path);
      return;
    }
    const types = isArray(schema['type']) ? schema['type'] : [schema['type']];
    if (schema['type'] !== undefined && !types.some((type) => isOfType(value, type))) {
      this.#add(path, `${shown(value)} is not ${types.map(String).join(' or ')}`);
      return;
    }
    this.#values(value, schema, path);
    if (isNumber(value)) this.#number(value, schema, path);
    else if (typeof value === 'string') this.#text(value, schema, path);
    else if (isArray(value)) this.#array(value, schema, path);
    else if (isObject(value)) this.#object(value, schema, path);
    this.#combinations(value, schema, path);
  }

  #values(value: unknown, schema: Members, path: string): void {
    const { enum: allowed } = schema;
    if (isArray(allowed) && !allowed.some((item) => isEqual(item, value))) {
      this.#add(path, `${shown(value)} is not one of ${allowed.map((item) => String(item)).join(', ')}`);
    }
    if (schema['const'] !== undefined && !isEqual(schema['const'], value)) {
      this.#add(path, `${shown(value)} is not ${shown(schema['const'])}`);
    }
  }

  #number(value: number, schema: Members, path: string): void {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    if (isNumber(minimum) && value < minimum) this.#add(path, `${value} is below the minimum ${minimum}`);
    if (isNumber(maximum) && value > maximum) this.#add(path, `${value} is above the maximum ${maximum}`);
    if (isNumber(exclusiveMinimum) && value <= exclusiveMinimum) {
      this.#add(path, `${value} is not above ${exclusiveMinimum}`);
    }
    if (isNumber(exclusiveMaximum) && value >= exclusiveMaximum) {
      this.#add(path, `${value} is not below ${exclusiveMaximum}`);
    }
    if (isNumber(multipleOf) && !isInteger(value / multipleOf)) {
      this.#add(path, `${value} is not a multiple of ${multipleOf}`);
    }
  }

  #text(value: string, schema: Members, path: string): void {
    const { pattern, format } = schema;
    this.#count(lengthOf(value), 'characters', schema['minLength'], schema['maxLength'], path);
    if (typeof pattern === 'string' && !new RegExp(pattern, 'u').test(value)) {
      this.#add(path, `${shown(value)} does not match ${pattern}`);
    }
    const check = typeof format === 'string' ? FORMAT_CHECKS[format] : undefined;
    if (check !== undefined && !check(value)) this.#add(path, `${shown(value)} is not a ${String(format)}`);
  }

  #array(value: readonly unknown[], schema: Members, path: string): void {
    const { items, additionalItems, contains } = schema as { readonly [keyword: string]: Schema };
    this.#count(value.length, 'items', schema['minItems'], schema['maxItems'], path);
    if (schema['uniqueItems'] === true && !isUnique(value)) this.#add(path, 'items are not all different');
    for (const [index, item] of value.entries()) {
      const own = isArray(items) ? (items[index] ?? additionalItems) : items;
      if (own !== undefined) this.check(item, own, `${path}/${index}`);
    }
    if (contains !== undefined && !value.some((item) => this.#conforms(item, contains))) {
      this.#add(path, 'no item is what one of them must be');
    }
  }

  #object(value: Members, schema: Members, path: string): void {
    const keys = Object.keys(value);
    this.#count(keys.length, 'members', schema['minProperties'], schema['maxProperties'], path);
    for (const name of isArray(schema['required']) ? schema['required'] : []) {
      if (own(value, String(name)) === undefined) this.#add(path, `'${String(name)}' is missing`);
    }
    const properties = isObject(schema['properties']) ? schema['properties'] : {};
    const patterns = Object.entries(isObject(schema['patternProperties']) ? schema['patternProperties'] : {});
    for (const key of keys) {
      const at = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      const own = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const matching = patterns.filter(([pattern]) => new RegExp(pattern, 'u').test(key));
      if (own !== undefined && value[key] !== undefined) this.check(value[key], own as Schema, at);
      for (const [, other] of matching) this.check(value[key], other as Schema, at);
      if (own === undefined && matching.length === 0) {
        const more = schema['additionalProperties'];
        if (more === false) this.#add(at, `'${key}' is not allowed`);
        else if (more !== undefined) this.check(value[key], more as Schema, at);
      }
      if (schema['propertyNames'] !== undefined) this.check(key, schema['propertyNames'] as Schema, at);
    }
    for (const [key, needs] of Object.entries(
      isObject(schema['dependencies']) ? schema['dependencies'] : {},
    )) {
      if (own(value, key) === undefined) continue;
      if (!isArray(needs)) this.check(value, needs as Schema, path);
      else {
        for (const name of needs) {
          if (own(value, String(name)) === undefined)
            this.#add(path, `'${String(name)}' is missing beside '${key}'`);
        }
      }
    }
  }

  #combinations(value: unknown, schema: Members, path: string): void {
    const { allOf, anyOf, oneOf, not, if: condition } = schema as { readonly [keyword: string]: Schema };
    if (isArray(allOf)) for (const part of allOf) this.check(value, part, path);
    if (isArray(anyOf) && !anyOf.some((part) => this.#conforms(value, part))) {
      this.#add(path, `${shown(value)} is none of the allowed alternatives`);
    }
    if (isArray(oneOf) && oneOf.filter((part) => this.#conforms(value, part)).length !== 1) {
      this.#add(path, `${shown(value)} is not exactly one of the allowed alternatives`);
    }
    if (not !== undefined && this.#conforms(value, not))
      this.#add(path, `${shown(value)} is what it must not be`);
    if (condition !== undefined) {
      const branch = schema[this.#conforms(value, condition) ? 'then' : 'else'];
      if (branch !== undefined) this.check(value, branch as Schema, path);
    }
  }

  #count(count: number, what: string, minimum: unknown, maximum: unknown, path: string): void {
    if (isNumber(minimum) && count < minimum) this.#add(path, `${count} ${what} are fewer than ${minimum}`);
    if (isNumber(maximum) && count > maximum) this.#add(path, `${count} ${what} are more than ${maximum}`);
  }

  #conforms(value: unknown, schema: Schema): boolean {
    return explain(value, schema, this.#files).length === 0;
  }

  #add(path: string, message: string): void {
    this.#issues.push({ path, message });
  }
}

function isOfType(value: unknown, type: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'number':
      return isNumber(value);
    case 'integer':
      return isInteger(value);
    case 'array':
      return isArray(value);
    case 'object':
      return isObject(value);
    default:
      return typeof value === type;
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
