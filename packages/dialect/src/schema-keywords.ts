// SPDX-License-Identifier: Apache-2.0

/** Types of JSON Schema draft-07. */
export const SCHEMA_TYPES: readonly string[] = [
  'array',
  'boolean',
  'integer',
  'null',
  'number',
  'object',
  'string',
];

/** Keywords that decide about values, with the type each one applies to; undefined for those that apply to all. */
export const CONSTRAINTS: { readonly [keyword: string]: string | undefined } = {
  type: undefined,
  enum: undefined,
  const: undefined,
  allOf: undefined,
  anyOf: undefined,
  oneOf: undefined,
  not: undefined,
  if: undefined,
  then: undefined,
  else: undefined,
  properties: 'object',
  required: 'object',
  additionalProperties: 'object',
  patternProperties: 'object',
  propertyNames: 'object',
  minProperties: 'object',
  maxProperties: 'object',
  dependencies: 'object',
  items: 'array',
  additionalItems: 'array',
  contains: 'array',
  minItems: 'array',
  maxItems: 'array',
  uniqueItems: 'array',
  minLength: 'string',
  maxLength: 'string',
  pattern: 'string',
  format: 'string',
  minimum: 'number',
  maximum: 'number',
  exclusiveMinimum: 'number',
  exclusiveMaximum: 'number',
  multipleOf: 'number',
};

/** Keywords that say something to people only. */
export const ANNOTATIONS: readonly string[] = [
  'description',
  'title',
  'default',
  'examples',
  '$comment',
  'readOnly',
  'writeOnly',
  'contentMediaType',
  'contentEncoding',
];

/** Keywords of draft-07 that are let through and have no effect: references lead to named types only. */
export const IGNORED_KEYWORDS: readonly string[] = ['$id', '$schema', 'definitions'];

/** Formats that are checked; any other is refused, for it would look checked. */
export const FORMATS: readonly string[] = [
  'date-time',
  'date',
  'time',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
];

/** Every keyword that a schema may hold. */
export const KEYWORDS: readonly string[] = ['$ref', ...Object.keys(CONSTRAINTS), ...ANNOTATIONS];
