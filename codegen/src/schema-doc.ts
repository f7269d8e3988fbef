// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from '@carabiner/dialect';

/** Units by the suffix that names carry. */
const UNITS: { readonly [suffix: string]: string } = {
  A: 'A',
  C: '°C',
  Hz: 'Hz',
  Ohm: 'Ω',
  V: 'V',
  VA: 'VA',
  VAR: 'var',
  VARh: 'varh',
  W: 'W',
  Wh: 'Wh',
  kW: 'kW',
  kWh: 'kWh',
  mA: 'mA',
  mV: 'mV',
  min: 'min',
  ms: 'ms',
  percent: '%',
  s: 's',
};

/** What a person should know of a value: description, unit, range. */
export function schemaDoc(name: string, schema: JsonObject): string {
  const description = typeof schema['description'] === 'string' ? schema['description'].trim() : '';
  const facts = [unitOf(name, schema), schema['$ref'] === undefined ? rangeOf(schema) : undefined];
  const text = facts.filter((fact) => fact !== undefined).join('; ');
  return text === '' ? description : `${description}\n${text}`;
}

/** "unit W", by the suffix of the name; undefined when it has none. */
function unitOf(name: string, schema: JsonObject): string | undefined {
  const suffix = name.slice(name.lastIndexOf('_') + 1);
  const unit = suffix === name || !Object.hasOwn(UNITS, suffix) ? undefined : UNITS[suffix];
  const numeric = schema['type'] === 'number' || schema['type'] === 'integer';
  return unit === undefined || !numeric ? undefined : `Unit: ${unit}`;
}

/** The bounds of a value in words; undefined when there are none. */
export function rangeOf(schema: JsonObject): string | undefined {
  const facts: string[] = [];
  const say = (keyword: string, text: (value: string) => string): void => {
    const value = schema[keyword];
    if (typeof value === 'number' || typeof value === 'string') facts.push(text(String(value)));
  };
  if (schema['type'] === 'integer') facts.push('integer');
  const range = span(schema, 'minimum', 'maximum');
  if (range !== undefined) facts.push(range);
  say('exclusiveMinimum', (value) => `above ${value}`);
  say('exclusiveMaximum', (value) => `below ${value}`);
  say('multipleOf', (value) => `in steps of ${value}`);
  const length = span(schema, 'minLength', 'maxLength');
  if (length !== undefined) facts.push(`${length} characters`);
  const items = span(schema, 'minItems', 'maxItems');
  if (items !== undefined) facts.push(`${items} items`);
  if (schema['uniqueItems'] === true) facts.push('all different');
  say('format', (value) => (value === 'date-time' ? 'RFC 3339 date-time' : value));
  say('pattern', (value) => `matches \`${value}\``);
  if (facts.length === 0) return undefined;
  const text = facts.join(', ');
  return text === 'integer' ? 'Integer' : `Range: ${text}`;
}

function span(schema: JsonObject, lower: string, upper: string): string | undefined {
  const low = schema[lower];
  const high = schema[upper];
  if (typeof low === 'number' && typeof high === 'number') return `${low} … ${high}`;
  if (typeof low === 'number') return `≥ ${low}`;
  return typeof high === 'number' ? `≤ ${high}` : undefined;
}
