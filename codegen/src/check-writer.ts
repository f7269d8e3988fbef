// SPDX-License-Identifier: Apache-2.0
import {
  isJsonArray,
  isJsonObject,
  parseTypeReference,
  type Json,
  type JsonObject,
} from '@carabiner/dialect';
import { FORMAT_CHECKS, isInherited, USED_NAMES, VALIDATION_NAMES } from './check-names.js';
import { allOf, anyOf, flatCondition, returnStatement, type Condition } from './condition.js';
import { constantCase, identifier, pascalCase } from './identifiers.js';
import { isOfType, refusesUndefined, typesOf } from './schema-types.js';
import { bracketed, literal, quote } from './source-text.js';

/** An enum longer than this is looked up in a set. */
const LONGEST_CHAIN = 6;

/** Writes functions that decide by straight-line code whether a value conforms to a schema. */
export class CheckWriter {
  /** Functions of the validation module that the code uses. */
  readonly used = new Set<string>();
  readonly #checkOf: (file: string, type: string) => string;
  readonly #names: Set<string>;
  /** Constants and helper functions that the function being written needs. */
  #before: string[] = [];

  /**
   * @param checkOf how the code calls the check of a named type
   * @param names of the module that the code stands in; those of the code are added
   */
  constructor(checkOf: (file: string, type: string) => string, names: Set<string>) {
    this.#checkOf = checkOf;
    this.#names = names;
    for (const name of [...VALIDATION_NAMES, ...USED_NAMES]) names.add(name);
  }

  /** Name of the last function written. */
  last = '';

  /** `name`, or with a number behind it when it is taken. */
  free(name: string): string {
    let free = name;
    for (let count = 2; this.#names.has(free); count++) free = `${name}${count}`;
    return free;
  }

  /**
   * A function, preceded by what it needs.
   *
   * @param name of the function
   * @param type that it narrows to; without one it returns a mere boolean
   */
  function(name: string, schema: Json, type?: string): string {
    this.#names.add(name);
    this.last = name;
    this.#before = [];
    const body = returnStatement(allOf(this.#conditions(schema, 'value', name.replace(/^is/, ''))));
    const parameter = parameterOf(body);
    const head = type === undefined ? `function ${name}` : `export function ${name}`;
    const result = type === undefined ? 'boolean' : `${parameter} is ${type}`;
    return [...this.#before, `${head}(${parameter}: unknown): ${result} {\n${body}}\n`].join('\n');
  }

  /** Conditions that must all hold; none when every value conforms. */
  #conditions(schema: Json, value: string, hint: string): Condition[] {
    if (schema === false) return ['false'];
    if (!isJsonObject(schema)) return [];
    const reference = schema['$ref'];
    if (typeof reference === 'string') {
      const parsed = parseTypeReference(reference);
      return parsed === undefined ? ['false'] : [`${this.#checkOf(parsed.file, parsed.type)}(${value})`];
    }
    const conditions = this.#enumConditions(schema, value, hint);
    const types = typesOf(schema);
    if (types !== undefined && conditions.length === 0) {
      conditions.push(anyOf(types.map((type) => this.#typeTest(type, value))));
    }
    for (const [type, test, group] of [
      ['number', this.#later('isNumber'), this.#numberConditions(schema, value)],
      ['string', undefined, this.#textConditions(schema, value, hint)],
      ['array', this.#later('isArray'), this.#arrayConditions(schema, value, hint)],
      ['object', this.#later('isObject'), this.#objectConditions(schema, value, hint)],
    ] as const) {
      if (group.length === 0) continue;
      if (
        types !== undefined &&
        !types.some((name) => name === type || (name === 'integer' && type === 'number'))
      ) {
        continue;
      }
      if (types?.length === 1 && schema['enum'] === undefined && schema['const'] === undefined)
        conditions.push(...group);
      else {
        const guard = test === undefined ? `typeof ${value} !== 'string'` : `!${test()}(${value})`;
        conditions.push(anyOf([guard, allOf(group)]));
      }
    }
    return [...conditions, ...this.#combinations(schema, value, hint)];
  }

  #typeTest(type: string, value: string): string {
    switch (type) {
      case 'null':
        return `${value} === null`;
      case 'string':
      case 'boolean':
        return `typeof ${value} === '${type}'`;
      default:
        return `${this.#use(`is${type.charAt(0).toUpperCase()}${type.slice(1)}`)}(${value})`;
    }
  }

  #enumConditions(schema: JsonObject, value: string, hint: string): Condition[] {
    const conditions: Condition[] = [];
    const types = typesOf(schema);
    const fits = (item: Json): boolean => types?.some((type) => isOfType(item, type)) ?? true;
    const allowed = schema['enum'];
    if (isJsonArray(allowed)) {
      const values = allowed.filter(fits);
      if (values.length > LONGEST_CHAIN && values.every((item) => typeof item === 'string')) {
        const name = this.#constant(`${hint}Values`);
        this.#before.push(
          `const ${name}: ReadonlySet<unknown> = new Set(${bracketed('[', values.map(quote), ']', { column: name.length + 42 })});\n`,
        );
        conditions.push(`${name}.has(${value})`);
      } else {
        conditions.push(
          values.length === 0 ? 'false' : anyOf(values.map((item) => this.#equals(value, item))),
        );
      }
    }
    const constant = schema['const'];
    if (constant !== undefined) conditions.push(fits(constant) ? this.#equals(value, constant) : 'false');
    return conditions;
  }

  #equals(value: string, item: Json): string {
    if (typeof item === 'object' && item !== null)
      return `${this.#use('isEqual')}(${value}, ${literal(item)})`;
    return `${value} === ${literal(item)}`;
  }

  #numberConditions(schema: JsonObject, value: string): Condition[] {
    const conditions: Condition[] = [];
    for (const [keyword, sign] of [
      ['minimum', '>='],
      ['maximum', '<='],
      ['exclusiveMinimum', '>'],
      ['exclusiveMaximum', '<'],
    ] as const) {
      const bound = schema[keyword];
      if (typeof bound === 'number') conditions.push(`${value} ${sign} ${bound}`);
    }
    const step = schema['multipleOf'];
    if (typeof step === 'number') conditions.push(`${this.#use('isInteger')}(${value} / ${step})`);
    return conditions;
  }

  #textConditions(schema: JsonObject, value: string, hint: string): Condition[] {
    const { minLength, maxLength, pattern, format } = schema;
    const conditions: Condition[] = [];
    if (typeof minLength === 'number') conditions.push(`${this.#use('lengthOf')}(${value}) >= ${minLength}`);
    if (typeof maxLength === 'number') conditions.push(`${this.#use('lengthOf')}(${value}) <= ${maxLength}`);
    if (typeof pattern === 'string') conditions.push(`${this.#pattern(pattern, hint)}.test(${value})`);
    const check = typeof format === 'string' ? FORMAT_CHECKS[format] : undefined;
    if (check !== undefined) conditions.push(`${this.#use(check)}(${value})`);
    return conditions;
  }

  #arrayConditions(schema: JsonObject, value: string, hint: string): Condition[] {
    const { minItems, maxItems, items, additionalItems, contains } = schema;
    const conditions: Condition[] = [];
    if (typeof minItems === 'number') conditions.push(`${value}.length >= ${minItems}`);
    if (typeof maxItems === 'number') conditions.push(`${value}.length <= ${maxItems}`);
    if (isJsonArray(items)) {
      for (const [index, item] of items.entries()) {
        const own = this.#nested(item, `${value}[${index}]`, `${hint}Item${index}`);
        if (own.length > 0) conditions.push(anyOf([`${value}.length <= ${index}`, allOf(own)]));
      }
      if (additionalItems !== undefined) {
        conditions.push(
          ...this.#each(`${value}.slice(${items.length})`, 'every', additionalItems, `${hint}Item`),
        );
      }
    } else if (items !== undefined) conditions.push(...this.#each(value, 'every', items, `${hint}Item`));
    if (contains !== undefined) {
      const some = this.#each(value, 'some', contains, `${hint}Item`);
      conditions.push(...(some.length === 0 ? [`${value}.length > 0`] : some));
    }
    if (schema['uniqueItems'] === true) conditions.push(`${this.#use('isUnique')}(${value})`);
    return conditions;
  }

  #each(array: string, method: 'every' | 'some', schema: Json, hint: string): Condition[] {
    const conditions = this.#nested(schema, 'item', hint);
    if (conditions.length === 0) return [];
    const test = flatCondition(allOf(conditions));
    const call = /^([\w$.]+)\(item\)$/.exec(test);
    const parameter = mentions(test, 'item') ? 'item' : '';
    return [`${array}.${method}(${call?.[1] ?? `(${parameter}) => ${test}`})`];
  }

  #objectConditions(schema: JsonObject, value: string, hint: string): Condition[] {
    const { minProperties, maxProperties, propertyNames, dependencies } = schema;
    const conditions: Condition[] = [];
    const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
    const required = isJsonArray(schema['required']) ? schema['required'].map(String) : [];
    for (const [name, property] of Object.entries(properties)) {
      const member = this.#member(value, name);
      // The compiler narrows no call: what is read by one needs a function.
      const own = isInherited(name)
        ? this.#delegated(property, member, hint + pascalCase(name))
        : this.#nested(property, member, hint + pascalCase(name));
      if (required.includes(name)) {
        conditions.push(...(refusesUndefined(property) ? [] : [`${member} !== undefined`]), ...own);
      } else if (own.length > 0) conditions.push(anyOf([`${member} === undefined`, allOf(own)]));
    }
    for (const name of required) {
      if (!Object.hasOwn(properties, name)) conditions.push(`${this.#member(value, name)} !== undefined`);
    }
    if (typeof minProperties === 'number')
      conditions.push(`Object.keys(${value}).length >= ${minProperties}`);
    if (typeof maxProperties === 'number')
      conditions.push(`Object.keys(${value}).length <= ${maxProperties}`);
    conditions.push(...this.#otherMembers(schema, value, hint, Object.keys(properties)));
    if (propertyNames !== undefined) {
      const own = this.#nested(propertyNames, 'key', `${hint}Key`);
      const test = flatCondition(allOf(own));
      const parameter = mentions(test, 'key') ? 'key: unknown' : '';
      if (own.length > 0) conditions.push(`Object.keys(${value}).every((${parameter}) => ${test})`);
    }
    for (const [name, needs] of Object.entries(isJsonObject(dependencies) ? dependencies : {})) {
      const own = isJsonArray(needs)
        ? needs
            .filter((other) => typeof other === 'string')
            .map((other) => `${this.#member(value, other)} !== undefined`)
        : this.#nested(needs, value, hint);
      if (own.length > 0) conditions.push(anyOf([`${this.#member(value, name)} === undefined`, allOf(own)]));
    }
    return conditions;
  }

  #member(value: string, name: string): string {
    return isInherited(name) ? `${this.#use('own')}(${value}, ${quote(name)})` : `${value}[${quote(name)}]`;
  }

  #otherMembers(schema: JsonObject, value: string, hint: string, names: readonly string[]): Condition[] {
    const more = schema['additionalProperties'];
    const patterns = Object.entries(
      isJsonObject(schema['patternProperties']) ? schema['patternProperties'] : {},
    );
    if (patterns.length === 0 && (more === undefined || more === true)) return [];
    let known: string | undefined;
    if (names.length > 0 || (more === false && patterns.length === 0)) {
      known = this.#constant(`${hint}Keys`);
      this.#before.push(
        names.length === 0
          ? `const ${known}: ReadonlySet<string> = new Set();\n`
          : `const ${known}: ReadonlySet<string> = new Set(${bracketed('[', names.map(quote), ']', { column: known.length + 41 })});\n`,
      );
    }
    if (more === false && patterns.length === 0 && known !== undefined) {
      return [`${this.#use('hasOnly')}(${value}, ${known})`];
    }
    const tests: string[] = [];
    const conditions: Condition[] = [];
    for (const [pattern, other] of patterns) {
      const test = `${this.#pattern(pattern, `${hint}Key`)}.test(key)`;
      tests.push(test);
      const own = this.#nested(other, 'item', `${hint}Member`);
      if (own.length > 0) conditions.push(anyOf([`!${test}`, allOf(own)]));
    }
    const own = more === undefined ? [] : this.#nested(more, 'item', `${hint}Member`);
    if (own.length > 0) {
      conditions.push(anyOf([...(known === undefined ? [] : [`${known}.has(key)`]), ...tests, allOf(own)]));
    }
    if (conditions.length === 0) return [];
    const test = flatCondition(allOf(conditions));
    const [key, item] = ['key', 'item'].map((name) => (mentions(test, name) ? name : ''));
    return [`Object.entries(${value}).every(([${key}${item === '' ? '' : `, ${item}`}]) => ${test})`];
  }

  #combinations(schema: JsonObject, value: string, hint: string): Condition[] {
    const conditions: Condition[] = [];
    const alternatives = (keyword: string): Condition[] | undefined => {
      const list = schema[keyword];
      if (!isJsonArray(list)) return undefined;
      return list.map((part, index) => allOf(this.#nested(part, value, `${hint}Option${index}`)));
    };
    conditions.push(...(alternatives('allOf') ?? []).filter((condition) => condition !== 'true'));
    const any = alternatives('anyOf');
    if (any !== undefined && !any.includes('true')) conditions.push(anyOf(any));
    const one = alternatives('oneOf');
    if (one !== undefined) {
      const tests = one.map((condition) => flatCondition(condition)).join(', ');
      conditions.push(`${this.#use('isExactlyOne')}(${tests})`);
    }
    if (schema['not'] !== undefined) {
      const not = this.#nested(schema['not'], value, `${hint}Not`);
      conditions.push(not.length === 0 ? 'false' : `!(${flatCondition(allOf(not))})`);
    }
    if (schema['if'] !== undefined) {
      const branch = (keyword: string): Condition[] =>
        this.#nested(schema[keyword] ?? true, value, hint + pascalCase(keyword));
      const flat = (parts: readonly Condition[]): string => flatCondition(allOf(parts), true);
      const test = flat(branch('if'));
      // The compiler takes a branch that is never reached amiss.
      if (test === 'true') conditions.push(...branch('then'));
      else if (test === 'false') conditions.push(...branch('else'));
      else conditions.push(`(${test} ? ${flat(branch('then'))} : ${flat(branch('else'))})`);
    }
    return conditions;
  }

  /**
   * Conditions for a value inside another. Those of an object go into a function of their own: a person can read it, and
   * the compiler follows narrowing only so deep.
   */
  #nested(schema: Json, value: string, hint: string): Condition[] {
    const inObject =
      isJsonObject(schema) &&
      schema['$ref'] === undefined &&
      NESTING.some((key) => schema[key] !== undefined);
    return inObject ? this.#delegated(schema, value, hint) : this.#conditions(schema, value, hint);
  }

  /** Conditions in a function of their own, as a call of it. */
  #delegated(schema: Json, value: string, hint: string): Condition[] {
    const name = this.#unique(`is${identifier(hint)}`);
    const conditions = this.#conditions(schema, 'value', hint);
    if (conditions.length === 0) return [];
    const body = returnStatement(allOf(conditions));
    this.#before.push(`function ${name}(${parameterOf(body)}: unknown): boolean {\n${body}}\n`);
    return [`${name}(${value})`];
  }

  #pattern(pattern: string, hint: string): string {
    const name = this.#constant(`${hint}Pattern`);
    this.#before.push(`const ${name} = /${new RegExp(pattern, 'u').source}/u;\n`);
    return name;
  }

  #constant(hint: string): string {
    return this.#unique(constantCase(hint));
  }

  #unique(name: string): string {
    const unique = this.free(name);
    this.#names.add(unique);
    return unique;
  }

  #use(name: string): string {
    this.used.add(name);
    return name;
  }

  #later(name: string): () => string {
    return () => this.#use(name);
  }
}

/** A parameter that is not used says so by its name, for compilers that mind. */
function parameterOf(body: string): string {
  return mentions(body, 'value') ? 'value' : '_value';
}

function mentions(code: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(code);
}

/** Keywords that make an inline schema a function of its own. */
const NESTING = [
  'properties',
  'additionalProperties',
  'patternProperties',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
];
