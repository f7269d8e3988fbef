// SPDX-License-Identifier: Apache-2.0
import type { Finding } from './finding.js';
import { isJsonArray, kindOf, shown, type Json, type JsonObject } from './json.js';
import type { MapChecker } from './map-checker.js';
import { nearestName } from './nearest-name.js';
import { NAME, isSecretName } from './names.js';
import { SchemaChecker } from './schema-checker.js';
import { CONSTRAINTS, IGNORED_KEYWORDS, KEYWORDS } from './schema-keywords.js';
import { conforms, lengthOf } from './validation.js';
import { INT32_MAX, INT32_MIN } from './yaml-nodes.js';

export type ConfigType = 'string' | 'number' | 'integer' | 'boolean';
export type Mutability = 'ReadOnly' | 'ReadWrite' | 'WriteOnly';
/** The values a configuration can hold. */
export type ConfigValue = string | number | boolean;

/** A configuration parameter as a manifest declares it. One without a default is mandatory. */
export interface ConfigParameterModel {
  readonly type: ConfigType;
  readonly description: string;
  readonly default?: ConfigValue;
  readonly mutability: Mutability;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly enum?: readonly ConfigValue[];
  /** In code points. */
  readonly minLength?: number;
  /** In code points. */
  readonly maxLength?: number;
  /** ECMAScript, not anchored. */
  readonly pattern?: string;
  /** Further keywords of JSON Schema draft-07 that decide about values: `format`, `const`, `oneOf` … */
  readonly rules?: JsonObject;
}

/** Parameters by name, in the order of the manifest. */
export interface ConfigParameters {
  readonly [name: string]: ConfigParameterModel;
}

/** What is wrong with a value. */
export interface ConfigProblem {
  readonly code: 'wrong-type' | 'out-of-range' | 'not-allowed';
  readonly message: string;
  readonly expected: string;
  readonly suggestion?: string;
}

const CONFIG_TYPES: readonly string[] = ['boolean', 'integer', 'number', 'string'];
const MUTABILITIES: readonly string[] = ['ReadOnly', 'ReadWrite', 'WriteOnly'];
const NUMBER_KEYWORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'] as const;
const LENGTH_KEYWORDS = ['minLength', 'maxLength'] as const;
const KNOWN_KEYS = [
  'type',
  'description',
  'default',
  'mutability',
  'enum',
  'pattern',
  'required',
  'title',
  'examples',
  'format',
  ...NUMBER_KEYWORDS,
  ...LENGTH_KEYWORDS,
];
/** Keywords that are checked as in any schema. A reference is none of them: it would replace the parameter. */
const SCHEMA_KEYWORDS: readonly string[] = [
  'title',
  'examples',
  'format',
  ...[...KEYWORDS, ...IGNORED_KEYWORDS].filter((key) => key !== '$ref' && !KNOWN_KEYS.includes(key)),
];

/**
 * True for a parameter whose value must not be shown: one that can only be written, or whose name says that it holds a
 * secret (password, key, token …).
 */
export function isSecretParameter(
  name: string,
  { mutability }: Pick<ConfigParameterModel, 'mutability'>,
): boolean {
  return mutability === 'WriteOnly' || isSecretName(name);
}

/**
 * Checks a value against its parameter: type (an integer serves as a `number`, nothing else is converted; integers have
 * 32 bits), range, length, pattern, enum, and what else its schema says.
 *
 * @param float how a file writes the value with a fraction or an exponent, see {@link YamlSource.floatText}: such a
 * number is no integer
 * @returns undefined when the value is good
 */
export function checkConfigValue(
  name: string,
  parameter: ConfigParameterModel,
  value: Json | undefined,
  float?: string,
): ConfigProblem | undefined {
  const expected = describeConfigValue(parameter);
  const found = (text: string): string => (isSecretParameter(name, parameter) ? 'not shown' : text);
  if (parameter.type === 'integer' && Number.isInteger(value) && float !== undefined) {
    return { code: 'wrong-type', message: `'${name}' is a number: ${found(float)}`, expected };
  }
  const fits = parameter.type === 'integer' ? Number.isInteger(value) : typeof value === parameter.type;
  if (!fits) {
    return { code: 'wrong-type', message: `'${name}' is ${kindOf(value)}: ${found(shown(value))}`, expected };
  }
  const wrong = `'${name}' is ${found(shown(value))}`;
  if (parameter.type === 'integer' && !isInt32(value)) {
    return { code: 'out-of-range', message: wrong, expected: `${expected} that fits in 32 bits` };
  }
  if (parameter.enum !== undefined && !parameter.enum.some((allowed) => allowed === value)) {
    const suggestion =
      typeof value === 'string'
        ? nearestName(
            value,
            parameter.enum.filter((allowed) => typeof allowed === 'string'),
          )
        : undefined;
    return {
      code: 'not-allowed',
      message: wrong,
      expected,
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }
  const inRange =
    typeof value === 'number'
      ? numberFits(parameter, value)
      : typeof value === 'string'
        ? textFits(parameter, value)
        : true;
  if (!inRange) return { code: 'out-of-range', message: wrong, expected };
  return conforms(value, parameter.rules ?? true)
    ? undefined
    : { code: 'not-allowed', message: wrong, expected };
}

function isInt32(value: Json | undefined): boolean {
  return typeof value === 'number' && value >= INT32_MIN && value <= INT32_MAX;
}

/** What a parameter takes, for messages: "an integer from 1 to 10", "one of AC, DC" … */
export function describeConfigValue(parameter: ConfigParameterModel): string {
  const { rules } = parameter;
  const plain = describePlainly(parameter);
  return rules === undefined ? plain : `${plain} that conforms to ${shown(rules)}`;
}

function describePlainly(parameter: ConfigParameterModel): string {
  if (parameter.enum !== undefined) return `one of ${parameter.enum.map(String).join(', ')}`;
  switch (parameter.type) {
    case 'boolean':
      return 'true or false';
    case 'string':
      return describeText(parameter);
    default:
      return describeNumber(parameter);
  }
}

function describeNumber(parameter: ConfigParameterModel): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = parameter;
  const parts = [parameter.type === 'integer' ? 'an integer' : 'a number'];
  if (minimum !== undefined) parts.push(`from ${minimum}`);
  if (exclusiveMinimum !== undefined) parts.push(`above ${exclusiveMinimum}`);
  if (maximum !== undefined) parts.push(minimum === undefined ? `up to ${maximum}` : `to ${maximum}`);
  if (exclusiveMaximum !== undefined) parts.push(`below ${exclusiveMaximum}`);
  if (multipleOf !== undefined) parts.push(`in steps of ${multipleOf}`);
  return parts.join(' ');
}

function describeText(parameter: ConfigParameterModel): string {
  const { minLength, maxLength, pattern } = parameter;
  const parts = ['a text'];
  if (minLength !== undefined && maxLength !== undefined)
    parts.push(`of ${minLength} to ${maxLength} characters`);
  else if (minLength !== undefined) parts.push(`of at least ${minLength} characters`);
  else if (maxLength !== undefined) parts.push(`of at most ${maxLength} characters`);
  if (pattern !== undefined) parts.push(`that matches ${pattern}`);
  return parts.join(' ');
}

function numberFits(parameter: ConfigParameterModel, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = parameter;
  return (
    Number.isFinite(value) &&
    (minimum === undefined || value >= minimum) &&
    (maximum === undefined || value <= maximum) &&
    (exclusiveMinimum === undefined || value > exclusiveMinimum) &&
    (exclusiveMaximum === undefined || value < exclusiveMaximum) &&
    (multipleOf === undefined || Number.isInteger(value / multipleOf))
  );
}

function textFits(parameter: ConfigParameterModel, value: string): boolean {
  const { minLength, maxLength, pattern } = parameter;
  const length = lengthOf(value);
  return (
    (minLength === undefined || length >= minLength) &&
    (maxLength === undefined || length <= maxLength) &&
    (pattern === undefined || new RegExp(pattern, 'u').test(value))
  );
}

/** Reads a `config` map of a manifest. */
export function readConfigParameters(config: MapChecker): ConfigParameters {
  return Object.fromEntries(
    config.entries(NAME, 'a parameter').map(([name, entry]) => [name, readParameter(name, entry)]),
  );
}

function readParameter(name: string, entry: MapChecker): ConfigParameterModel {
  for (const key of Object.keys(entry.value)) {
    if (!KNOWN_KEYS.includes(key) && !SCHEMA_KEYWORDS.includes(key) && !key.startsWith('x-')) {
      entry.unknownKey(key, KNOWN_KEYS, `parameter '${name}'`);
    }
  }
  const before = errorCount(entry.findings);
  const given = oneOf(entry, 'type', CONFIG_TYPES);
  const type = given ?? 'string';
  if (entry.value['required'] !== undefined) {
    entry.report(['required'], {
      at: 'key',
      severity: 'warning',
      code: 'ignored-keyword',
      message: "'required' has no meaning on a parameter",
      expected: 'no default, to make a parameter mandatory',
    });
  }
  const parameter: Record<string, Json> = {
    type,
    description: entry.text('description'),
    mutability: oneOf(entry, 'mutability', MUTABILITIES, 'ReadOnly') ?? 'ReadOnly',
  };
  for (const keyword of NUMBER_KEYWORDS)
    copyNumber(entry, parameter, keyword, keyword === 'multipleOf' ? 'positive' : 'any');
  for (const keyword of LENGTH_KEYWORDS) copyNumber(entry, parameter, keyword, 'count');
  checkOrder(entry, parameter, 'minimum', 'maximum');
  checkOrder(entry, parameter, 'minLength', 'maxLength');
  copyPattern(entry, parameter);
  copyEnum(entry, parameter, given);
  copyRules(entry, parameter, given);
  const fallback = entry.value['default'];
  if (fallback !== undefined) {
    // With an error above, the default would only be reported for the same mistake again.
    const model = parameter as unknown as ConfigParameterModel;
    const float = entry.source.floatText([...entry.path, 'default']);
    const problem =
      errorCount(entry.findings) > before ? undefined : checkConfigValue(name, model, fallback, float);
    if (problem === undefined) parameter['default'] = fallback;
    else {
      entry.report(['default'], {
        ...problem,
        code: 'bad-default',
        message: `the default of '${name}' is ${float ?? shown(fallback)}`,
      });
    }
  }
  return parameter as unknown as ConfigParameterModel;
}

function errorCount(findings: readonly Finding[]): number {
  return findings.filter((finding) => finding.severity === 'error').length;
}

function oneOf(
  entry: MapChecker,
  key: string,
  allowed: readonly string[],
  fallback?: string,
): string | undefined {
  const value = entry.value[key];
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value === 'string' && allowed.includes(value)) return value;
  entry.report(value === undefined ? [] : [key], {
    at: value === undefined ? 'key' : 'value',
    code: value === undefined ? 'missing-key' : 'not-allowed',
    message: value === undefined ? `'${key}' is missing` : `'${key}' is ${shown(value)}`,
    expected: `one of ${allowed.join(', ')}`,
    suggestion: typeof value === 'string' ? nearestName(value, allowed) : undefined,
  });
  return undefined;
}

function copyNumber(
  entry: MapChecker,
  parameter: Record<string, Json>,
  keyword: string,
  range: 'any' | 'positive' | 'count',
): void {
  const value = entry.value[keyword];
  if (value === undefined) return;
  const float = range === 'count' ? entry.source.floatText([...entry.path, keyword]) : undefined;
  const good =
    typeof value === 'number' &&
    (range === 'any' || (range === 'positive' ? value > 0 : Number.isInteger(value) && value >= 0));
  if (good && float === undefined) {
    parameter[keyword] = value;
    return;
  }
  entry.report([keyword], {
    code: 'wrong-type',
    message: `'${keyword}' is ${float ?? shown(value)}`,
    expected:
      range === 'any' ? 'a number' : range === 'positive' ? 'a number above 0' : 'an integer not below 0',
  });
}

function checkOrder(entry: MapChecker, parameter: Record<string, Json>, lower: string, upper: string): void {
  const low = parameter[lower];
  const high = parameter[upper];
  if (typeof low !== 'number' || typeof high !== 'number' || low <= high) return;
  entry.report([lower], {
    code: 'empty-range',
    message: `'${lower}' ${low} is above '${upper}' ${high}: no value fits`,
    expected: `${lower} not above ${upper}`,
  });
}

function copyPattern(entry: MapChecker, parameter: Record<string, Json>): void {
  const value = entry.value['pattern'];
  if (value === undefined) return;
  try {
    if (typeof value !== 'string') throw new TypeError('not a text');
    new RegExp(value, 'u');
    parameter['pattern'] = value;
  } catch {
    entry.report(['pattern'], {
      code: 'bad-pattern',
      message: `'pattern' is ${shown(value)}`,
      expected: 'an ECMAScript regular expression',
    });
  }
}

function copyEnum(entry: MapChecker, parameter: Record<string, Json>, type: string | undefined): void {
  const value = entry.value['enum'];
  if (value === undefined) return;
  if (isJsonArray(value) && value.length > 0 && value.every(isConfigValue)) {
    parameter['enum'] = value;
    // As in any schema: values that stand twice, or none of the type.
    checkSchema(entry, type, ['enum']);
    return;
  }
  entry.report(['enum'], {
    code: 'wrong-type',
    message: `'enum' is ${shown(value)}`,
    expected: 'a list of at least one text, number, true or false',
  });
}

function copyRules(entry: MapChecker, parameter: Record<string, Json>, type: string | undefined): void {
  const before = errorCount(entry.findings);
  checkSchema(entry, type, SCHEMA_KEYWORDS);
  const rules = Object.entries(entry.value).filter(
    ([key]) => SCHEMA_KEYWORDS.includes(key) && Object.hasOwn(CONSTRAINTS, key),
  );
  // A schema with errors cannot decide about values.
  if (rules.length > 0 && errorCount(entry.findings) === before)
    parameter['rules'] = Object.fromEntries(rules);
}

function checkSchema(entry: MapChecker, type: string | undefined, keywords: readonly string[]): void {
  const members = Object.entries(entry.value).filter(([key]) => keywords.includes(key));
  const checker = new SchemaChecker(entry.source, entry.findings);
  checker.checkPlain(
    entry.path,
    Object.fromEntries(type === undefined ? members : [['type', type], ...members]),
  );
  for (const { path } of checker.references) {
    entry.report(path.slice(entry.path.length), {
      at: 'key',
      code: 'forbidden-keyword',
      message: 'the schema of a parameter cannot refer to a type',
      expected: 'the schema itself',
    });
  }
}

/** True for a text, a number, `true` and `false`. */
export function isConfigValue(value: Json | undefined): value is ConfigValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
