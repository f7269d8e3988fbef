// SPDX-License-Identifier: Apache-2.0
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '@carabiner/dialect';

/** The types that a schema names; undefined when it names none. */
export function typesOf(schema: JsonObject): readonly string[] | undefined {
  const { type } = schema;
  if (type === undefined) return undefined;
  const types = (isJsonArray(type) ? type : [type]).map(String);
  // An integer is a number.
  return types.includes('number') ? types.filter((name) => name !== 'integer') : types;
}

/** True when a value is of a type of JSON Schema. */
export function isOfType(value: Json, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return isJsonArray(value);
    case 'object':
      return isJsonObject(value);
    default:
      return typeof value === type;
  }
}

/** True when no check of the schema takes undefined for a value. */
export function refusesUndefined(schema: Json): boolean {
  return (
    isJsonObject(schema) && ['$ref', 'type', 'enum', 'const'].some((keyword) => schema[keyword] !== undefined)
  );
}
