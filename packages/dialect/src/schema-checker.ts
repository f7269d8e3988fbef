// SPDX-License-Identifier: Apache-2.0
import type { Finding, YamlPath } from './finding.js';
import { isJsonArray, isJsonObject, kindOf, shown, type Json, type JsonObject } from './json.js';
import { nearestName } from './nearest-name.js';
import { CONSTRAINTS, FORMATS, IGNORED_KEYWORDS, KEYWORDS, SCHEMA_TYPES } from './schema-keywords.js';
import { parseTypeReference, TYPE_REFERENCE_FORM, type TypeReference } from './schema-reference.js';
import { conforms } from './validation.js';
import type { FindingText, YamlSource } from './yaml-source.js';

/** Where a schema stands; the dialect has rules of its own for each. */
export type SchemaRole = 'argument' | 'result' | 'variable' | 'type';

/** A `$ref` with its place. */
export interface PlacedReference extends TypeReference {
  readonly path: YamlPath;
}

const SUBSCHEMAS: ReadonlySet<string> = new Set([
  'additionalItems',
  'additionalProperties',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
]);
const SCHEMA_LISTS: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf']);
const SCHEMA_MAPS: ReadonlySet<string> = new Set([
  'definitions',
  'dependencies',
  'patternProperties',
  'properties',
]);
const COUNTS: ReadonlySet<string> = new Set([
  'maxItems',
  'maxLength',
  'maxProperties',
  'minItems',
  'minLength',
  'minProperties',
]);
const NUMBERS: ReadonlySet<string> = new Set(['exclusiveMaximum', 'exclusiveMinimum', 'maximum', 'minimum']);
const FLAGS: ReadonlySet<string> = new Set(['readOnly', 'uniqueItems', 'writeOnly']);
const TEXTS: ReadonlySet<string> = new Set([
  '$comment',
  '$id',
  '$schema',
  'contentEncoding',
  'contentMediaType',
  'description',
  'title',
]);

const KNOWN: ReadonlySet<string> = new Set(KEYWORDS);

/** Checks schemas against JSON Schema draft-07 and the dialect's own rules. */
export class SchemaChecker {
  readonly #source: YamlSource;
  readonly #findings: Finding[];
  /** Every reference met, in the order of the file. */
  readonly references: PlacedReference[] = [];

  constructor(source: YamlSource, findings: Finding[]) {
    this.#source = source;
    this.#findings = findings;
  }

  /** Checks the schema of an argument, result, variable or named type. */
  check(path: YamlPath, schema: JsonObject, role: SchemaRole): void {
    for (const key of ['type', 'description']) {
      if (schema[key] !== undefined) continue;
      this.#report(path, {
        at: 'key',
        code: 'missing-key',
        message: `'${key}' is missing in the schema of this ${role}`,
        expected: key === 'type' ? `one of ${SCHEMA_TYPES.join(', ')}` : 'a text of at least 2 characters',
      });
    }
    const { description, type } = schema;
    if (typeof description === 'string' && description.length < 2) {
      this.#report([...path, 'description'], {
        code: 'too-short',
        message: `'description' is too short: ${shown(description)}`,
        expected: 'at least 2 characters',
      });
    }
    if (role !== 'type' && schema['default'] !== undefined) {
      this.#report([...path, 'default'], {
        at: 'key',
        code: 'forbidden-keyword',
        message: `'default' is not allowed for a${role === 'argument' ? 'n' : ''} ${role}`,
        expected: 'no default: every message carries every value',
      });
    }
    if ((role === 'argument' || role === 'result') && type === 'null') {
      this.#report([...path, 'type'], {
        code: 'null-type',
        message: `the type of a${role === 'argument' ? 'n' : ''} ${role} cannot be "null"`,
        expected: role === 'result' ? "no 'result' for a command that returns nothing" : 'another type',
      });
    }
    this.#schema(path, schema, role === 'variable' ? ['qos'] : []);
    const { qos } = schema;
    if (role !== 'variable' || qos === undefined) return;
    const float = this.#source.floatText([...path, 'qos']);
    if (![0, 1, 2].includes(qos as number) || float !== undefined) {
      this.#report([...path, 'qos'], {
        code: 'out-of-range',
        message: `'qos' is ${float ?? shown(qos)}`,
        expected: '0, 1 or 2',
      });
    }
  }

  /** Checks a schema that stands in no such place, by JSON Schema alone. */
  checkPlain(path: YamlPath, schema: JsonObject): void {
    this.#schema(path, schema);
  }

  #schema(path: YamlPath, schema: Json | undefined, moreKeys: readonly string[] = []): void {
    if (typeof schema === 'boolean') return;
    if (!isJsonObject(schema)) {
      this.#report(path, { code: 'wrong-type', message: `a schema is ${kindOf(schema)}`, expected: 'a map' });
      return;
    }
    for (const key of Object.keys(schema)) {
      if (KNOWN.has(key) || moreKeys.includes(key) || key.startsWith('x-')) continue;
      if (IGNORED_KEYWORDS.includes(key)) {
        this.#ignored([...path, key], `'${key}' has no effect in this dialect`);
        continue;
      }
      this.#report([...path, key], {
        at: 'key',
        code: 'unknown-keyword',
        message: `unknown keyword '${key}' in a schema`,
        expected: 'a keyword of JSON Schema draft-07',
        suggestion: nearestName(key, [...KEYWORDS, ...moreKeys]),
      });
    }
    if (schema['$ref'] === undefined) this.#keywords(path, schema);
    else this.#reference(path, schema);
  }

  #reference(path: YamlPath, schema: JsonObject): void {
    const reference = schema['$ref'];
    const parsed = typeof reference === 'string' ? parseTypeReference(reference) : undefined;
    if (parsed === undefined) {
      this.#report([...path, '$ref'], {
        code: 'malformed-reference',
        message: `$ref ${shown(reference)} is not a reference to a type`,
        expected: TYPE_REFERENCE_FORM,
      });
    } else {
      this.references.push({ ...parsed, path: [...path, '$ref'] });
    }
    for (const key of Object.keys(schema)) {
      // A type beside a reference is required at the top and often wrong: not worth a warning.
      if (key === 'type' || !Object.hasOwn(CONSTRAINTS, key)) continue;
      this.#ignored([...path, key], `'${key}' has no effect beside $ref`);
    }
    this.#withoutEffect(() => {
      this.#types(path, schema['type']);
      this.#values(path, schema);
    });
  }

  #keywords(path: YamlPath, schema: JsonObject): void {
    const types = this.#types(path, schema['type']);
    if (types !== undefined) this.#fitTypes(path, schema, types);
    this.#values(path, schema);
    this.#order(path, schema, 'minimum', 'maximum');
    this.#order(path, schema, 'minLength', 'maxLength');
    this.#order(path, schema, 'minItems', 'maxItems');
    this.#order(path, schema, 'minProperties', 'maxProperties');
    this.#requiredNames(path, schema);
  }

  /** Keywords and values of `enum` that belong to other types. */
  #fitTypes(path: YamlPath, schema: JsonObject, types: readonly string[]): void {
    for (const key of Object.keys(schema)) {
      const appliesTo = Object.hasOwn(CONSTRAINTS, key) ? CONSTRAINTS[key] : undefined;
      if (appliesTo !== undefined && !typesTake(types, appliesTo)) {
        this.#ignored([...path, key], `'${key}' has no effect on ${types.join(' or ')}`);
      }
    }
    const { enum: allowed } = schema;
    if (!isJsonArray(allowed) || allowed.length === 0) return;
    if (allowed.some((value) => conforms(value, { type: types }))) return;
    this.#report([...path, 'enum'], {
      code: 'empty-enum',
      message: `no value of 'enum' is of type ${types.join(' or ')}: no value fits`,
      expected: `values of type ${types.join(' or ')}`,
    });
  }

  /** The value of each keyword, by the meta-schema. */
  #values(path: YamlPath, schema: JsonObject): void {
    for (const [key, value] of Object.entries(schema)) {
      const at = [...path, key];
      if (key === 'definitions') this.#withoutEffect(() => this.#map(at, value, key));
      else if (SUBSCHEMAS.has(key) && !(key === 'items' && isJsonArray(value))) this.#schema(at, value);
      else if (SCHEMA_LISTS.has(key) || key === 'items') this.#list(at, value);
      else if (SCHEMA_MAPS.has(key)) this.#map(at, value, key);
      else this.#scalar(at, key, value);
    }
  }

  /** Checks what has no effect: references in it lead nowhere and need not resolve. */
  #withoutEffect(check: () => void): void {
    const before = this.references.length;
    check();
    this.references.splice(before);
  }

  #types(path: YamlPath, type: Json | undefined): readonly string[] | undefined {
    if (type === undefined) return undefined;
    const types = isJsonArray(type) ? type : [type];
    const good =
      types.length > 0 &&
      new Set(types).size === types.length &&
      types.every((name) => typeof name === 'string' && SCHEMA_TYPES.includes(name));
    if (good) return types as readonly string[];
    const wrong = types.find((name) => typeof name === 'string' && !SCHEMA_TYPES.includes(name));
    this.#report([...path, 'type'], {
      code: 'unknown-type',
      message: type === null ? '\'type\' is null: write "null" with quotes' : `'type' is ${shown(type)}`,
      expected: `one of ${SCHEMA_TYPES.join(', ')}, or a list of different ones`,
      suggestion: typeof wrong === 'string' ? nearestName(wrong, SCHEMA_TYPES) : undefined,
    });
    return undefined;
  }

  #scalar(path: YamlPath, key: string, value: Json): void {
    const float = COUNTS.has(key) ? this.#source.floatText(path) : undefined;
    const wrong = (expected: string): void =>
      this.#report(path, {
        code: 'bad-keyword-value',
        message: `'${key}' is ${float ?? shown(value)}`,
        expected,
      });
    if (COUNTS.has(key)) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || float !== undefined)
        wrong('an integer not below 0');
    } else if (NUMBERS.has(key)) {
      if (typeof value !== 'number') wrong('a number');
    } else if (key === 'multipleOf') {
      if (typeof value !== 'number' || value <= 0) wrong('a number above 0');
    } else if (FLAGS.has(key)) {
      if (typeof value !== 'boolean') wrong('true or false');
    } else if (key === 'pattern') {
      if (typeof value !== 'string' || !isPattern(value)) wrong('an ECMAScript regular expression');
    } else if (key === 'enum') {
      if (!isJsonArray(value) || value.length === 0) wrong('a list of at least one value');
      else this.#different(path, key, value);
    } else if (key === 'required') {
      if (!isJsonArray(value) || !value.every((name) => typeof name === 'string'))
        wrong('a list of names of properties');
      else this.#different(path, key, value);
    } else if (key === 'format') {
      if (typeof value === 'string' && FORMATS.includes(value)) return;
      this.#report(path, {
        code: 'unknown-format',
        message: `'format' is ${shown(value)}`,
        expected: `one of ${FORMATS.join(', ')}`,
        suggestion: typeof value === 'string' ? nearestName(value, FORMATS) : undefined,
      });
    } else if (key === 'examples') {
      if (!isJsonArray(value)) wrong('a list');
    } else if (TEXTS.has(key)) {
      if (typeof value !== 'string') wrong('a text');
    }
  }

  #different(path: YamlPath, key: string, values: readonly Json[]): void {
    const seen = new Set<string>();
    for (const [index, value] of values.entries()) {
      const text = JSON.stringify(value);
      if (seen.has(text)) {
        this.#report([...path, index], {
          code: 'duplicate-value',
          message: `${text} stands twice in '${key}'`,
        });
      }
      seen.add(text);
    }
  }

  #list(path: YamlPath, value: Json): void {
    if (!isJsonArray(value) || value.length === 0) {
      this.#report(path, {
        code: 'bad-keyword-value',
        message: `'${String(path.at(-1))}' is ${shown(value)}`,
        expected: 'a list of at least one schema',
      });
      return;
    }
    for (const [index, item] of value.entries()) this.#schema([...path, index], item);
  }

  #map(path: YamlPath, value: Json, key: string): void {
    if (!isJsonObject(value)) {
      this.#report(path, {
        code: 'bad-keyword-value',
        message: `'${key}' is ${kindOf(value)}`,
        expected: 'a map of schemas',
      });
      return;
    }
    for (const [name, schema] of Object.entries(value)) {
      if (key === 'patternProperties' && !isPattern(name)) {
        this.#report([...path, name], {
          at: 'key',
          code: 'bad-keyword-value',
          message: `${shown(name)} is not a regular expression`,
          expected: 'an ECMAScript regular expression',
        });
      }
      if (key === 'dependencies' && isJsonArray(schema)) this.#scalar([...path, name], 'required', schema);
      else this.#schema([...path, name], schema);
    }
  }

  #order(path: YamlPath, schema: JsonObject, lower: string, upper: string): void {
    const low = schema[lower];
    const high = schema[upper];
    if (typeof low !== 'number' || typeof high !== 'number' || low <= high) return;
    this.#report([...path, lower], {
      code: 'empty-range',
      message: `'${lower}' ${low} is above '${upper}' ${high}: no value fits`,
      expected: `${lower} not above ${upper}`,
    });
  }

  #requiredNames(path: YamlPath, schema: JsonObject): void {
    const { required, properties, additionalProperties } = schema;
    if (!isJsonArray(required) || additionalProperties !== false) return;
    const names = isJsonObject(properties) ? Object.keys(properties) : [];
    for (const [index, name] of required.entries()) {
      if (typeof name !== 'string' || names.includes(name) || schema['patternProperties'] !== undefined)
        continue;
      this.#report([...path, 'required', index], {
        code: 'unknown-property',
        message: `'${name}' is required but is not a property, and no other is allowed`,
        expected: names.length === 0 ? 'a property' : `one of ${names.join(', ')}`,
        suggestion: nearestName(name, names),
      });
    }
  }

  #ignored(path: YamlPath, message: string): void {
    this.#report(path, { at: 'key', severity: 'warning', code: 'ignored-keyword', message });
  }

  #report(path: YamlPath, text: FindingText): void {
    this.#findings.push(this.#source.finding(path, text));
  }
}

function typesTake(types: readonly string[], wanted: string): boolean {
  return types.some((type) => type === wanted || (wanted === 'number' && type === 'integer'));
}

/** True for a regular expression that ECMAScript takes, read as Unicode. */
export function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}
